/* What a checked table has, and what a status means. Relies on skylayer_check having passed. */
#include "table.h"

static const struct header *header_of(const void *table) { return table; }

uint32_t skylayer_dense_inputs(const void *table) { return header_of(table)->dense; }
uint32_t skylayer_sparse_inputs(const void *table) { return header_of(table)->sparse; }
uint32_t skylayer_outputs(const void *table) { return header_of(table)->outputs; }

const char *skylayer_metadata(const void *table, uint64_t *size) {
    *size = header_of(table)->metadata_size;
    return (const char *)table + header_of(table)->metadata_at;
}

const char *skylayer_message(int32_t status) {
    switch (status) {
    case SKYLAYER_OK: return "all is well";
    case SKYLAYER_BAD_TABLE: return "the table is damaged";
    case SKYLAYER_NEWER_FORMAT: return "the table was written by a newer Skylayer; update this one";
    case SKYLAYER_BAD_SCRATCH: return "the scratch is smaller than skylayer_scratch asks for";
    case SKYLAYER_BAD_INPUT: return "an input names a row or slot that doesn't exist";
    case SKYLAYER_ROW_REFUSED: return "the estimator refuses a row";
    case SKYLAYER_FOREIGN_BYTE_ORDER: return "the table's byte order isn't this machine's";
    case SKYLAYER_TOO_MUCH_WORK: return "the table's work is out of proportion to its size";
    default: return "unknown status";
    }
}
