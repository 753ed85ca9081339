/* Walks over JSON (RFC 8259) in UTF-8 without building anything.
 *
 * Guarantees: what it takes, Python's json takes, too, and reads as the same; what it refuses may be right all the
 * same, and is another's to judge. Not a byte at or behind `end` is read. */
#ifndef FAST_START_JSON_H
#define FAST_START_JSON_H
#include "buffer.h"

struct cursor {
    const uint8_t *at, *end;
};
struct string { /* what stands between the quotes, as it stands there */
    struct span raw;
    int escapes, ascii;
};

int take_byte(struct cursor *, char); /* after any white space */
int comes(struct cursor *, char);     /* the same, without taking it */
int take_string(struct cursor *, struct string *);
int take_word(struct cursor *, const char *word);
int skip_value(struct cursor *);
/* Appends the characters of a string that take_string gave; 0 for half of a surrogate pair, which UTF-8 can't hold. */
int append_decoded(struct buffer *, const struct string *);
/* Appends text, which is ASCII, as what stands between the quotes of a JSON string. */
void append_escaped(struct buffer *, struct span ascii);
#endif
