/* Estimates how long a row takes, before anything runs.
 *
 * Relies on: an operation whose inputs and arrays lie inside the table. Their content may be unchecked, so check.c
 * can call this first. skylayer_cost relies on a checked table, and on the depths that its trees state.
 * Guarantees: no overflow, whatever the counts are. The unit is about a nanosecond on a processor of 2020. The
 * weights were measured, with the slowest values. */
#include "table.h"

#define MOST (1u << 20) /* of a count that is multiplied by itself */
#define SPLIT_32 3      /* a step down a tree */
#define SPLIT_64 6
#define SEARCH 60 /* by halves */

static uint64_t capped(uint64_t n) { return n < MOST ? n : MOST; }

static uint64_t value(const struct operation *o) {
    if (o->code != UNARY) return o->kind == POWER ? 40 : 2;
    if (o->kind < EXP || o->kind == ROUND) return 2;
    return o->kind == ERF || o->kind == NORMAL_CDF ? 1000 : o->kind == PROBIT ? 100 : 40;
}

uint64_t cost_of(const struct operation *o) {
    const uint64_t in = o->inputs, out = o->outputs, all = 4 + in + out;
    const uint64_t n0 = o->arrays[0].count, n1 = o->arrays[1].count, n2 = o->arrays[2].count;
    switch (o->code) {
    case ARITHMETIC: case COMBINE: case UNARY: return all + value(o) * out;
    case MATRIX: return all + in * out;
    case PAIRWISE: return all + 2 * in * out;
    case LOOKUP: case BINS: case PIECEWISE: return all + SEARCH * in;
    case PRODUCTS: return all + 2 * n1;
    case TREES: case TREES_F64: return all + 4 * in + n1 * (8 + capped(o->width));
    case WEIGHTED_MEDIAN: return all + 3 * capped(in) * capped(in);
    case NEIGHBOURS: return all + 2 * n0 + 16 * n1 + 2 * n2;
    case COUPLING: return all + 6 * capped(out) * capped(out) * (capped(out) > 100 ? capped(out) : 100);
    default: return 2 * all;
    }
}

/* Down to the deepest leaf of each tree. */
static uint64_t splits(const char *table, const struct operation *o) {
    if (o->code != TREES && o->code != TREES_F64) return 0;
    const struct tree *tree = (const void *)(table + o->arrays[1].at), *end = tree + o->arrays[1].count;
    uint64_t depths = 0;
    for (; tree < end; tree++) depths += tree->depth;
    return depths * (o->code == TREES ? SPLIT_32 : SPLIT_64);
}

/* What an operation takes that passes over zeros (sparse.c): for each input that isn't zero in a tile of rows, and
 * for finding those. Whether it does depends on its numbers, too, which are as a rule such that it does. */
static uint64_t by_terms(const struct operation *o) {
    switch (o->code) {
    case MATRIX: return 1 + o->outputs;
    case CHECK: return 1;
    case ARITHMETIC: return o->kind == MULTIPLY || o->kind == DIVIDE ? 2 : 0;
    case COMBINE: return o->kind == DIVIDE && o->inputs == (uint64_t)o->outputs + 1 ? 2 : 0;
    case UNARY: return o->kind == SQUARE || o->kind == SQUARE_ROOT || o->kind == ABSOLUTE ? 2 : 0;
    case REDUCE: return o->kind == SUM ? 1 : 0;
    default: return 0;
    }
}

void skylayer_cost(const void *table, struct skylayer_cost *cost) {
    const struct header *h = table;
    const struct operation *operations = (const void *)((const char *)table + h->operations_at);
    /* Of few slots, so many rows are a tile that most inputs have a term in one of them. */
    const int sparse = h->sparse && h->slots > WIDE_SLOTS;
    uint64_t with_terms = 0;
    *cost = (struct skylayer_cost){4 * ((uint64_t)h->dense + h->outputs), 0, 0};
    for (uint32_t k = 0; k < h->operations; k++) {
        const struct operation *o = operations + k;
        const uint64_t whole = cost_of(o) + splits(table, o), term = sparse ? by_terms(o) : 0;
        cost->row += term ? 4 + o->inputs / LANES + o->outputs : whole;
        cost->term += term * LANES;
        with_terms += term ? whole : 0;
    }
    if (cost->term) cost->most_terms = with_terms / cost->term + 1;
}
