/* Trees of 8-byte nodes: float32 thresholds, as scikit-learn's own trees decide.
 * WALKERS rows (or as many trees of one row) walk together, so that their loads overlap. They take levels without
 * looking whether they have arrived, since leaves loop onto themselves; now and then those that have are left out. */
#include "table.h"

#define TOP 3 /* levels that are taken by comparing all rows with all of their nodes, several rows in an instruction */
#define TOP_NODES ((1 << TOP) - 1)
#define MORE_LEVELS 3 /* between two looks at who has arrived: a look costs about as much as a level */

static uint32_t bits_of(float f) {
    union { float f; uint32_t u; } both = {f};
    return both.u;
}

/* So many levels down. A leaf's right is 0 and nothing is <= its NaN, so that a walker stays there.
 * x: what each walker decides by, its feature f at x[f * apart]. */
static inline __attribute__((always_inline)) void descend(const struct node *at[WALKERS],
                                                          const float *const x[WALKERS], size_t apart,
                                                          uint32_t bits, int missing, uint32_t levels) {
    const uint32_t mask = (1u << bits) - 1;
    for (; levels; levels--) {
        UNROLLED
        for (int k = 0; k < WALKERS; k++) {
            const struct node *n = at[k];
            const uint32_t right = n->word >> (bits + 1);
            const float value = x[k][(size_t)(n->word & mask) * apart];
            int left = value <= n->threshold;
            if (missing) left |= (value != value) & (int)((n->word >> bits) & 1) & (right != 0);
            at[k] = n + (EVEN_ODDS(left) ? 1u : right);
        }
    }
}

/* The nodes of the uppermost levels, the children of j at 2j + 1 and 2j + 2; below a leaf stands the leaf itself. */
static void top_of(const struct node *root, uint32_t bits, const struct node *top[2 * TOP_NODES + 1]) {
    top[0] = root;
    for (int j = 0; j < TOP_NODES; j++) {
        const uint32_t right = top[j]->word >> (bits + 1);
        top[2 * j + 1] = top[j] + (right != 0);
        top[2 * j + 2] = top[j] + right;
    }
}

/* Which of the nodes below the uppermost levels each of LANES rows comes to; all bits are set where it goes left. */
static inline __attribute__((always_inline)) void enter(const struct node *const top[], const float *block,
                                                        uint32_t bits, int missing, uint32_t below[LANES]) {
    uint32_t left[TOP_NODES][LANES];
    for (int j = 0; j < TOP_NODES; j++) {
        const float *x = block + (size_t)(top[j]->word & ((1u << bits) - 1)) * LANES, threshold = top[j]->threshold;
        const uint32_t nan_left = top[j]->word >> bits & 1;
        for (int r = 0; r < LANES; r++)
            left[j][r] = 0u - ((uint32_t)(x[r] <= threshold) | (missing ? (uint32_t)(x[r] != x[r]) & nan_left : 0));
    }
    for (int r = 0; r < LANES; r++) {
        const uint32_t a = left[0][r], b = (a & left[1][r]) | (~a & left[2][r]);
        const uint32_t c = (a & ((b & left[3][r]) | (~b & left[4][r]))) | (~a & ((b & left[5][r]) | (~b & left[6][r])));
        below[r] = 2 * TOP_NODES + 4 * a + 2 * b + c;
    }
}

/* All rows of a tile down a tree. x: a block of LANES floats for each feature, for each LANES rows. */
static inline __attribute__((always_inline)) void walk(const struct node *nodes, const struct tree *tree,
                                                       const struct tree *next, const float *x, size_t features,
                                                       uint32_t bits, int missing, size_t rows,
                                                       const struct node *at[MOST_ROWS]) {
    const uint32_t depth = tree->depth;
    /* The depth is a hint. In unpruned trees it is twice that of most rows; no table may make us walk on for long. */
    const uint32_t most = depth <= 8 ? depth : (depth < 64 ? depth : 64) / 2, levels = most > TOP ? most - TOP : 0;
    const struct node *top[2 * TOP_NODES + 1];
    uint32_t below[LANES];
    uint16_t under_way[MOST_ROWS + WALKERS];
    size_t count = 0;
    top_of(nodes + tree->root, bits, top);
    for (size_t r = 0; r < rows; r += WALKERS) {
        const float *from[WALKERS], *block = x + r / LANES * LANES * features;
        const struct node *n[WALKERS];
        if (r % LANES == 0) enter(top, block, bits, missing, below);
        /* Meanwhile the next tree comes into the cache, eight nodes for each row. */
        for (size_t k = r; k < r + WALKERS && 8 * k < next->nodes; k++)
            __builtin_prefetch(nodes + next->root + 8 * k);
        for (size_t k = 0; k < WALKERS; k++) n[k] = top[below[r % LANES + k]], from[k] = block + r % LANES + k;
        descend(n, from, LANES, bits, missing, levels);
        for (size_t k = 0; k < WALKERS; k++) {
            at[r + k] = n[k];
            under_way[count] = (uint16_t)(r + k);
            count += n[k]->word != 0;
        }
    }
    while (count) {
        const size_t before = count;
        for (size_t k = 0; k < WALKERS; k++) under_way[before + k] = under_way[0];
        count = 0;
        for (size_t i = 0; i < before; i += WALKERS) {
            const float *from[WALKERS];
            const struct node *n[WALKERS];
            size_t row[WALKERS];
            for (size_t k = 0; k < WALKERS; k++) {
                row[k] = under_way[i + k];
                n[k] = at[row[k]];
                from[k] = x + row[k] / LANES * LANES * features + row[k] % LANES;
            }
            descend(n, from, LANES, bits, missing, MORE_LEVELS);
            for (size_t k = 0; k < WALKERS; k++) {
                at[row[k]] = n[k];
                under_way[count] = (uint16_t)row[k];
                count += (size_t)((i + k < before) & (n[k]->word != 0));
            }
        }
    }
}

static const double *values_of(const struct node *n, const double *values, uint64_t leaves, uint32_t width) {
    const uint32_t leaf = bits_of(n->threshold) & LEAF_INDEX;
    return values + (size_t)(leaf < leaves ? leaf : 0) * width;
}

/* One row: several trees at once; leaves are added in the order of the trees. */
static void one_row(struct tile *t, const struct operation *o, const float *x, size_t r, int missing) {
    const struct node *nodes = (const void *)(t->table + o->arrays[0].at);
    const struct tree *trees = (const void *)(t->table + o->arrays[1].at);
    const double *values = doubles(t, o, 2);
    const uint64_t count = o->arrays[1].count, leaves = o->arrays[2].count / o->width;
    for (uint64_t first = 0; first < count; first += WALKERS) {
        const struct node *at[WALKERS];
        const float *from[WALKERS];
        const uint64_t group = count - first < WALKERS ? count - first : WALKERS;
        for (uint64_t k = 0; k < WALKERS; k++) {
            at[k] = nodes + trees[first + (k < group ? k : 0)].root;
            from[k] = x + r;
        }
        for (uint32_t inside = 1; inside;) {
            if (missing) descend(at, from, t->stride, o->kind, 1, MORE_LEVELS);
            else descend(at, from, t->stride, o->kind, 0, MORE_LEVELS);
            inside = 0;
            for (int k = 0; k < WALKERS; k++) inside |= at[k]->word;
        }
        for (uint64_t k = 0; k < group; k++) {
            const double *from_leaf = values_of(at[k], values, leaves, o->width);
            for (uint32_t j = 0; j < o->width; j++)
                slot(t, o->output + trees[first + k].output + j)[r] += from_leaf[j];
        }
    }
}

static void many_rows(struct tile *t, const struct operation *o, const float *x, uint32_t features, int missing) {
    const struct node *nodes = (const void *)(t->table + o->arrays[0].at), *at[MOST_ROWS];
    const struct tree *trees = (const void *)(t->table + o->arrays[1].at);
    const double *values = doubles(t, o, 2), *leaf[MOST_ROWS];
    const uint64_t leaves = o->arrays[2].count / o->width;
    const size_t rows = (t->rows + WALKERS - 1) / WALKERS * WALKERS;
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        const struct tree *next = trees + k + (k + 1 < o->arrays[1].count);
        if (missing) walk(nodes, trees + k, next, x, features, o->kind, 1, rows, at);
        else walk(nodes, trees + k, next, x, features, o->kind, 0, rows, at);
        for (size_t r = 0; r < t->rows; r++) leaf[r] = values_of(at[r], values, leaves, o->width);
        for (uint32_t j = 0; j < o->width; j++) {
            double *out = slot(t, o->output + trees[k].output + j);
            for (size_t r = 0; r < t->rows; r++) out[r] += leaf[r][j];
        }
    }
}

int run_trees(struct tile *t, const struct operation *o) {
    const uint32_t features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    const size_t block = t->stride < LANES ? t->stride : LANES;
    float *x = (float *)(void *)t->workspace;
    int missing = 0;
    for (uint32_t i = 0; i < features; i++) {
        const double *from = slot(t, inputs_of(t, o)[i]);
        for (size_t first = 0; first < t->stride; first += block) {
            float *to = x + first * features + i * block;
            for (size_t r = 0; r < block; r++) {
                to[r] = (float)from[first + r < t->rows ? first + r : 0];
                missing |= to[r] != to[r];
            }
        }
    }
    start_sums(t, o, features);
    if (t->stride >= LANES) many_rows(t, o, x, features, missing);
    else for (size_t r = 0; r < t->rows; r++) one_row(t, o, x, r, missing);
    return SKYLAYER_OK;
}

/* Every child after its parent and inside its tree (so no cycles), every feature and leaf in range. Without branches:
 * a cold start waits for it. */
static int all_right(const struct node *nodes, uint32_t count, uint32_t bits, uint32_t features, uint32_t leaves) {
    const uint32_t mask = (1u << bits) - 1;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t word = nodes[i].word, right = word >> (bits + 1), threshold = bits_of(nodes[i].threshold);
        const uint32_t bad_leaf = (uint32_t)((threshold & 0x7fffffffu) <= 0x7f800000u) | word
                                  | (uint32_t)((threshold & LEAF_INDEX) >= leaves);
        const uint32_t bad_split = (uint32_t)(right < 2) | (uint32_t)(right >= count - i)
                                   | (uint32_t)((word & mask) >= features);
        bad |= right ? bad_split : bad_leaf;
    }
    return bad == 0;
}

int check_trees(const char *table, const struct operation *o) {
    const uint32_t bits = o->kind, features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    if (bits < 1 || bits > 28 || !o->width || o->arrays[2].count % o->width || !o->arrays[2].count)
        return SKYLAYER_BAD_TABLE;
    if (o->inputs <= (o->flags & 1 ? o->outputs : 0)) return SKYLAYER_BAD_TABLE;
    const struct node *nodes = (const void *)(table + o->arrays[0].at);
    const struct tree *trees = (const void *)(table + o->arrays[1].at);
    const uint64_t leaves = o->arrays[2].count / o->width;
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        const struct tree *tree = trees + k;
        if (!tree->nodes || tree->depth >= tree->nodes) return SKYLAYER_BAD_TABLE;
        if ((uint64_t)tree->root + tree->nodes > o->arrays[0].count) return SKYLAYER_BAD_TABLE;
        if ((uint64_t)tree->output + o->width > o->outputs) return SKYLAYER_BAD_TABLE;
        if (!all_right(nodes + tree->root, tree->nodes, bits, features,
                       leaves > LEAF_INDEX ? LEAF_INDEX + 1 : (uint32_t)leaves)) return SKYLAYER_BAD_TABLE;
    }
    return SKYLAYER_OK;
}
