/* Refuses each table whose evaluation could read or write outside the table or its scratch.
 *
 * Relies on: `size` readable bytes, and nothing else. The table may come from an attacker.
 * Guarantees, of a table that passes: every offset, count, slot, child, feature, leaf and bitset lies inside. Arrays
 * for binary search ascend. No operation writes what it reads. No two trees of an operation share a node. All arrays
 * together are at most 16 times the table's size, and the work of a row is in proportion to it. So skylayer_run needs
 * no checks. The time of the check is bounded by the size, that of a run by size and rows. */
#include "table.h"
#include "mathematics.h"

static int outside(uint64_t at, uint64_t count, uint64_t item, uint64_t size) {
    return at % 8 || at > size || count > (size - at) / item;
}

/* starts[n + 1] must rise from 0 to `total`; `least` items in each. */
static int bad_starts(const uint32_t *starts, uint64_t n, uint64_t total, uint32_t least) {
    if (starts[0] != 0 || starts[n] != total) return 1;
    for (uint64_t i = 0; i < n; i++)
        if (starts[i + 1] < starts[i] || starts[i + 1] - starts[i] < least) return 1;
    return 0;
}

/* Numbers that a search halves must rise, and be numbers. */
static int unsorted(const double *values, uint64_t n, int strictly) {
    for (uint64_t i = 0; i < n; i++)
        if (is_nan(values[i]) || (i && (strictly ? values[i - 1] >= values[i] : values[i - 1] > values[i]))) return 1;
    return 0;
}

static int unsorted_runs(const double *values, const uint32_t *starts, uint64_t n) {
    for (uint64_t i = 0; i < n; i++)
        if (unsorted(values + starts[i], starts[i + 1] - starts[i], 0)) return 1;
    return 0;
}

/* Bytes of an item of each array, by operation; 0: the operation has no such array. */
static void item_sizes(uint16_t code, uint64_t item[4]) {
    const uint64_t d = sizeof(double), u = sizeof(uint32_t), t = sizeof(struct tree);
    switch (code) {
    case CONSTANT: case ARITHMETIC: case REPLACE: case MATRIX: case PAIRWISE: case LOOKUP: case GATHER:
    case WEIGHTED_MEDIAN:
        item[0] = d, item[1] = d, item[2] = d;
        break;
    case PRODUCTS: item[0] = u, item[1] = u; break;
    case BINS: case PIECEWISE: item[0] = u, item[1] = d, item[2] = d; break;
    case TREES: item[0] = sizeof(struct node), item[1] = t, item[2] = d, item[3] = u; break;
    case TREES_F64: item[0] = sizeof(struct node_f64), item[1] = t, item[2] = d, item[3] = u; break;
    case NEIGHBOURS: item[0] = d, item[1] = d, item[2] = d, item[3] = u; break;
    default: break;
    }
}

static int bad_shape(const char *table, const struct operation *o, uint32_t workspace) {
    const uint64_t in = o->inputs, out = o->outputs;
    const uint64_t n0 = o->arrays[0].count, n1 = o->arrays[1].count, n2 = o->arrays[2].count;
    const uint32_t *w0 = (const void *)(table + o->arrays[0].at);
    const uint32_t *w1 = (const void *)(table + o->arrays[1].at);
    const double *d0 = (const void *)(table + o->arrays[0].at), *d1 = (const void *)(table + o->arrays[1].at);
    switch (o->code) {
    case CHECK: return out != 0;
    case ROUND32: return in != out;
    case CONSTANT: return n0 != out;
    case REPLACE: return in != out || n0 != out || (o->kind && n1 != 1);
    case ARITHMETIC: return in != out || n0 != out || o->kind >= ARITHMETIC_END;
    case COMBINE: return (in != 2 * out && in != out + 1) || o->kind >= ARITHMETIC_END;
    case UNARY: return in != out || o->kind >= UNARY_END;
    case SELECT: return in != 3 * out;
    case REDUCE: return in < 1 || out != 1 || o->kind >= REDUCE_END;
    case WEIGHTED_MEDIAN: return in < 1 || out != 1 || n0 != in;
    case LOOKUP: return in != 1 || out != 1 || n0 != n1 || n2 != 2 || unsorted(d0, n0, 1);
    case GATHER: return in != 1 || out < 1 || n0 % out || (n1 != 0 && n1 != out);
    case ONE_HOT: return in != 1;
    case MATRIX: return n0 != in * out || (n1 != 0 && n1 != out);
    case PAIRWISE: return n0 != in * out || o->kind >= PAIRWISE_END;
    case PRODUCTS:
        if (n0 != out + 1 || bad_starts(w0, out, n1, 0)) return 1;
        for (uint64_t k = 0; k < n1; k++)
            if (w1[k] >= in) return 1;
        return 0;
    case BINS: return in != out || n0 != in + 1 || bad_starts(w0, in, n1, 0) || unsorted_runs(d1, w0, in);
    case PIECEWISE:
        return in != out || n0 != in + 1 || n1 != n2 || bad_starts(w0, in, n1, 1) || unsorted_runs(d1, w0, in);
    case TREES: return (in * LANES + 1) / 2 > workspace || check_trees(table, o) != SKYLAYER_OK;
    case TREES_F64: return in * LANES > workspace || check_trees_f64(table, o) != SKYLAYER_OK;
    case NEIGHBOURS: return check_neighbours(table, o, workspace) != SKYLAYER_OK;
    case COUPLING: return out < 2 || in != out * (out - 1) / 2 || out * (out + 2) > workspace;
    default: return 1;
    }
}

/* What is asked for so far. */
struct asked {
    uint64_t bytes, work;
};

static int32_t check_operation(const char *table, const struct header *h, const struct operation *o,
                               struct asked *asked) {
    uint64_t item[4] = {0, 0, 0, 0};
    if (o->code < CHECK || o->code >= CODE_END) return SKYLAYER_BAD_TABLE;
    if ((uint64_t)o->output + o->outputs > h->slots) return SKYLAYER_BAD_TABLE;
    if (outside(o->inputs_at, o->inputs, sizeof(uint32_t), h->size)) return SKYLAYER_BAD_TABLE;
    item_sizes(o->code, item);
    for (int k = 0; k < 4; k++) {
        if (!item[k] && (o->arrays[k].at || o->arrays[k].count)) return SKYLAYER_BAD_TABLE;
        if (item[k] && outside(o->arrays[k].at, o->arrays[k].count, item[k], h->size)) return SKYLAYER_BAD_TABLE;
    }
    /* Inputs and arrays may be shared, but not so that a small table takes for ever: the loops below included. */
    asked->work += cost_of(o);
    for (int k = 0; k < 4; k++) asked->bytes += o->arrays[k].count * item[k];
    if (asked->work > WORK_OF_BYTE * h->size + WORK_OF_TABLE) return SKYLAYER_TOO_MUCH_WORK;
    if (asked->bytes > 16 * h->size) return SKYLAYER_TOO_MUCH_WORK;
    const uint32_t *in = (const void *)(table + o->inputs_at);
    for (uint32_t i = 0; i < o->inputs; i++)
        if (in[i] >= h->slots || in[i] - (uint64_t)o->output < o->outputs) return SKYLAYER_BAD_TABLE; /* in place */
    return bad_shape(table, o, h->workspace) ? SKYLAYER_BAD_TABLE : SKYLAYER_OK;
}

int32_t skylayer_check(const void *table, uint64_t size) {
    static const char magic[8] = {'S', 'K', 'Y', 'L', 'A', 'Y', 'E', 'R'};
    const struct header *h = table;
    if (!table || (uintptr_t)table % 8 || size < sizeof *h) return SKYLAYER_BAD_TABLE;
    for (int i = 0; i < 8; i++)
        if (h->magic[i] != magic[i]) return SKYLAYER_BAD_TABLE;
    if (h->endian == FOREIGN_MARK) return SKYLAYER_FOREIGN_BYTE_ORDER;
    if (h->endian != ENDIAN_MARK) return SKYLAYER_BAD_TABLE;
    if (h->version > FORMAT_VERSION) return SKYLAYER_NEWER_FORMAT;
    if (h->version == 0 || h->size != size || h->reserved[0] || h->reserved[1]) return SKYLAYER_BAD_TABLE;
    if ((uint64_t)h->dense + h->sparse > h->slots || h->slots > MOST_SLOTS || h->workspace > MOST_SLOTS * LANES)
        return SKYLAYER_BAD_TABLE;
    if (outside(h->operations_at, h->operations, sizeof(struct operation), size)) return SKYLAYER_BAD_TABLE;
    if (outside(h->outputs_at, h->outputs, sizeof(uint32_t), size)) return SKYLAYER_BAD_TABLE;
    if (outside(h->metadata_at, h->metadata_size, 1, size)) return SKYLAYER_BAD_TABLE;
    const struct operation *operations = (const void *)((const char *)table + h->operations_at);
    struct asked asked = {0, 0};
    for (uint32_t k = 0; k < h->operations; k++) {
        const int32_t status = check_operation(table, h, operations + k, &asked);
        if (status != SKYLAYER_OK) return status;
    }
    const uint32_t *outputs = (const void *)((const char *)table + h->outputs_at);
    for (uint32_t k = 0; k < h->outputs; k++)
        if (outputs[k] >= h->slots) return SKYLAYER_BAD_TABLE;
    return SKYLAYER_OK;
}
