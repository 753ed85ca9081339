/* Trees of 8-byte nodes: float32 thresholds, as scikit-learn's own trees decide.
 * Sixteen rows (or eight trees of one row) walk together, so that their loads overlap; leaves loop onto
 * themselves until all have come to one. */
#include "table.h"

static uint32_t bits_of(float f) {
    union { float f; uint32_t u; } both = {f};
    return both.u;
}

static uint32_t leaf_of(const struct node *n, uint64_t leaves) {
    uint32_t leaf = bits_of(n->threshold) & LEAF_INDEX;
    return leaf < leaves ? leaf : 0;
}

static inline const struct node *next(const struct node *n, const float *x, size_t stride, uint32_t mask,
                                      uint32_t bits, int missing) {
    uint32_t word = n->word;
    float value = x[(size_t)(word & mask) * stride];
    uint32_t right = word >> (bits + 1);
    int left = value <= n->threshold;
    if (missing) left |= (value != value) & (int)((word >> bits) & 1);
    /* A leaf's right is 0 and nothing is <= its NaN: it stays. */
    return n + step_of(left & (right != 0), right);
}

/* LANES rows down one tree, until all have come to a leaf. */
static inline void walk_rows(const struct node *root, const float *x, size_t stride, uint32_t bits,
                             int missing, const struct node *at[LANES]) {
    const uint32_t mask = (1u << bits) - 1;
    for (int r = 0; r < LANES; r++) at[r] = root;
    for (uint32_t inside = 1; inside && missing;) {
        inside = 0;
        for (int r = 0; r < LANES; r++) {
            inside |= at[r]->word;
            at[r] = next(at[r], x + r, stride, mask, bits, 1);
        }
    }
    for (uint32_t inside = 1; inside && !missing;) {
        inside = 0;
        for (int r = 0; r < LANES; r++) {
            const struct node *n = at[r];
            uint32_t word = n->word;
            uint32_t right = word >> (bits + 1);
            inside |= word;
            at[r] = n + step_of(x[(size_t)(word & mask) * stride + (size_t)r] <= n->threshold, right);
        }
    }
}

static void add_leaf(struct tile *t, const struct operation *o, const struct tree *tree, const double *values,
                     uint32_t leaf, size_t r) {
    const double *from = values + (size_t)leaf * o->width;
    for (uint32_t k = 0; k < o->width; k++) slot(t, o->output + tree->output + k)[r] += from[k];
}

static void start(struct tile *t, const struct operation *o, uint32_t features) {
    const uint32_t *in = inputs_of(t, o);
    for (uint32_t k = 0; k < o->outputs; k++)
        for (size_t r = 0; r < t->rows; r++)
            slot(t, o->output + k)[r] = o->flags & 1 ? slot(t, in[features + k])[r] : 0.0;
}

/* One row: eight trees at once; leaves are added in the order of the trees. */
static void one_row(struct tile *t, const struct operation *o, const float *x, size_t r, int missing) {
    const struct node *nodes = (const void *)(t->table + o->arrays[0].at);
    const struct tree *trees = (const void *)(t->table + o->arrays[1].at);
    const double *values = doubles(t, o, 2);
    const uint32_t bits = o->kind, mask = (1u << bits) - 1;
    const uint64_t count = o->arrays[1].count, leaves = o->arrays[2].count / o->width;
    for (uint64_t first = 0; first < count; first += 8) {
        const struct node *at[8];
        const uint64_t group = count - first < 8 ? count - first : 8;
        for (uint64_t k = 0; k < 8; k++) {
            const struct tree *tree = trees + first + (k < group ? k : 0);
            at[k] = nodes + tree->root;
        }
        for (uint32_t inside = 1; inside;) {
            inside = 0;
            for (int k = 0; k < 8; k++) {
                inside |= at[k]->word;
                at[k] = next(at[k], x + r, t->stride, mask, bits, missing);
            }
        }
        for (uint64_t k = 0; k < group; k++)
            add_leaf(t, o, trees + first + k, values, leaf_of(at[k], leaves), r);
    }
}

int run_trees(struct tile *t, const struct operation *o) {
    const uint32_t features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    const struct node *nodes = (const void *)(t->table + o->arrays[0].at);
    const struct tree *trees = (const void *)(t->table + o->arrays[1].at);
    const double *values = doubles(t, o, 2);
    const uint64_t leaves = o->arrays[2].count / o->width;
    float *x = (float *)(void *)t->workspace;
    int missing = 0;
    for (uint32_t i = 0; i < features; i++) {
        const double *from = slot(t, inputs_of(t, o)[i]);
        float *to = x + (size_t)i * t->stride;
        for (size_t r = 0; r < t->rows; r++) {
            to[r] = (float)from[r];
            missing |= to[r] != to[r];
        }
        for (size_t r = t->rows; r < t->stride; r++) to[r] = to[0];
    }
    start(t, o, features);
    if (t->rows < 4) {
        for (size_t r = 0; r < t->rows; r++) one_row(t, o, x, r, missing);
        return OK;
    }
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        for (size_t first = 0; first < t->rows; first += LANES) {
            const struct node *at[LANES];
            const size_t group = t->rows - first < LANES ? t->rows - first : LANES;
            walk_rows(nodes + trees[k].root, x + first, t->stride, o->kind, missing, at);
            for (size_t r = 0; r < group; r++)
                add_leaf(t, o, trees + k, values, leaf_of(at[r], leaves), first + r);
        }
    }
    return OK;
}

/* Every child after its parent and inside its tree (so no cycles), every feature and leaf in range. */
int check_trees(const char *table, const struct operation *o) {
    const uint32_t bits = o->kind, features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    if (bits < 1 || bits > 28 || !o->width || o->arrays[2].count % o->width || !o->arrays[2].count)
        return BAD_TABLE;
    if ((o->flags & 1) && o->inputs <= o->outputs) return BAD_TABLE;
    const struct node *nodes = (const void *)(table + o->arrays[0].at);
    const struct tree *trees = (const void *)(table + o->arrays[1].at);
    const uint64_t leaves = o->arrays[2].count / o->width;
    const uint32_t mask = (1u << bits) - 1;
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        const struct tree *tree = trees + k;
        if (!tree->nodes || tree->depth >= tree->nodes) return BAD_TABLE;
        if ((uint64_t)tree->root + tree->nodes > o->arrays[0].count) return BAD_TABLE;
        if ((uint64_t)tree->output + o->width > o->outputs) return BAD_TABLE;
        uint32_t bad = 0;
        for (uint32_t i = 0; i < tree->nodes; i++) {
            const struct node *n = nodes + tree->root + i;
            uint32_t right = n->word >> (bits + 1), left_over = tree->nodes - i;
            if (right) bad |= (right < 2) | (right >= left_over) | ((n->word & mask) >= features);
            else bad |= (n->threshold == n->threshold) | (n->word != 0)
                     | ((bits_of(n->threshold) & LEAF_INDEX) >= leaves);
        }
        if (bad) return BAD_TABLE;
    }
    return OK;
}
