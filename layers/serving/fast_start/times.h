/* Moments and durations as Python's logging writes them. `text` has room for 64 bytes; what is given lies in it. */
#ifndef FAST_START_TIMES_H
#define FAST_START_TIMES_H
#include "buffer.h"

struct span write_digits(uint8_t *text, uint64_t number);
struct span write_second(uint8_t *text, int64_t since_1970);      /* 2026-01-31T23:59:59Z */
struct span write_milliseconds(uint8_t *text, int64_t nanoseconds); /* round(milliseconds, 3), as a float */
#endif
