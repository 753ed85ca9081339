/* The traversal of trees, which trees.c and trees_f64.c share. Each includes this file once, for its own nodes.
 *
 * How: WALKERS rows descend a tree side by side; of a single row, WALKERS trees are descended. So the memory access
 * of one overlaps with the comparisons of the others, and no step is a branch: N. Asadi, J. Lin and A. P. de Vries,
 * "Runtime optimizations for tree-based machine learning models", IEEE TKDE 26 (2014). A leaf leads to itself, so
 * walkers take several levels before those at a leaf are removed from the group. In the TOP levels, all rows are
 * compared with all nodes, several rows in an instruction: C. Kim et al., "FAST: fast architecture sensitive tree
 * search on modern CPUs and GPUs", SIGMOD 2010.
 *
 * The including file defines, before:
 *   NODE, REAL, MASK    struct tag of a node; type of its threshold; unsigned integer of the same size
 *   ALL_RULES           the enum rules that decides at every node of this format
 *   EACH_RULE(X)        X(rule) for each enum rules that this format has
 *   FEW_ROWS            up to this many rows descend one by one, several trees at once; measured
 *   is_split, feature_of, right_of, missing_left, leaf_of   the parts of a node; of a leaf, all but the last are 0
 *   goes_left           whether a value goes left at a node, without a branch; never at a leaf
 *   rules_of            what one tree needs, given what its forest needs
 *   nodes_are_right     whether a tree's nodes lead nowhere outside
 *
 * Guarantees, of a table that passed check(): every walk ends inside its tree, whatever `depth` says. The leaves of a
 * row are added in the order of the trees. */
#include "table.h"

#define WALKERS 8 /* as many as x86-64 has registers for */
#define TOP 3
#define TOP_NODES ((1 << TOP) - 1)
#define MORE_LEVELS 3 /* between two looks at who has arrived: a look costs about as much as a level */
#define CACHE_LINE 64 /* bytes */

/* A loop without a loop; and a choice that a branch would predict wrongly half of the time. */
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define EVEN_ODDS(condition) __builtin_unpredictable(condition)
#else
#define UNROLLED _Pragma("GCC unroll 16")
#define EVEN_ODDS(condition) (condition)
#endif
#define INLINE static inline __attribute__((always_inline))

struct forest {
    const struct NODE *nodes;
    const struct tree *trees;
    const double *values; /* leaves x width */
    const uint32_t *bitsets;
    uint64_t count, leaves;
    uint32_t features, width, bits;
};

static uint32_t features_of(const struct operation *o) {
    return o->inputs - (o->flags & START_GIVEN ? o->outputs : 0);
}

static struct forest forest_of(const struct tile *t, const struct operation *o) {
    static const uint32_t none = 0; /* bitsets have at least one word, so that a load needs no branch before it */
    return (struct forest){
        (const void *)(t->table + o->arrays[0].at), (const void *)(t->table + o->arrays[1].at), doubles(t, o, 2),
        o->arrays[3].count ? words(t, o, 3) : &none, o->arrays[1].count, o->arrays[2].count / o->width,
        features_of(o), o->width, o->kind,
    };
}

/* So many levels down. x: what each walker decides by, its feature f at x[f * apart]. */
INLINE void descend(const struct forest f, const struct NODE *at[WALKERS], const REAL *const x[WALKERS], size_t apart,
                    enum rules rules, uint32_t levels) {
    for (; levels; levels--) {
        UNROLLED
        for (int k = 0; k < WALKERS; k++) {
            const struct NODE *n = at[k];
            const uint32_t right = right_of(n, f.bits);
            const REAL value = x[k][(size_t)feature_of(n, f.bits) * apart];
            at[k] = n + (EVEN_ODDS(goes_left(n, f.bits, value, rules, f.bitsets)) ? 1u : right);
        }
    }
}

/* The nodes of the TOP levels, the children of j at 2j + 1 and 2j + 2; below a leaf stands the leaf itself. */
static void top_of(const struct NODE *root, uint32_t bits, const struct NODE *top[2 * TOP_NODES + 1]) {
    top[0] = root;
    for (int j = 0; j < TOP_NODES; j++) {
        const uint32_t right = right_of(top[j], bits);
        top[2 * j + 1] = top[j] + (right != 0);
        top[2 * j + 2] = top[j] + right;
    }
}

/* Which of the nodes below the TOP levels each of LANES rows comes to; all bits are set where it goes left. */
INLINE void enter(const struct NODE *const top[], const REAL *block, uint32_t bits, int missing, MASK below[LANES]) {
    MASK left[TOP_NODES][LANES];
    for (int j = 0; j < TOP_NODES; j++) {
        const REAL *x = block + (size_t)feature_of(top[j], bits) * LANES, threshold = top[j]->threshold;
        const MASK nan_left = (MASK)0 - (MASK)missing_left(top[j], bits);
        for (int r = 0; r < LANES; r++) {
            left[j][r] = (MASK)0 - (MASK)(x[r] <= threshold);
            if (missing) left[j][r] |= ((MASK)0 - (MASK)(x[r] != x[r])) & nan_left;
        }
    }
    for (int r = 0; r < LANES; r++) {
        const MASK a = left[0][r], b = (a & left[1][r]) | (~a & left[2][r]);
        const MASK c = (a & ((b & left[3][r]) | (~b & left[4][r]))) | (~a & ((b & left[5][r]) | (~b & left[6][r])));
        below[r] = 2 * TOP_NODES + 4 * a + 2 * b + c;
    }
}

/* All rows of a tile down a tree, to their leaves. x: a block of LANES values for each feature, for each LANES rows. */
INLINE void walk(const struct forest f, const struct tree *tree, const struct tree *next, const REAL *x,
                 enum rules rules, size_t rows, const struct NODE *at[MOST_ROWS]) {
    const uint32_t depth = tree->depth, taken = rules <= MISSING ? TOP : 0;
    /* The depth is a hint. In unpruned trees it is twice that of most rows; no table may make us walk on for long. */
    const uint32_t most = depth <= 8 ? depth : (depth < 64 ? depth : 64) / 2, levels = most > taken ? most - taken : 0;
    const struct NODE *const root = f.nodes + tree->root, *top[2 * TOP_NODES + 1];
    const size_t line = CACHE_LINE / sizeof *root;
    MASK below[LANES];
    uint16_t under_way[MOST_ROWS + WALKERS];
    size_t count = 0;
    if (taken) top_of(root, f.bits, top);
    for (size_t r = 0; r < rows; r += WALKERS) {
        const REAL *from[WALKERS], *block = x + r / LANES * LANES * f.features;
        const struct NODE *n[WALKERS];
        if (taken && r % LANES == 0) enter(top, block, f.bits, rules == MISSING, below);
        /* Meanwhile the next tree comes into the cache, a line for each row. */
        for (size_t k = r; k < r + WALKERS && line * k < next->nodes; k++)
            __builtin_prefetch(f.nodes + next->root + line * k);
        for (size_t k = 0; k < WALKERS; k++) {
            n[k] = taken ? top[below[r % LANES + k]] : root;
            from[k] = block + r % LANES + k;
        }
        descend(f, n, from, LANES, rules, levels);
        for (size_t k = 0; k < WALKERS; k++) {
            at[r + k] = n[k];
            under_way[count] = (uint16_t)(r + k);
            count += is_split(n[k]);
        }
    }
    while (count) {
        const size_t before = count;
        for (size_t k = 0; k < WALKERS; k++) under_way[before + k] = under_way[0];
        count = 0;
        for (size_t i = 0; i < before; i += WALKERS) {
            const REAL *from[WALKERS];
            const struct NODE *n[WALKERS];
            size_t row[WALKERS];
            for (size_t k = 0; k < WALKERS; k++) {
                row[k] = under_way[i + k];
                n[k] = at[row[k]];
                from[k] = x + row[k] / LANES * LANES * f.features + row[k] % LANES;
            }
            descend(f, n, from, LANES, rules, MORE_LEVELS);
            for (size_t k = 0; k < WALKERS; k++) {
                at[row[k]] = n[k];
                under_way[count] = (uint16_t)row[k];
                count += (size_t)((i + k < before) & is_split(n[k]));
            }
        }
    }
}

static inline const double *values_of(const struct forest *f, const struct NODE *n) {
    const uint32_t leaf = leaf_of(n);
    return f->values + (size_t)(leaf < f->leaves ? leaf : 0) * f->width;
}

static inline int sums_in_float32(const struct operation *o) {
    return ALL_RULES == EVERYTHING && (o->flags & FLOAT32_SUMS);
}

static inline double sum(double a, double b, int in_float32) {
    return in_float32 ? (double)((float)a + (float)b) : a + b;
}

/* What the leaves are added to. */
static void start_sums(struct tile *t, const struct operation *o) {
    const uint32_t *start = inputs_of(t, o) + features_of(o);
    for (uint32_t k = 0; k < o->outputs; k++)
        for (size_t r = 0; r < t->rows; r++)
            slot(t, o->output + k)[r] = o->flags & START_GIVEN ? slot(t, start[k])[r] : 0.0;
}

static void one_row(struct tile *t, const struct operation *o, const REAL *x, size_t apart, size_t r,
                    enum rules rules) {
    const struct forest f = forest_of(t, o);
    for (uint64_t first = 0; first < f.count; first += WALKERS) {
        const struct NODE *at[WALKERS];
        const REAL *from[WALKERS];
        const uint64_t group = f.count - first < WALKERS ? f.count - first : WALKERS;
        for (uint64_t k = 0; k < WALKERS; k++) {
            at[k] = f.nodes + f.trees[first + (k < group ? k : 0)].root;
            from[k] = x + r;
        }
        for (uint32_t inside = 1; inside;) {
            if (rules == COMPARE) descend(f, at, from, apart, COMPARE, MORE_LEVELS);
            else if (rules == MISSING || ALL_RULES == MISSING) descend(f, at, from, apart, MISSING, MORE_LEVELS);
            else descend(f, at, from, apart, ALL_RULES, MORE_LEVELS);
            inside = 0;
            for (int k = 0; k < WALKERS; k++) inside |= is_split(at[k]);
        }
        for (uint64_t k = 0; k < group; k++) {
            const double *leaf = values_of(&f, at[k]);
            for (uint32_t j = 0; j < f.width; j++) {
                double *out = slot(t, o->output + f.trees[first + k].output + j) + r;
                *out = sum(*out, leaf[j], sums_in_float32(o));
            }
        }
    }
}

/* Not inlined: it would have to share the walk's registers, which costs 3%. */
static __attribute__((noinline)) void add_leaves(struct tile *t, const struct operation *o, const struct forest *f,
                                                 const struct tree *tree, const struct NODE *const at[]) {
    const double *leaf[MOST_ROWS];
    for (size_t r = 0; r < t->rows; r++) leaf[r] = values_of(f, at[r]);
    for (uint32_t j = 0; j < f->width; j++) {
        double *out = slot(t, o->output + tree->output + j);
        if (sums_in_float32(o)) for (size_t r = 0; r < t->rows; r++) out[r] = sum(out[r], leaf[r][j], 1);
        else for (size_t r = 0; r < t->rows; r++) out[r] += leaf[r][j];
    }
}

static void many_rows(struct tile *t, const struct operation *o, const REAL *x, enum rules most, int missing) {
    const struct forest f = forest_of(t, o);
    const struct NODE *at[MOST_ROWS];
    const size_t rows = (t->rows + WALKERS - 1) / WALKERS * WALKERS;
    for (uint64_t k = 0; k < f.count; k++) {
        const struct tree *tree = f.trees + k, *next = tree + (k + 1 < f.count);
        switch (rules_of(f.nodes + tree->root, tree, rows, most, missing)) {
#define WALK(rule) \
    case rule: walk(f, tree, next, x, rule, rows, at); break;
            EACH_RULE(WALK)
        default: break;
        }
        add_leaves(t, o, &f, tree, at);
    }
}

static int run(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o), features = features_of(o);
    const size_t block = t->stride < LANES ? t->stride : LANES;
    REAL *x = (REAL *)(void *)t->workspace;
    int missing = 0;
    for (uint32_t i = 0; i < features; i++) {
        const double *from = slot(t, in[i]);
        for (size_t first = 0; first < t->stride; first += block) {
            REAL *to = x + first * features + i * block;
            for (size_t r = 0; r < block; r++) {
                to[r] = (REAL)from[first + r < t->rows ? first + r : 0];
                missing |= to[r] != to[r];
            }
        }
    }
    start_sums(t, o);
    const int special = ALL_RULES == EVERYTHING && (o->flags & SPECIAL_RULES);
    const enum rules rules = special ? EVERYTHING : missing ? MISSING : COMPARE;
    if (t->rows > FEW_ROWS) many_rows(t, o, x, rules, missing);
    else for (size_t r = 0; r < t->rows; r++) one_row(t, o, x, block, r, rules);
    return SKYLAYER_OK;
}

static int check(const char *table, const struct operation *o) {
    if (!o->width || o->arrays[2].count % o->width || !o->arrays[2].count) return SKYLAYER_BAD_TABLE;
    if (o->inputs <= (o->flags & START_GIVEN ? o->outputs : 0)) return SKYLAYER_BAD_TABLE;
    const struct NODE *nodes = (const void *)(table + o->arrays[0].at);
    const struct tree *trees = (const void *)(table + o->arrays[1].at);
    const uint64_t leaves = o->arrays[2].count / o->width;
    uint64_t end = 0; /* of the trees before: a node that several had would be looked at several times */
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        const struct tree *tree = trees + k;
        if (!tree->nodes || tree->depth >= tree->nodes || tree->root < end) return SKYLAYER_BAD_TABLE;
        end = (uint64_t)tree->root + tree->nodes;
        if (end > o->arrays[0].count) return SKYLAYER_BAD_TABLE;
        if ((uint64_t)tree->output + o->width > o->outputs) return SKYLAYER_BAD_TABLE;
        if (!nodes_are_right(nodes + tree->root, tree->nodes, features_of(o), leaves, o)) return SKYLAYER_BAD_TABLE;
    }
    return SKYLAYER_OK;
}
