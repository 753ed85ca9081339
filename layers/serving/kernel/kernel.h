/* What the shared library offers. Every pointer belongs to the caller; nothing is kept between calls. */
#ifndef SKYLAYER_KERNEL_H
#define SKYLAYER_KERNEL_H
#include <stdint.h>

enum status {
    OK = 0,
    BAD_TABLE = 1,     /* not a table, truncated, or an offset, index, count or link that leads outside */
    NEWER_FORMAT = 2,  /* a table of a later format version */
    BAD_SCRATCH = 3,   /* the caller's scratch is smaller than skylayer_scratch() asks for */
    BAD_INPUT = 4,     /* a sparse entry names a row or slot that doesn't exist */
    ROW_REFUSED = 5,   /* the estimator would raise on this row: see struct failure */
};

/* Where a row was refused: the row, the operation that did, and which of its inputs (0-based, all three). */
struct failure {
    uint64_t row;
    uint32_t operation;
    uint32_t input;
};

/* Checks every offset, index, count and child link. Only a table that passed may be run. */
int32_t skylayer_check(const void *table, uint64_t size);

/* Bytes of 8-byte-aligned scratch that skylayer_run needs for a checked table. */
uint64_t skylayer_scratch(const void *table);

/* Evaluates `rows` rows of a checked table.
 * dense: one block of `rows` doubles per dense input, in order. starts, slots, values: the sparse inputs in
 * compressed rows (rows + 1 starts; slots count from 0 at the first sparse input; a slot named more than once in a
 * row gets the sum); null when there are none.
 * outputs: rows x output count, row by row. */
int32_t skylayer_run(const void *table, const double *dense, const uint64_t *starts, const uint32_t *slots,
                     const double *values, uint64_t rows, double *outputs, void *scratch,
                     uint64_t scratch_size, struct failure *failure);

/* Reads a JSON body of exactly `rows` instances into `dense` (as skylayer_run takes it). schema: made by
 * serving/engines/json_reader.py; order: as many as it has columns. BAD_INPUT: something is wrong or merely
 * unusual, and another parser must decide; dense is then undefined. */
int32_t skylayer_read_json(const void *schema, const void *body, uint64_t size, uint64_t rows, double *dense,
                           uint32_t *order);

/* Writes the answers of `rows` rows, as skylayer_run gives them, as the members of a JSON object without its braces.
 * layout: made by serving/engines/json_writer.py. Returns the bytes written; -1 if `size` is too small for them,
 * or if a value isn't what the layout expects, which the caller's own writer must then deal with. */
int64_t skylayer_write_json(const void *layout, const double *answers, uint64_t rows, void *text, uint64_t size);
#endif
