/* Text that is written into a buffer of the caller's: what the writers of JSON and of CSV share.
 *
 * Guarantees: not a byte beyond the buffer; what doesn't fit sets `full`, and nothing after it counts. */
#ifndef SKYLAYER_WRITER_H
#define SKYLAYER_WRITER_H
#include "decimal.h"
#include <stddef.h>
#include <stdint.h>

struct writer {
    const char *layout;
    uint8_t *at, *end;
    int full, doubtful; /* doubtful: a value isn't what the layout expects */
};

static inline void put(struct writer *w, const void *text, size_t length) {
    const uint8_t *const bytes = text;
    if ((size_t)(w->end - w->at) < length) {
        w->full = 1;
        return;
    }
    for (size_t i = 0; i < length; i++) w->at[i] = bytes[i];
    w->at += length;
}

/* A finite number, as the shortest text that reads back as it. */
static inline void put_finite(struct writer *w, double value) {
    if (w->end - w->at < LONGEST_NUMBER) w->full = 1;
    else w->at += write_double(w->at, value);
}

static inline void put_integer(struct writer *w, double value) {
    const int negative = value <= -1.0;
    const double magnitude = negative ? -value : value;
    if (!(magnitude > -1.0 && magnitude < 9223372036854775808.0)) {
        w->doubtful = 1;
        return;
    }
    if (negative) put(w, "-", 1);
    if (w->end - w->at < LONGEST_NUMBER) w->full = 1;
    else w->at += write_whole(w->at, magnitude < 1.0 ? 0 : (uint64_t)magnitude);
}
#endif
