/* Numbers as text: decimal.c. */
#ifndef SKYLAYER_DECIMAL_H
#define SKYLAYER_DECIMAL_H
#include <stddef.h>
#include <stdint.h>

#define LONGEST_NUMBER 24 /* -1.2345678901234567e-308 */

/* Both write to `text`, which has room for LONGEST_NUMBER bytes, and return how many they wrote. */
size_t write_whole(uint8_t *text, uint64_t number);
size_t write_double(uint8_t *text, double finite);
#endif
