/* Sums in the order in which numpy adds a contiguous row (its pairwise summation), for every bit: up to PAIRWISE_BLOCK
 * values with eight partial sums, more of them in halves, each a multiple of 8. That the error grows with log n only
 * is in N. J. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14 (1993).
 *
 * Relies on: -ffp-contract=off, and a compiler that doesn't reorder sums.
 * Guarantees: of n <= PAIRWISE_BLOCK values, numpy's sum in every bit, whatever the values. */
#ifndef SKYLAYER_PAIRWISE_H
#define SKYLAYER_PAIRWISE_H
#include <stddef.h>
#include <stdint.h>

#define PAIRWISE_BLOCK 128u
#define PARTS 8u

/* Of n values: x[in[i] * apart], or x[i] where `in` is null. */
static inline __attribute__((always_inline)) double block_sum(const double *x, const uint32_t *in, size_t apart,
                                                              uint32_t n) {
#define VALUE(i) x[in ? (size_t)in[i] * apart : (i)]
    if (n < PARTS) {
        double total = -0.0;
        for (uint32_t i = 0; i < n; i++) total += VALUE(i);
        return total;
    }
    double part[PARTS];
    for (uint32_t i = 0; i < PARTS; i++) part[i] = VALUE(i);
    uint32_t i = PARTS;
    for (; i + PARTS <= n; i += PARTS)
        for (uint32_t k = 0; k < PARTS; k++) part[k] += VALUE(i + k);
    double total = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; i++) total += VALUE(i);
    return total;
#undef VALUE
}

/* Where a block that is too long is halved. */
static inline uint32_t left_half(uint32_t n) { return n / 2 - (n / 2) % PARTS; }
#endif
