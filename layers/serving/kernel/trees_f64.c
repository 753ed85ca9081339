/* TREES_F64: the trees of HistGradientBoosting, LightGBM and XGBoost, as nodes of 16 bytes with double thresholds,
 * missing values and categories at each split. walk.h evaluates them.
 *
 * Relies on: the compiler, which writes each library's rules into the bits of a node: which way a missing value goes,
 * whether NaN counts as 0 or 0 as missing (LightGBM), and which codes go left. For XGBoost, thresholds and inputs are
 * float32 numbers in doubles.
 * Guarantees: each row reaches the leaf that it reaches in the library. Sums are in double, or in float32 with
 * FLOAT32_SUMS. */
#include "table.h"

#define NODE node_f64
#define REAL double
#define MASK uint64_t
#define ALL_RULES EVERYTHING
#define EACH_RULE(X) X(COMPARE) X(MISSING) X(SPECIAL_NUMBERS) X(CATEGORIES) X(EVERYTHING)
#define FEW_ROWS 4
#define ALMOST_ZERO 1.0000000180025095e-35 /* LightGBM's kZeroThreshold, a float32 */

static uint64_t bits_of(double d) {
    union { double d; uint64_t u; } both = {d};
    return both.u;
}

static inline uint32_t is_split(const struct node_f64 *n) { return n->right != 0; }
static inline uint32_t feature_of(const struct node_f64 *n, uint32_t bits) { return (void)bits, n->word & FEATURE; }
static inline uint32_t right_of(const struct node_f64 *n, uint32_t bits) { return (void)bits, n->right; }
static inline uint32_t missing_left(const struct node_f64 *n, uint32_t bits) { return (void)bits, n->word >> 31; }
static inline uint32_t leaf_of(const struct node_f64 *n) { return (uint32_t)bits_of(n->threshold); }

/* Whatever the split is; see enum rules. Nothing is <= a leaf's NaN, and its word is 0.
 * bitsets: at least one word, even if no split is categorical. */
static inline __attribute__((always_inline)) int goes_left(const struct node_f64 *n, uint32_t bits, double x,
                                                           enum rules rules, const uint32_t *bitsets) {
    const uint32_t word = n->word, nan_left = missing_left(n, bits);
    if (rules == COMPARE) return x <= n->threshold;
    const uint32_t nan = x != x;
    if (rules == MISSING) return (int)((uint32_t)(x <= n->threshold) | (nan & nan_left));
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
        left = categorical ? listed | ((known ^ 1) & nan_left) : left;
    }
    return (int)(missing ? nan_left : left);
}

/* What this tree needs: a forest's flag speaks for all of its trees, most of which ask for less. A tree too large for
 * so few rows isn't looked through. */
static enum rules rules_of(const struct node_f64 *root, const struct tree *tree, size_t rows, enum rules rules,
                           int missing) {
    uint32_t word = 0;
    if (rules <= MISSING || tree->nodes > 8 * rows) return rules;
    for (uint32_t i = 0; i < tree->nodes; i++) word |= root[i].word;
    const int special = (word & ZERO_IS_MISSING) || (missing && (word & NAN_IS_ZERO));
    if (word & CATEGORICAL) return special ? EVERYTHING : CATEGORIES;
    return special ? SPECIAL_NUMBERS : missing ? MISSING : COMPARE;
}

static int bad_node(const struct node_f64 *n, uint64_t left_over, uint32_t features, uint64_t leaves,
                    const struct operation *o) {
    const uint64_t bits = bits_of(n->threshold);
    if (n->right == 0) return n->threshold == n->threshold || n->word != 0 || (uint32_t)bits >= leaves;
    if (n->right < 2 || n->right >= left_over || (n->word & FEATURE) >= features) return 1;
    if ((n->word & (CATEGORICAL | NAN_IS_ZERO | ZERO_IS_MISSING)) && !(o->flags & SPECIAL_RULES)) return 1;
    return (n->word & CATEGORICAL) && (uint32_t)bits + 2 * (bits >> 32) > o->arrays[3].count;
}

static int nodes_are_right(const struct node_f64 *nodes, uint32_t count, uint32_t features, uint64_t leaves,
                           const struct operation *o) {
    for (uint32_t i = 0; i < count; i++)
        if (bad_node(nodes + i, count - i, features, leaves, o)) return 0;
    return 1;
}

#include "walk.h"

int run_trees_f64(struct tile *t, const struct operation *o) { return run(t, o); }
int check_trees_f64(const char *table, const struct operation *o) { return check(table, o); }
