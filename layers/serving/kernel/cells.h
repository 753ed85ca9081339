/* Reads a value of a row, and writes it into each dense input of its column. The readers of JSON and CSV share this.
 *
 * Relies on: a schema from serving/engines/json_reader.py, which isn't checked. The text may come from an attacker.
 * Guarantees: no byte is read beyond the text. A number is that of Python's float(), in every bit. */
#ifndef SKYLAYER_CELLS_H
#define SKYLAYER_CELLS_H
#include "wide.h"
#include <stddef.h>
#include <stdint.h>

enum kind { NUMBER, INTEGER, BOOLEAN, CATEGORY };
#define NONE 0xffffffffu

/* Offsets count from the start of the schema. */
struct schema {
    uint32_t columns, width;
    uint32_t columns_at, targets_at, encodings_at, entries_at;
};
struct column {
    uint32_t name_at, name_length, kind, nullable;
    uint32_t first_target, targets;
    double least, most; /* of integers */
};
struct target {
    uint32_t input, encoding; /* NONE: the number itself */
};
struct encoding {
    uint32_t first, count;
    uint32_t has_missing, has_unknown;
    double missing, unknown;
};
struct entry { /* ascending by length, then by bytes */
    uint32_t at, length;
    uint64_t start; /* as of struct text */
    double code;
};

struct text {
    const uint8_t *at;
    uint64_t length;
    uint64_t start; /* the first eight bytes, the first one highest, zeros behind the last */
    int ascii;
};

/* Where the values go: block `input` of `dense` holds `rows` doubles, one for each row. */
struct place {
    double *dense;
    uint64_t rows, row;
};

/* A value: a number, a text, or neither of both where it is missing. */
struct cell {
    double number;
    struct text text;
    int missing;
};

static inline const struct schema *schema_head(const char *schema) { return (const void *)schema; }
static inline const struct column *schema_columns(const char *schema) {
    return (const void *)(schema + schema_head(schema)->columns_at);
}

static inline int compare_bytes(const uint8_t *a, uint64_t n, const char *b, uint64_t m) {
    if (n != m) return n < m ? -1 : 1;
    for (uint64_t i = 0; i < n; i++)
        if (a[i] != (uint8_t)b[i]) return a[i] < (uint8_t)b[i] ? -1 : 1;
    return 0;
}

static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                              1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27};

/* mantissa / 10^k, correctly rounded (Clinger 1990, "How to read floating point numbers accurately": guess, then
 * compare exactly in integers): with d = M 2^e the guess, mantissa 2^(-e-k) against M 5^k. 0 where 128 bits or
 * a power of two in the way leave a doubt. */
static inline int divide_exactly(uint64_t mantissa, int k, double *result) {
    union { double d; uint64_t u; } guess = {(double)mantissa / TENS[k]};
    uint64_t fives = 1;
    for (int i = 0; i < k; i++) fives *= 5;
    for (int attempt = 0; attempt < 8; attempt++) {
        const uint64_t m = (guess.u & 0xfffffffffffffu) | 0x10000000000000u;
        const int shift = 1075 - (int)(guess.u >> 52) - k;
        if (shift < 0 || shift > 63 || m == 0x10000000000000u || m == 0x1fffffffffffffu) return 0;
        const struct wide exact = wide_shift(mantissa, shift), have = wide_product(m, fives);
        struct wide off = wide_difference(exact, have);
        const int above = !(off.high >> 63); /* both are below 2^123 */
        if (!above) off = wide_difference(have, exact);
        const uint64_t rest = fives - off.low; /* off * 2 is compared with fives, without overflow */
        if (off.high == 0 && off.low <= fives && (off.low < rest || (off.low == rest && m % 2 == 0))) {
            *result = guess.d;
            return 1;
        }
        guess.u += above ? 1 : (uint64_t)-1;
    }
    return 0;
}

static inline int is_digit(const uint8_t *p, const uint8_t *end) { return p < end && *p >= '0' && *p <= '9'; }

/* mantissa * 10^exponent, as Python's float() would give it; 0 if that takes more than a few instructions to tell. */
static inline int scale(uint64_t mantissa, int exponent, double *result) {
    *result = (double)mantissa;
    if (mantissa == 0 || exponent == 0) return 1; /* the conversion has rounded correctly */
    if (mantissa <= 0x20000000000000u && exponent >= -22 && exponent <= 22) {
        *result = exponent < 0 ? *result / TENS[-exponent] : *result * TENS[exponent];
        return 1;
    }
    return exponent < 0 && exponent >= -27 && divide_exactly(mantissa, -exponent, result);
}

/* A number as JSON writes it, from *at on, as Python's float() would give it; `whole` if it has neither fraction nor
 * exponent. A zero that is whole has no sign. Moves *at behind it. */
static inline int take_number(const uint8_t **at, const uint8_t *end, double *value, int *whole) {
    const uint8_t *p = *at;
    const int negative = p < end && *p == '-';
    p += negative;
    if (!is_digit(p, end) || (*p == '0' && is_digit(p + 1, end))) return 0;
    const uint8_t *first = p + (*p == '0'); /* of those that count: zeros in front of them don't */
    uint64_t mantissa = 0;
    int exponent = 0;
    *whole = 1;
    for (; is_digit(p, end); p++) mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    int64_t digits = p - first;
    if (p < end && *p == '.') {
        const uint8_t *point = p++;
        *whole = 0;
        for (; mantissa == 0 && p < end && *p == '0'; p++) {}
        first = p;
        for (; is_digit(p, end); p++) mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        digits += p - first;
        if (p - point < 2 || p - point > 400) return 0;
        exponent = (int)(point + 1 - p);
    }
    if (digits > 18) return 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        const int minus = ++p < end && *p == '-';
        int given = 0;
        *whole = 0;
        if (p < end && (*p == '-' || *p == '+')) p++;
        first = p;
        for (; is_digit(p, end); p++)
            if ((given = given * 10 + (*p - '0')) > 400) return 0;
        if (p == first) return 0;
        exponent += minus ? -given : given;
    }
    if (!scale(mantissa, exponent, value)) return 0;
    if (negative && !(*whole && mantissa == 0)) *value = -*value;
    *at = p;
    return 1;
}

/* As the entries are ordered. */
static inline int order_of(const struct text *text, const struct entry *entry, const char *schema) {
    if (text->length != entry->length) return text->length < entry->length ? -1 : 1;
    if (text->start != entry->start) return text->start < entry->start ? -1 : 1;
    return text->length <= 8 ? 0 : compare_bytes(text->at, text->length, schema + entry->at, entry->length);
}

/* The code of a text, and whether it has an entry; the code of all others if it doesn't. */
static inline int find_code(const char *schema, const struct encoding *encoding, const struct text *text,
                            double *code) {
    const struct entry *entries = (const void *)(schema + schema_head(schema)->entries_at);
    uint32_t low = encoding->first, high = encoding->first + encoding->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = order_of(text, entries + middle, schema);
        if (order == 0) {
            *code = entries[middle].code;
            return 1;
        }
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    *code = encoding->unknown;
    return 0;
}

/* The cell into each input of its column. 0 where an input has no code for it, which includes, unless `unknowns` are
 * taken, every text that isn't listed. A text that isn't ASCII is only taken if it is listed. */
static inline int put_cell(const char *schema, const struct column *column, const struct cell *cell,
                           const struct place *place, int unknowns) {
    const struct target *targets = (const void *)(schema + schema_head(schema)->targets_at);
    const struct encoding *encodings = (const void *)(schema + schema_head(schema)->encodings_at);
    int known = column->kind != CATEGORY || cell->missing || (unknowns && cell->text.ascii);
    for (uint32_t k = 0; k < column->targets; k++) {
        const struct target *target = targets + column->first_target + k;
        double value = cell->number;
        if (target->encoding != NONE) {
            const struct encoding *encoding = encodings + target->encoding;
            if (cell->missing) {
                if (!encoding->has_missing) return 0;
                value = encoding->missing;
            } else if (!find_code(schema, encoding, &cell->text, &value)) {
                if (!unknowns || !encoding->has_unknown || !cell->text.ascii) return 0;
            }
            known = 1;
        }
        place->dense[target->input * place->rows + place->row] = value;
    }
    return known;
}
#endif
