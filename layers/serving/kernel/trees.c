/* TREES: the trees of scikit-learn, as nodes of 8 bytes with float32 thresholds. walk.h evaluates them.
 *
 * Relies on: thresholds that the compiler has rounded down to float32. That changes no decision, because inputs are
 * rounded to float32 here, as in scikit-learn.
 * Guarantees: each row, NaN included, reaches the leaf that it reaches in the estimator. Sums are in double, tree by
 * tree. */
#include "table.h"

#define NODE node
#define REAL float
#define MASK uint32_t
#define ALL_RULES MISSING
#define EACH_RULE(X) X(COMPARE) X(MISSING)
#define FEW_ROWS 3

static uint32_t bits_of(float f) {
    union { float f; uint32_t u; } both = {f};
    return both.u;
}

/* Cheaper than right_of: it shifts nothing. Inside of a tree, right is at least 2. */
static inline uint32_t is_split(const struct node *n) { return n->word != 0; }
static inline uint32_t feature_of(const struct node *n, uint32_t bits) { return n->word & ((1u << bits) - 1); }
static inline uint32_t right_of(const struct node *n, uint32_t bits) { return n->word >> (bits + 1); }
static inline uint32_t missing_left(const struct node *n, uint32_t bits) { return n->word >> bits & 1; }
static inline uint32_t leaf_of(const struct node *n) { return bits_of(n->threshold) & LEAF_INDEX; }

/* Nothing is <= a leaf's NaN, and its word is 0. */
static inline int goes_left(const struct node *n, uint32_t bits, float x, enum rules rules, const uint32_t *bitsets) {
    (void)bitsets;
    const uint32_t below = x <= n->threshold;
    return (int)(rules == COMPARE ? below : below | ((uint32_t)(x != x) & missing_left(n, bits)));
}

static inline enum rules rules_of(const struct node *root, const struct tree *tree, size_t rows, enum rules rules,
                                  int missing) {
    (void)root, (void)tree, (void)rows, (void)missing;
    return rules;
}

/* Every child after its parent and inside its tree (so no cycles), every feature and leaf in range. Without branches:
 * a cold start waits for it. */
static int nodes_are_right(const struct node *nodes, uint32_t count, uint32_t features, uint64_t leaves,
                           const struct operation *o) {
    const uint32_t bits = o->kind, numbered = leaves > LEAF_INDEX ? LEAF_INDEX + 1 : (uint32_t)leaves;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t word = nodes[i].word, right = right_of(nodes + i, bits), threshold = bits_of(nodes[i].threshold);
        const uint32_t bad_leaf = (uint32_t)((threshold & 0x7fffffffu) <= 0x7f800000u) | word
                                  | (uint32_t)(leaf_of(nodes + i) >= numbered);
        const uint32_t bad_split = (uint32_t)(right < 2) | (uint32_t)(right >= count - i)
                                   | (uint32_t)(feature_of(nodes + i, bits) >= features);
        bad |= right ? bad_split : bad_leaf;
    }
    return bad == 0;
}

#include "walk.h"

int run_trees(struct tile *t, const struct operation *o) { return run(t, o); }

int check_trees(const char *table, const struct operation *o) {
    return o->kind < 1 || o->kind > MOST_FEATURE_BITS ? SKYLAYER_BAD_TABLE : check(table, o);
}
