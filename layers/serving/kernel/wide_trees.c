/* Trees of 16-byte nodes: double thresholds, missing values and categories at each split, as
 * HistGradientBoosting (and LightGBM) decide. They are walked as trees.c walks its own. */
#include "table.h"

#define TOP 3 /* levels that are taken by comparing all rows with all of their nodes, several rows in an instruction */
#define TOP_NODES ((1 << TOP) - 1)
#define MORE_LEVELS 3 /* between two looks at who has arrived */
#define ALMOST_ZERO 1.0000000180025095e-35 /* LightGBM's */

/* What deciding at a tree's splits takes: all compare; all but the first look for missing values; numbers that are
 * special are zeros (see NAN_IS_ZERO and ZERO_IS_MISSING). The last is right for every tree. */
enum rules { COMPARE, MISSING, SPECIAL_NUMBERS, CATEGORIES, EVERYTHING };

static uint64_t bits_of(double d) {
    union { double d; uint64_t u; } both = {d};
    return both.u;
}

/* Without branches, whatever the split is; see enum rules. Nothing is <= a leaf's NaN, and its word is 0: never left.
 * bitsets: at least one word, even if no split is categorical. */
static inline __attribute__((always_inline)) int goes_left(const struct wide_node *n, double x, enum rules rules,
                                                           const uint32_t *bitsets) {
    const uint32_t word = n->word, missing_left = word >> 31;
    if (rules == COMPARE) return x <= n->threshold;
    const uint32_t nan = x != x;
    if (rules == MISSING) return (int)((uint32_t)(x <= n->threshold) | (nan & missing_left));
    uint32_t missing = nan;
    double value = x;
    if (rules != CATEGORIES) {
        const uint32_t nan_is_zero = nan & ((word & NAN_IS_ZERO) != 0);
        const uint32_t zero = nan_is_zero | (__builtin_fabs(x) <= ALMOST_ZERO);
        missing = (nan ^ nan_is_zero) | (zero & ((word & ZERO_IS_MISSING) != 0));
        value = nan ? 0.0 : x;
    }
    uint32_t left = value <= n->threshold;
    if (rules != SPECIAL_NUMBERS) {
        const uint64_t categorical = (word & CATEGORICAL) != 0, set = bits_of(n->threshold) & (0u - categorical);
        const uint32_t possible = (uint32_t)(value >= 0.0) & (uint32_t)(value < 4294967295.0);
        const uint32_t code = (uint32_t)(possible ? value : 0.0), within = possible & (code / 32 < set >> 32);
        const uint64_t at = within ? (uint32_t)set + (uint64_t)(code / 32) : 0;
        const uint64_t known_at = within ? at + (set >> 32) : 0;
        const uint32_t listed = within & (bitsets[at] >> code % 32), known = within & (bitsets[known_at] >> code % 32);
        left = categorical ? listed | ((known ^ 1) & missing_left) : left;
    }
    return (int)(missing ? missing_left : left);
}

/* So many levels down; leaves loop onto themselves. x: what each walker decides by, its feature f at x[f * apart]. */
static inline __attribute__((always_inline)) void descend(const struct wide_node *at[WALKERS],
                                                          const double *const x[WALKERS], size_t apart,
                                                          enum rules rules, const uint32_t *bitsets,
                                                          uint32_t levels) {
    for (; levels; levels--) {
        UNROLLED
        for (int k = 0; k < WALKERS; k++) {
            const struct wide_node *n = at[k];
            const double value = x[k][(size_t)(n->word & FEATURE) * apart];
            const uint32_t right = n->right;
            at[k] = n + (EVEN_ODDS(goes_left(n, value, rules, bitsets)) ? 1u : right);
        }
    }
}

/* The nodes of the uppermost levels, the children of j at 2j + 1 and 2j + 2; below a leaf stands the leaf itself. */
static void top_of(const struct wide_node *root, const struct wide_node *top[2 * TOP_NODES + 1]) {
    top[0] = root;
    for (int j = 0; j < TOP_NODES; j++) {
        top[2 * j + 1] = top[j] + (top[j]->right != 0);
        top[2 * j + 2] = top[j] + top[j]->right;
    }
}

/* Which of the nodes below the uppermost levels each of LANES rows comes to; all bits are set where it goes left. */
static inline __attribute__((always_inline)) void enter(const struct wide_node *const top[], const double *block,
                                                        int missing, uint64_t below[LANES]) {
    uint64_t left[TOP_NODES][LANES];
    for (int j = 0; j < TOP_NODES; j++) {
        const double *x = block + (size_t)(top[j]->word & FEATURE) * LANES, threshold = top[j]->threshold;
        const uint64_t nan_left = 0u - (uint64_t)(top[j]->word >> 31);
        for (int r = 0; r < LANES; r++) {
            left[j][r] = 0u - (uint64_t)(x[r] <= threshold);
            if (missing) left[j][r] |= (0u - (uint64_t)(x[r] != x[r])) & nan_left;
        }
    }
    for (int r = 0; r < LANES; r++) {
        const uint64_t a = left[0][r], b = (a & left[1][r]) | (~a & left[2][r]);
        const uint64_t c = (a & ((b & left[3][r]) | (~b & left[4][r]))) | (~a & ((b & left[5][r]) | (~b & left[6][r])));
        below[r] = 2 * TOP_NODES + 4 * a + 2 * b + c;
    }
}

/* All rows of a tile down a tree. x: a block of LANES doubles for each feature, for each LANES rows. */
static inline __attribute__((always_inline)) void walk(const struct wide_node *nodes, const struct tree *tree,
                                                       const struct tree *next, const double *x, size_t features,
                                                       enum rules rules, const uint32_t *bitsets, size_t rows,
                                                       const struct wide_node *at[MOST_ROWS]) {
    const uint32_t depth = tree->depth, taken = rules <= MISSING ? TOP : 0;
    /* The depth is a hint; no table may make us walk on for long. */
    const uint32_t most = depth <= 8 ? depth : (depth < 64 ? depth : 64) / 2, levels = most > taken ? most - taken : 0;
    const struct wide_node *top[2 * TOP_NODES + 1];
    uint64_t below[LANES];
    uint16_t under_way[MOST_ROWS + WALKERS];
    size_t count = 0;
    if (taken) top_of(nodes + tree->root, top);
    for (size_t r = 0; r < rows; r += WALKERS) {
        const double *from[WALKERS], *block = x + r / LANES * LANES * features;
        const struct wide_node *n[WALKERS];
        if (taken && r % LANES == 0) enter(top, block, rules == MISSING, below);
        /* Meanwhile the next tree comes into the cache, four nodes for each row. */
        for (size_t k = r; k < r + WALKERS && 4 * k < next->nodes; k++)
            __builtin_prefetch(nodes + next->root + 4 * k);
        for (size_t k = 0; k < WALKERS; k++) {
            n[k] = taken ? top[below[r % LANES + k]] : nodes + tree->root;
            from[k] = block + r % LANES + k;
        }
        descend(n, from, LANES, rules, bitsets, levels);
        for (size_t k = 0; k < WALKERS; k++) {
            at[r + k] = n[k];
            under_way[count] = (uint16_t)(r + k);
            count += n[k]->right != 0;
        }
    }
    while (count) {
        const size_t before = count;
        for (size_t k = 0; k < WALKERS; k++) under_way[before + k] = under_way[0];
        count = 0;
        for (size_t i = 0; i < before; i += WALKERS) {
            const double *from[WALKERS];
            const struct wide_node *n[WALKERS];
            size_t row[WALKERS];
            for (size_t k = 0; k < WALKERS; k++) {
                row[k] = under_way[i + k];
                n[k] = at[row[k]];
                from[k] = x + row[k] / LANES * LANES * features + row[k] % LANES;
            }
            descend(n, from, LANES, rules, bitsets, MORE_LEVELS);
            for (size_t k = 0; k < WALKERS; k++) {
                at[row[k]] = n[k];
                under_way[count] = (uint16_t)row[k];
                count += (size_t)((i + k < before) & (n[k]->right != 0));
            }
        }
    }
}

static const double *values_of(const struct wide_node *n, const double *values, uint64_t leaves, uint32_t width) {
    const uint32_t leaf = (uint32_t)bits_of(n->threshold);
    return values + (size_t)(leaf < leaves ? leaf : 0) * width;
}

/* flag 4: sums in float32, as XGBoost adds */
static inline double sum(double a, double b, int in_float32) {
    return in_float32 ? (double)((float)a + (float)b) : a + b;
}

/* One row: several trees at once; leaves are added in the order of the trees. */
static void one_row(struct tile *t, const struct operation *o, const double *x, size_t apart, size_t r,
                    enum rules rules) {
    const struct wide_node *nodes = (const void *)(t->table + o->arrays[0].at);
    const struct tree *trees = (const void *)(t->table + o->arrays[1].at);
    const double *values = doubles(t, o, 2);
    const uint32_t none = 0, *bitsets = o->arrays[3].count ? words(t, o, 3) : &none;
    const uint64_t count = o->arrays[1].count, leaves = o->arrays[2].count / o->width;
    for (uint64_t first = 0; first < count; first += WALKERS) {
        const struct wide_node *at[WALKERS];
        const double *from[WALKERS];
        const uint64_t group = count - first < WALKERS ? count - first : WALKERS;
        for (uint64_t k = 0; k < WALKERS; k++) {
            at[k] = nodes + trees[first + (k < group ? k : 0)].root;
            from[k] = x + r;
        }
        for (uint32_t inside = 1; inside;) {
            if (rules == COMPARE) descend(at, from, apart, COMPARE, bitsets, MORE_LEVELS);
            else if (rules == MISSING) descend(at, from, apart, MISSING, bitsets, MORE_LEVELS);
            else descend(at, from, apart, EVERYTHING, bitsets, MORE_LEVELS);
            inside = 0;
            for (int k = 0; k < WALKERS; k++) inside |= at[k]->right;
        }
        for (uint64_t k = 0; k < group; k++) {
            const double *leaf = values_of(at[k], values, leaves, o->width);
            for (uint32_t j = 0; j < o->width; j++) {
                double *out = slot(t, o->output + trees[first + k].output + j) + r;
                *out = sum(*out, leaf[j], o->flags & 4);
            }
        }
    }
}

/* What this tree needs: a forest's flag speaks for all of its trees, most of which ask for less. A tree too large for
 * so few rows isn't looked through. */
static enum rules rules_of(const struct wide_node *root, const struct tree *tree, size_t rows, enum rules rules,
                           int missing) {
    uint32_t word = 0;
    if (rules <= MISSING || tree->nodes > 8 * rows) return rules;
    for (uint32_t i = 0; i < tree->nodes; i++) word |= root[i].word;
    const int special = (word & ZERO_IS_MISSING) || (missing && (word & NAN_IS_ZERO));
    if (word & CATEGORICAL) return special ? EVERYTHING : CATEGORIES;
    return special ? SPECIAL_NUMBERS : missing ? MISSING : COMPARE;
}

static void many_rows(struct tile *t, const struct operation *o, const double *x, uint32_t features,
                      enum rules most, int missing) {
    const struct wide_node *nodes = (const void *)(t->table + o->arrays[0].at), *at[MOST_ROWS];
    const struct tree *trees = (const void *)(t->table + o->arrays[1].at);
    const double *values = doubles(t, o, 2), *leaf[MOST_ROWS];
    const uint32_t none = 0, *bitsets = o->arrays[3].count ? words(t, o, 3) : &none;
    const uint64_t leaves = o->arrays[2].count / o->width;
    const size_t rows = (t->rows + WALKERS - 1) / WALKERS * WALKERS;
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        const struct tree *tree = trees + k, *next = tree + (k + 1 < o->arrays[1].count);
        switch (rules_of(nodes + tree->root, tree, rows, most, missing)) {
        case COMPARE: walk(nodes, tree, next, x, features, COMPARE, bitsets, rows, at); break;
        case MISSING: walk(nodes, tree, next, x, features, MISSING, bitsets, rows, at); break;
        case SPECIAL_NUMBERS: walk(nodes, tree, next, x, features, SPECIAL_NUMBERS, bitsets, rows, at); break;
        case CATEGORIES: walk(nodes, tree, next, x, features, CATEGORIES, bitsets, rows, at); break;
        case EVERYTHING: walk(nodes, tree, next, x, features, EVERYTHING, bitsets, rows, at); break;
        }
        for (size_t r = 0; r < t->rows; r++) leaf[r] = values_of(at[r], values, leaves, o->width);
        for (uint32_t j = 0; j < o->width; j++) {
            double *out = slot(t, o->output + tree->output + j);
            if (o->flags & 4) for (size_t r = 0; r < t->rows; r++) out[r] = sum(out[r], leaf[r][j], 1);
            else for (size_t r = 0; r < t->rows; r++) out[r] += leaf[r][j];
        }
    }
}

int run_wide_trees(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o), features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    const size_t block = t->stride < LANES ? t->stride : LANES;
    double *x = t->workspace;
    int missing = 0;
    for (uint32_t i = 0; i < features; i++) {
        const double *from = slot(t, in[i]);
        for (size_t first = 0; first < t->stride; first += block) {
            double *to = x + first * features + i * block;
            for (size_t r = 0; r < block; r++) {
                to[r] = from[first + r < t->rows ? first + r : 0];
                missing |= to[r] != to[r];
            }
        }
    }
    start_sums(t, o, features);
    const enum rules rules = o->flags & 2 ? EVERYTHING : missing ? MISSING : COMPARE;
    if (t->rows > WALKERS / 2) many_rows(t, o, x, features, rules, missing);
    else for (size_t r = 0; r < t->rows; r++) one_row(t, o, x, block, r, rules);
    return SKYLAYER_OK;
}

static int bad_node(const struct wide_node *n, uint64_t left_over, uint32_t features, uint64_t leaves,
                    const struct operation *o) {
    const uint64_t bits = bits_of(n->threshold);
    if (n->right == 0) return n->threshold == n->threshold || n->word != 0 || (uint32_t)bits >= leaves;
    if (n->right < 2 || n->right >= left_over || (n->word & FEATURE) >= features) return 1;
    /* flag 2 says that some split is categorical or has rules of its own; other rules aren't looked for without */
    if ((n->word & (CATEGORICAL | NAN_IS_ZERO | ZERO_IS_MISSING)) && !(o->flags & 2)) return 1;
    return (n->word & CATEGORICAL) && (uint32_t)bits + 2 * (bits >> 32) > o->arrays[3].count;
}

int check_wide_trees(const char *table, const struct operation *o) {
    const uint32_t features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    if (!o->width || o->arrays[2].count % o->width || !o->arrays[2].count) return SKYLAYER_BAD_TABLE;
    if (o->inputs <= (o->flags & 1 ? o->outputs : 0)) return SKYLAYER_BAD_TABLE;
    const struct wide_node *nodes = (const void *)(table + o->arrays[0].at);
    const struct tree *trees = (const void *)(table + o->arrays[1].at);
    const uint64_t leaves = o->arrays[2].count / o->width;
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        const struct tree *tree = trees + k;
        if (!tree->nodes || tree->depth >= tree->nodes) return SKYLAYER_BAD_TABLE;
        if ((uint64_t)tree->root + tree->nodes > o->arrays[0].count) return SKYLAYER_BAD_TABLE;
        if ((uint64_t)tree->output + o->width > o->outputs) return SKYLAYER_BAD_TABLE;
        for (uint32_t i = 0; i < tree->nodes; i++)
            if (bad_node(nodes + tree->root + i, tree->nodes - i, features, leaves, o)) return SKYLAYER_BAD_TABLE;
    }
    return SKYLAYER_OK;
}
