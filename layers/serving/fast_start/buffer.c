/* See buffer.h. */
#include "buffer.h"
#include "decimal.h"
#include "system.h"

#define FIRST_ROOM 65536u
#define LARGE (1u << 20)

#if defined(FAST_START_HOSTED) /* sanitizers see the end of an allocation, not of a page */
#include <stdlib.h>
static uint8_t *resized(uint8_t *old, size_t before, size_t room) {
    (void)before;
    return realloc(old, room);
}
static void give_back(struct buffer *b) { free(b->at); }
#else
enum { READ_AND_WRITE = 3, PRIVATE_AND_ANONYMOUS = 0x22, MAY_MOVE = 1 };
static uint8_t *resized(uint8_t *old, size_t before, size_t room) {
    const long at = old ? system_call(MREMAP, (long)old, (long)before, (long)room, MAY_MOVE, 0, 0)
                        : system_call(MMAP, 0, (long)room, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0);
    return at < 0 && at > -4096 ? NULL : (uint8_t *)at;
}
static void give_back(struct buffer *b) { system_call(MUNMAP, (long)b->at, (long)b->room, 0, 0, 0, 0); }
#endif

void reserve(struct buffer *b, size_t more) {
    if (b->room - b->size >= more) return;
    size_t room = b->room ? b->room : FIRST_ROOM;
    while (room - b->size < more) room *= 2;
    b->at = resized(b->at, b->room, room);
    if (!b->at) {
        say("fast start: there is no memory left\n");
        end(1);
    }
    b->room = room;
}

void append(struct buffer *b, struct span text) {
    reserve(b, text.size);
    for (size_t i = 0; i < text.size; i++) b->at[b->size + i] = text.at[i];
    b->size += text.size;
}

void append_number(struct buffer *b, uint64_t number) {
    reserve(b, LONGEST_NUMBER);
    b->size += write_whole(b->at + b->size, number);
}

void release_large(struct buffer *b) {
    b->size = 0;
    if (b->room <= LARGE) return;
    give_back(b);
    *b = (struct buffer){NULL, 0, 0};
}

int same(struct span a, struct span b) {
    if (a.size != b.size) return 0;
    for (size_t i = 0; i < a.size; i++)
        if (a.at[i] != b.at[i]) return 0;
    return 1;
}

int same_letters(struct span text, struct span lower) {
    if (text.size != lower.size) return 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.at[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower.at[i]) return 0;
    }
    return 1;
}

struct span span_of(const char *text) {
    size_t size = 0;
    while (text[size]) size++;
    return (struct span){(const uint8_t *)text, size};
}
