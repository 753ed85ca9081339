/* Unsigned integers of 128 bits, which reading and writing decimals needs.
 *
 * Relies on: nothing. The compiler's own 128-bit type is used only if the product of two 64-bit integers is one
 * instruction. On 32-bit machines and in WebAssembly the type is missing, or calls a function (__multi3) that a
 * library without a runtime doesn't have.
 * Guarantees: the same results in every bit with and without that type. */
#ifndef SKYLAYER_WIDE_H
#define SKYLAYER_WIDE_H
#include <stdint.h>

struct wide {
    uint64_t high, low;
};

static inline struct wide wide_product(uint64_t a, uint64_t b) {
#if defined(__SIZEOF_INT128__) && (defined(__x86_64__) || defined(__aarch64__)) && !defined(SKYLAYER_PORTABLE)
    __extension__ typedef unsigned __int128 u128;
    const u128 product = (u128)a * b;
    return (struct wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    const uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    const uint64_t low = a_low * b_low;
    uint64_t middle = a_high * b_low + (low >> 32);
    __asm__("" : "+r"(middle)); /* or else LLVM recognizes the product and makes a call of __multi3 of it again */
    const uint64_t other = a_low * b_high + (uint32_t)middle;
    return (struct wide){a_high * b_high + (middle >> 32) + (other >> 32), other << 32 | (uint32_t)low};
#endif
}

static inline struct wide wide_sum(struct wide a, uint64_t b) {
    const uint64_t low = a.low + b;
    return (struct wide){a.high + (low < b), low};
}

/* a - b modulo 2^128 */
static inline struct wide wide_difference(struct wide a, struct wide b) {
    return (struct wide){a.high - b.high - (a.low < b.low), a.low - b.low};
}

/* a * 2^count, 0 <= count < 64 */
static inline struct wide wide_shift(uint64_t a, int count) {
    return (struct wide){count ? a >> (64 - count) : 0, a << count};
}
#endif
