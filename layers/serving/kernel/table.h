/* The table format, docs/table-format.md, as C sees it, and what the kernel's files share.
 *
 * Relies on: a machine whose integers have the table's byte order; every array at a multiple of 8.
 * Guarantees: structures without padding, so that a table can be used without a copy. tests/unit/test_table_format.py
 * compares this file with the compiler and the page. */
#ifndef SKYLAYER_TABLE_H
#define SKYLAYER_TABLE_H
#include "skylayer.h"
#include <stddef.h>

#define LANES 16 /* rows for which header.workspace is counted, and of which strides are multiples */
#define MOST_ROWS 256 /* rows evaluated at once, so that a tree is read once for many of them */
#define MOST_SLOTS (1u << 22)
#define WIDE_SLOTS 4096 /* more slots than this are evaluated LANES rows at a time, to save memory */
#define WORK_OF_BYTE 64 /* nanoseconds of a row that a byte of a table may ask for, and what any table may (cost.c) */
#define WORK_OF_TABLE (1u << 24)
#define NEIGHBOUR_STACK 256u /* doubles; a tree of 2^32 nodes is 32 deep, a sort of n values at most 2 log2(n) */
#define FORMAT_VERSION 1u
#define ENDIAN_MARK 0x01020304u
#define FOREIGN_MARK 0x04030201u /* as ENDIAN_MARK looks on a machine of the other byte order */

struct header {
    char magic[8]; /* "SKYLAYER" */
    uint32_t version, endian;
    uint64_t size;
    uint32_t dense, sparse;        /* inputs: slots 0 .. dense + sparse - 1 */
    uint32_t slots, workspace;     /* slots in all; doubles that the hungriest operation needs besides */
    uint32_t operations, outputs;
    uint64_t operations_at, outputs_at; /* offsets: records; u32 slots */
    uint64_t metadata_at, metadata_size; /* JSON: which column makes which input, outputs, messages */
    uint64_t reserved[2];
};

struct array {
    uint64_t at, count;
};

struct operation {
    uint16_t code, kind;
    uint32_t flags;
    uint32_t inputs, output, outputs, width;
    uint64_t inputs_at;
    struct array arrays[4];
};

enum code {
    CHECK = 1, ROUND32, CONSTANT, REPLACE, ARITHMETIC, COMBINE, UNARY, SELECT, REDUCE, LOOKUP, GATHER,
    ONE_HOT, MATRIX, PAIRWISE, PRODUCTS, BINS, PIECEWISE, TREES, TREES_F64, WEIGHTED_MEDIAN,
    NEIGHBOURS, COUPLING, CODE_END
};

/* 8 bytes. Internal: x <= threshold goes to the next node, else `right` nodes on.
 * Leaf: right == 0, threshold is a quiet NaN whose low 22 bits number the leaf's value vector.
 * word, from the top: right | missing goes left (1 bit) | feature (operation.kind bits). */
struct node {
    float threshold;
    uint32_t word;
};

/* 16 bytes. As above in double; categorical: threshold's bits are the first word of the bitset of codes
 * that go left (low 32) and its length in words (high 32), the bitset of known codes follows it. */
struct node_f64 {
    double threshold;
    uint32_t word, right;
};
#define MISSING_LEFT 0x80000000u
#define CATEGORICAL 0x40000000u
#define NAN_IS_ZERO 0x20000000u
#define ZERO_IS_MISSING 0x10000000u
#define FEATURE 0x0fffffffu
#define LEAF_INDEX 0x003fffffu
#define MOST_FEATURE_BITS 28

/* What deciding at a tree's splits takes: all compare; all but the first look for missing values; numbers that are
 * special are zeros (see NAN_IS_ZERO and ZERO_IS_MISSING). The last is right for every tree. */
enum rules { COMPARE, MISSING, SPECIAL_NUMBERS, CATEGORIES, EVERYTHING };

struct tree {
    uint32_t root, nodes, depth, output;
};

struct tile {
    const char *table;
    double *slots;      /* slot s of row r lies at slots[s * stride + r] */
    double *workspace;
    size_t stride;      /* at least rows; if rows >= 4, a multiple of LANES */
    size_t rows;        /* rows in use, 1 .. MOST_ROWS */
    uint32_t failed_row, failed_input;
    unsigned char *live; /* null without sparse inputs; by slot, 0: it is zero in every row, and none is written */
    uint32_t *picked;    /* which inputs an operation that may pass over zeros reads; null: all of them */
    uint32_t picks;
};

static inline const uint32_t *inputs_of(const struct tile *t, const struct operation *o) {
    return (const uint32_t *)(const void *)(t->table + o->inputs_at);
}
static inline const double *doubles(const struct tile *t, const struct operation *o, int k) {
    return (const double *)(const void *)(t->table + o->arrays[k].at);
}
static inline const uint32_t *words(const struct tile *t, const struct operation *o, int k) {
    return (const uint32_t *)(const void *)(t->table + o->arrays[k].at);
}
static inline double *slot(const struct tile *t, uint32_t s) { return t->slots + (size_t)s * t->stride; }
static inline int refuse(struct tile *t, size_t row, uint32_t input) {
    t->failed_row = (uint32_t)row;
    t->failed_input = input;
    return SKYLAYER_ROW_REFUSED;
}

/* How many of n inputs an operation reads, and the number of each. */
static inline uint32_t picks(const struct tile *t, uint32_t n) { return t->picked ? t->picks : n; }
static inline uint32_t pick(const struct tile *t, uint32_t k) { return t->picked ? t->picked[k] : k; }

/* One function per family of operations; each returns SKYLAYER_OK or SKYLAYER_ROW_REFUSED. */
int run_elementwise(struct tile *, const struct operation *);
int run_encode(struct tile *, const struct operation *);
int run_linear(struct tile *, const struct operation *);
int run_weighted_median(struct tile *, const struct operation *);
int run_trees(struct tile *, const struct operation *);
int run_trees_f64(struct tile *, const struct operation *);
int run_neighbours(struct tile *, const struct operation *);
int run_coupling(struct tile *, const struct operation *);
/* Around each operation where there are sparse inputs; starts: of the tile's first row. */
int load_sparse(struct tile *, const struct header *, const uint64_t *starts, const uint32_t *slots,
                const double *values);
void before_operation(struct tile *, const struct operation *, uint32_t *picked);
void after_operation(struct tile *, const struct operation *);
void write_zeros(struct tile *, const uint32_t *in, uint32_t n);
uint64_t cost_of(const struct operation *);
int check_trees(const char *table, const struct operation *);
int check_trees_f64(const char *table, const struct operation *);
int check_neighbours(const char *table, const struct operation *, uint64_t workspace);

/* operation.flags */
enum check_flag { NAN_ALLOWED = 1, FLOAT32_RANGE = 2, NOT_NEGATIVE = 4 };
enum lookup_flag { REFUSE_OTHERS = 1, REFUSE_NAN = 2 };
enum tree_flag {
    START_GIVEN = 1,   /* the last inputs, one for each output, are what the sums start from */
    SPECIAL_RULES = 2, /* some split is categorical or has rules of its own; without it none is looked for */
    FLOAT32_SUMS = 4,  /* as XGBoost adds */
};
enum neighbour_flag { WITHIN_RADIUS = 1, WEIGHTED = 2, ANY_ORDER = 4 /* for the proof */ };

/* operation.kind of ARITHMETIC and COMBINE */
enum arithmetic {
    ADD, SUBTRACT, MULTIPLY, DIVIDE, REVERSE_SUBTRACT, REVERSE_DIVIDE, MAXIMUM, MINIMUM,
    GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, EQUAL, POWER, ARITHMETIC_END
};
enum unary {
    IS_NAN, NEGATE, ABSOLUTE, SIGN, SQUARE, SQUARE_ROOT, RECIPROCAL, FLOOR, CEIL, TRUNCATE, RECTIFY,
    EXP, LOG, EXPM1, LOG1P, TANH, EXPIT, SIN, COS, ERF, NORMAL_CDF, PROBIT, LOG2, LOG10, EXP2, CBRT, ROUND,
    UNARY_END
};
enum reduce { SUM, PAIRWISE_SUM, REDUCE_MAXIMUM, REDUCE_MINIMUM, ARGMAX, ARGMIN, REDUCE_END };
enum pairwise { DOT, SQUARED_EUCLIDEAN, MANHATTAN, CHEBYSHEV, PAIRWISE_END };
#endif
