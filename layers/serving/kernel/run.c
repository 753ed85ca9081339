/* Evaluates a checked table, a tile of rows at a time. So slots stay in the cache, and a tree is read once for many
 * rows.
 *
 * Relies on: a table that passed skylayer_check, and a scratch of skylayer_scratch bytes.
 * Guarantees: a row's answer doesn't depend on the other rows. If rows of a tile are refused, the failure names the
 * first operation that refuses one. */
#include "table.h"

static int step(struct tile *t, const struct operation *o) {
    switch (o->code) {
    case LOOKUP: case GATHER: case ONE_HOT: case BINS: case PIECEWISE: return run_encode(t, o);
    case MATRIX: case PAIRWISE: return run_linear(t, o);
    case WEIGHTED_MEDIAN: return run_weighted_median(t, o);
    case TREES: return run_trees(t, o);
    case TREES_F64: return run_trees_f64(t, o);
    case NEIGHBOURS: return run_neighbours(t, o);
    case COUPLING: return run_coupling(t, o);
    default: return run_elementwise(t, o);
    }
}

static size_t tile_rows(const struct header *h) { return h->slots > WIDE_SLOTS ? LANES : MOST_ROWS; }

uint64_t skylayer_scratch(const void *table) {
    const struct header *h = table;
    const uint64_t marks = h->sparse ? (uint64_t)h->slots : 0; /* five bytes for each slot, in doubles */
    const uint64_t rows = tile_rows(h), doubles = h->slots * rows + h->workspace * (rows / LANES) + marks;
    return doubles * sizeof(double);
}

int32_t skylayer_run(const void *table, const double *dense, const uint64_t *starts, const uint32_t *slots,
                     const double *values, uint64_t rows, double *outputs, void *scratch,
                     uint64_t scratch_size, struct skylayer_failure *failure) {
    const struct header *h = table;
    if (scratch_size < skylayer_scratch(table)) return SKYLAYER_BAD_SCRATCH;
    if (h->sparse && (!starts || !slots || !values)) return SKYLAYER_BAD_INPUT;
    const size_t most = tile_rows(h), rounded = rows < 4 ? (size_t)rows : (size_t)(rows + LANES - 1) / LANES * LANES;
    const size_t stride = rows < most ? rounded : most;
    double *workspace = (double *)scratch + (size_t)h->slots * most;
    uint32_t *picked = (void *)(workspace + (size_t)h->workspace * (most / LANES));
    struct tile t = {table, scratch, workspace, stride, 0, 0, 0, 0, 0, 0};
    if (h->sparse) t.live = (unsigned char *)(picked + h->slots);
    const struct operation *operations = (const void *)(t.table + h->operations_at);
    const uint32_t *wanted = (const void *)(t.table + h->outputs_at);
    for (uint64_t base = 0; base < rows; base += most) {
        t.rows = rows - base < most ? (size_t)(rows - base) : most;
        for (uint32_t i = 0; i < h->dense; i++)
            for (size_t r = 0; r < t.rows; r++) slot(&t, i)[r] = dense[(uint64_t)i * rows + base + r];
        if (h->sparse && load_sparse(&t, h, starts + base, slots, values) != SKYLAYER_OK) return SKYLAYER_BAD_INPUT;
        for (uint32_t k = 0; k < h->operations; k++) {
            if (t.live) before_operation(&t, operations + k, picked);
            int status = step(&t, operations + k);
            if (t.live) after_operation(&t, operations + k);
            if (status != SKYLAYER_OK) {
                *failure = (struct skylayer_failure){base + t.failed_row, k, t.failed_input};
                return status;
            }
        }
        if (t.live) write_zeros(&t, wanted, h->outputs);
        for (size_t r = 0; r < t.rows; r++)
            for (uint32_t k = 0; k < h->outputs; k++)
                outputs[(base + r) * h->outputs + k] = slot(&t, wanted[k])[r];
    }
    return SKYLAYER_OK;
}
