/* The native engine as a library. It evaluates a table, which is a compiled scikit-learn estimator
 * (docs/table-format.md).
 *
 * This header is the only one that a program needs; examples/predict.c is a complete program. Compile all .c files of
 * this folder with it, as C11 and with -ffp-contract=off, or load the shared library that
 * skylayer/compiler/kernel_build.py builds.
 *
 * Use: read a table into memory, call skylayer_check once, allocate skylayer_scratch bytes, then call skylayer_run as
 * often as you like. All functions but skylayer_check rely on a table that has passed the check.
 *
 * Memory: the caller owns every pointer. The library allocates nothing, keeps nothing between calls, and needs
 * neither libc nor libm on x86-64-v2, AArch64 and wasm32. A table must be aligned to 8 bytes, and must not change
 * after its check. It is only read.
 *
 * Threads: there is no global state. Threads may share a table, a schema and a layout. Each call needs its own
 * scratch, answers and `order`.
 *
 * Numbers: with round-to-nearest and subnormals on, answers are the same in every bit on every architecture. */
#ifndef SKYLAYER_H
#define SKYLAYER_H
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define SKYLAYER_API __attribute__((visibility("default"))) /* the library is built with -fvisibility=hidden */
#else
#define SKYLAYER_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum skylayer_status {
    SKYLAYER_OK = 0,
    SKYLAYER_BAD_TABLE = 1,    /* not a table, truncated, or an offset, index, count or link that leads outside */
    SKYLAYER_NEWER_FORMAT = 2, /* a table of a later format version */
    SKYLAYER_BAD_SCRATCH = 3,  /* the caller's scratch is smaller than skylayer_scratch() asks for */
    SKYLAYER_BAD_INPUT = 4,    /* a sparse entry names a row or slot that doesn't exist; a body that isn't usual JSON */
    SKYLAYER_ROW_REFUSED = 5,  /* the estimator would raise on this row: see struct skylayer_failure */
    SKYLAYER_FOREIGN_BYTE_ORDER = 6, /* the table's byte order isn't this machine's */
    SKYLAYER_TOO_MUCH_WORK = 7, /* a row would take longer than a table of this size may ask for */
};

/* Where a row was refused: the row, the operation that did, and which of its inputs (0-based, all three). */
struct skylayer_failure {
    uint64_t row;
    uint32_t operation;
    uint32_t input;
};

/* What a status means, as an English clause without a full stop. Never null; constant, so nothing to free. */
SKYLAYER_API const char *skylayer_message(int32_t status);

/* Checks every offset, index, count and child link of `size` bytes, and that a row's work is in proportion to them.
 * Takes time in proportion to `size`. */
SKYLAYER_API int32_t skylayer_check(const void *table, uint64_t size);

/* How many inputs and outputs a row has: numbers that `dense` holds, slots that sparse entries may name, and values
 * that skylayer_run writes. */
SKYLAYER_API uint32_t skylayer_dense_inputs(const void *table);
SKYLAYER_API uint32_t skylayer_sparse_inputs(const void *table);
SKYLAYER_API uint32_t skylayer_outputs(const void *table);

/* The metadata, `*size` bytes of UTF-8 JSON inside the table: which column makes which input, which output is what. */
SKYLAYER_API const char *skylayer_metadata(const void *table, uint64_t *size);

/* Bytes of scratch, at a multiple of 8, that skylayer_run needs. */
SKYLAYER_API uint64_t skylayer_scratch(const void *table);

/* About how many nanoseconds rows take at most, on a processor of 2020: each row `row`; with sparse inputs each of its
 * terms `term` besides, up to `most_terms` of a row. */
struct skylayer_cost {
    uint64_t row, term, most_terms;
};
SKYLAYER_API void skylayer_cost(const void *table, struct skylayer_cost *cost);

/* Evaluates `rows` rows.
 * dense: one block of `rows` doubles per dense input, in order. starts, slots, values: the sparse inputs in
 * compressed rows (rows + 1 starts; slots count from 0 at the first sparse input; a slot named more than once in a
 * row gets the sum); null when there are none.
 * outputs: rows x skylayer_outputs() doubles, row by row; undefined unless the status is SKYLAYER_OK.
 * failure: written when a row is refused, otherwise left alone. */
SKYLAYER_API int32_t skylayer_run(const void *table, const double *dense, const uint64_t *starts,
                                  const uint32_t *slots, const double *values, uint64_t rows, double *outputs,
                                  void *scratch, uint64_t scratch_size, struct skylayer_failure *failure);

/* Reads a JSON body of exactly `rows` instances into `dense` (as skylayer_run takes it). schema: made by
 * serving/engines/json_reader.py; order: as many as it has columns. SKYLAYER_BAD_INPUT: something is wrong or merely
 * unusual, and another parser must decide; dense is then undefined. */
SKYLAYER_API int32_t skylayer_read_json(const void *schema, const void *body, uint64_t size, uint64_t rows,
                                        double *dense, uint32_t *order);

/* Finds the rows of CSV text: how many there are, at most `most`, and where each ends, behind its line break, counted
 * from the start. `last`: the text is the end of its document, so that a row needn't have a line break; otherwise a row
 * that may go on isn't counted. Ends before a row in which something follows a closing quote, or quotes are never
 * closed; -1 if that is the first. */
SKYLAYER_API int64_t skylayer_csv_ends(const void *text, uint64_t size, int32_t last, uint64_t most, uint64_t *ends);

/* Reads `rows` rows of CSV text, which end where skylayer_csv_ends said. schema: as of skylayer_read_json. columns:
 * the schema's column of each of a row's `cells` cells, 0xffffffff where it has none. taken: for each row whether it
 * was read; one that wasn't has something wrong or merely unusual in it, and another parser must decide. dense (as
 * skylayer_run takes it) has room for all rows and gets those that were read, side by side; returns their number. */
SKYLAYER_API uint64_t skylayer_read_csv(const void *schema, const void *text, const uint64_t *ends, uint64_t rows,
                                        const uint32_t *columns, uint32_t cells, double *dense, uint8_t *taken);

/* Writes the answers of `rows` rows, as skylayer_run gives them, as the members of a JSON object without its braces.
 * layout: made by serving/engines/json_writer.py. Returns the bytes written; -1 if `size` is too small for them,
 * or if a value isn't what the layout expects, which the caller's own writer must then deal with. */
SKYLAYER_API int64_t skylayer_write_json(const void *layout, const double *answers, uint64_t rows, void *text,
                                         uint64_t size);

/* Writes `rows` rows of CSV text, which end where skylayer_csv_ends said. One that skylayer_read_csv has `taken` is
 * written as it came with the cells of its answer and an empty one behind it; answers: one row of skylayer_run's for
 * each of these. Any other is replaced by the next of `others`, which end where `other_ends` says. layout: made by
 * skylayer/batch/native_rows.py. Returns as skylayer_write_json does. */
SKYLAYER_API int64_t skylayer_write_csv(const void *layout, const void *text, const uint64_t *ends, uint64_t rows,
                                        const uint8_t *taken, const double *answers, const void *others,
                                        const uint64_t *other_ends, void *written, uint64_t size);

#ifdef __cplusplus
}
#endif
#endif
