/* The prepared form: all that answers are made of, as skylayer/packaging/fast_start.py wrote it beside the table.
 *
 * Texts are templates: each byte below 32 that enum mark names stands for a value, every other byte for itself. They
 * were made by the Python handler, so this program knows neither headers nor words.
 *
 * Guarantees: a form that isn't whole, of another version or of another table is refused. */
#ifndef FAST_START_PREPARED_H
#define FAST_START_PREPARED_H
#include "buffer.h"

#define PREPARED_VERSION 1u
#define ROUTES 5

enum mark {
    MARK_SHOWN_ID = 16, MARK_ID, MARK_ORIGIN, MARK_BODY, MARK_SECOND, MARK_MILLISECOND, MARK_ROWS, MARK_LATENCY,
    MARK_FUNCTION, MARK_COLD, MARKS
};
enum sharing { NO_ORIGIN, ANY_ORIGIN, ONE_ORIGIN, SHARINGS };
enum line { PLAIN = 0, NAMED = 1, MEASURED = 2, LINES = 4 }; /* with the client's id, with metrics; and both */

struct part { /* offset in the file, bytes */
    uint32_t at, size;
};
struct route {
    struct part path;
    uint32_t predicts, unused;
    struct part answers[SHARINGS], lines[LINES];
};
struct prepared {
    char magic[8]; /* "SKYSTART" */
    uint32_t version, endian;
    uint64_t size;
    uint64_t digest;                     /* of what follows this member */
    uint64_t table_size, table_digest;   /* of the table's head and metadata */
    uint64_t handler_size, handler_digest; /* of the file that Lambda would call */
    uint64_t least_row;                  /* bytes of a row in a body */
    uint64_t written_once, written_by_row; /* most bytes of an answer */
    struct part table_file, schema, layout, tail; /* tail: what follows the answers in the body */
    uint32_t columns, width;
    struct route routes[ROUTES];
};

struct model {
    const struct prepared *form;
    const uint8_t *table;
    uint64_t rows_in_time; /* as serving/limits.py has it */
};

/* layers: where Lambda unpacks layers; gives 0 if there is nothing that can be answered from. */
int open_model(struct model *, struct span layers);
int is_handler(const struct model *, const char *path); /* whether a file is the handler that the form was made of */
struct span text_of(const struct model *, struct part);
/* Writes a template; values: by mark, from the first on. */
void expand(struct buffer *, struct span template, const struct span *values);
#endif
