/* Bytes that grow. Memory that isn't there ends the program: Lambda starts another, as after any runtime's death. */
#ifndef FAST_START_BUFFER_H
#define FAST_START_BUFFER_H
#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *at;
    size_t size, room;
};
struct span { /* bytes of somebody else's */
    const uint8_t *at;
    size_t size;
};

#define SPAN(literal) ((struct span){(const uint8_t *)(literal), sizeof(literal) - 1})

void reserve(struct buffer *, size_t more); /* room for so many bytes behind the last */
void append(struct buffer *, struct span);
void append_number(struct buffer *, uint64_t);
void release_large(struct buffer *); /* gives memory back after a request of megabytes */
int same(struct span, struct span);
int same_letters(struct span text, struct span lower); /* whatever the case of ASCII letters in text */
struct span span_of(const char *text);
#endif
