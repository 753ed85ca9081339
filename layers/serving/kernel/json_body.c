/* Reads {"instances": [{"column": value, ...}, ...]} into the dense inputs of a table, by the schema. It gives up on
 * a body that is unusual or wrong. The caller's own parser reads that one, and explains errors.
 *
 * Relies on: a schema from json_reader.py, which isn't checked. The body may come from an attacker.
 * Guarantees: no byte is read beyond the body, and no double written beyond rows x inputs. The numbers that it reads
 * are those of Python's json and float(), in every bit. */
#include "skylayer.h"
#include "wide.h"
#include <stddef.h>

enum kind { NUMBER, INTEGER, BOOLEAN, CATEGORY };
#define NONE 0xffffffffu

/* Laid out by serving/engines/json_reader.py; offsets count from the start of the schema. */
struct schema {
    uint32_t columns, width;
    uint32_t columns_at, targets_at, tables_at, entries_at;
};
struct column {
    uint32_t name_at, name_length, kind, nullable;
    uint32_t first_target, targets;
    double least, most; /* of integers */
};
struct target {
    uint32_t input, table; /* NONE: the number itself */
};
struct code_table {
    uint32_t first, count;
    uint32_t has_missing, has_unknown;
    double missing, unknown;
};
struct entry { /* ascending by length, then by bytes */
    uint32_t at, length;
    uint64_t start; /* as of struct text */
    double code;
};

struct reader {
    const char *schema;
    const uint8_t *at, *end;
    double *dense;
    uint64_t rows, row;
};

struct text {
    const uint8_t *at;
    uint64_t length;
    uint64_t start; /* the first eight bytes, the first one highest, zeros behind the last */
    int ascii;
};

static const struct schema *head(const struct reader *r) { return (const void *)r->schema; }
static const struct column *columns_of(const struct reader *r) {
    return (const void *)(r->schema + head(r)->columns_at);
}

static inline void skip_space(struct reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')) r->at++;
}

static inline int take(struct reader *r, char c) {
    skip_space(r);
    if (r->at == r->end || *r->at != (uint8_t)c) return 0;
    r->at++;
    return 1;
}

static int take_word(struct reader *r, const char *word) {
    const uint8_t *p = r->at;
    for (; *word; word++, p++)
        if (p == r->end || *p != (uint8_t)*word) return 0;
    r->at = p;
    return 1;
}

static int compare(const uint8_t *a, uint64_t n, const char *b, uint64_t m) {
    if (n != m) return n < m ? -1 : 1;
    for (uint64_t i = 0; i < n; i++)
        if (a[i] != (uint8_t)b[i]) return a[i] < (uint8_t)b[i] ? -1 : 1;
    return 0;
}

/* A string without escapes. Bytes that aren't ASCII are taken as they are: only a known name equals them. */
static int take_text(struct reader *r, struct text *text) {
    if (!take(r, '"')) return 0;
    const uint8_t *p = r->at, *end = r->end;
    uint64_t start = 0;
    uint32_t all = 0;
    for (; p < end && *p != '"'; p++) {
        if (*p == '\\' || *p < 0x20) return 0;
        all |= *p;
        if (p - r->at < 8) start = start << 8 | *p;
    }
    if (p == end) return 0;
    const uint64_t length = (uint64_t)(p - r->at);
    if (length < 8) start = length ? start << (64 - 8 * length) : 0;
    *text = (struct text){r->at, length, start, all < 0x80};
    r->at = p + 1;
    return 1;
}

/* A string that is known, and known to be without escapes. */
static inline int take_this(struct reader *r, const char *known, uint64_t length) {
    if (!take(r, '"') || (uint64_t)(r->end - r->at) <= length) return 0;
    const uint8_t *p = r->at;
    uint32_t differs = p[length] ^ '"';
    for (uint64_t i = 0; i < length; i++) differs |= p[i] ^ (uint8_t)known[i];
    r->at = p + length + 1;
    return differs == 0;
}

static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                              1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27};

/* mantissa / 10^k, correctly rounded (Clinger 1990, "How to read floating point numbers accurately": guess, then
 * compare exactly in integers): with d = M 2^e the guess, mantissa 2^(-e-k) against M 5^k. 0 where 128 bits or
 * a power of two in the way leave a doubt. */
static int divide_exactly(uint64_t mantissa, int k, double *result) {
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
static int scale(uint64_t mantissa, int exponent, double *result) {
    *result = (double)mantissa;
    if (mantissa == 0 || exponent == 0) return 1; /* the conversion has rounded correctly */
    if (mantissa <= 0x20000000000000u && exponent >= -22 && exponent <= 22) {
        *result = exponent < 0 ? *result / TENS[-exponent] : *result * TENS[exponent];
        return 1;
    }
    return exponent < 0 && exponent >= -27 && divide_exactly(mantissa, -exponent, result);
}

/* A JSON number as Python's float() would give it; `whole` if it has neither fraction nor exponent. */
static int take_number(struct reader *r, double *value, int *whole) {
    const uint8_t *p = r->at, *end = r->end;
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
    r->at = p;
    return 1;
}

/* As the entries are ordered. */
static int order_of(const struct text *text, const struct entry *entry, const char *schema) {
    if (text->length != entry->length) return text->length < entry->length ? -1 : 1;
    if (text->start != entry->start) return text->start < entry->start ? -1 : 1;
    return text->length <= 8 ? 0 : compare(text->at, text->length, schema + entry->at, entry->length);
}

static int code_of(const struct reader *r, const struct code_table *table, const struct text *text, double *code) {
    const struct entry *entries = (const void *)(r->schema + head(r)->entries_at);
    uint32_t low = table->first, high = table->first + table->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = order_of(text, entries + middle, r->schema);
        if (order == 0) {
            *code = entries[middle].code;
            return 1;
        }
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    *code = table->unknown;
    return table->has_unknown && text->ascii;
}

/* One value into each input that is made of its column. */
static int take_value(struct reader *r, const struct column *column) {
    const struct target *targets = (const void *)(r->schema + head(r)->targets_at);
    const struct code_table *tables = (const void *)(r->schema + head(r)->tables_at);
    double number = __builtin_nan("");
    struct text text = {0, 0, 0, 1};
    int whole = 0, missing = 0;
    skip_space(r);
    if (r->at == r->end) return 0;
    if (*r->at == 'n') {
        if (!column->nullable || !take_word(r, "null")) return 0;
        missing = 1;
    } else if (column->kind == CATEGORY) {
        if (!take_text(r, &text)) return 0;
    } else if (column->kind == BOOLEAN) {
        number = *r->at == 't';
        if (!take_word(r, "true") && !take_word(r, "false")) return 0;
    } else {
        if (!take_number(r, &number, &whole)) return 0;
        if (column->kind == INTEGER && (!whole || number < column->least || number > column->most)) return 0;
    }
    int known = column->kind != CATEGORY || missing || text.ascii;
    for (uint32_t k = 0; k < column->targets; k++) {
        const struct target *target = targets + column->first_target + k;
        double value = number;
        if (target->table != NONE) {
            const struct code_table *table = tables + target->table;
            value = table->missing;
            if (missing ? !table->has_missing : !code_of(r, table, &text, &value)) return 0;
            known = 1;
        }
        r->dense[target->input * r->rows + r->row] = value;
    }
    return known;
}

/* The column that the first row's k-th name means, each of them once; `count` if there is none. */
static uint32_t find_column(struct reader *r, const uint32_t *order, uint32_t k) {
    const struct column *columns = columns_of(r);
    const uint32_t count = head(r)->columns;
    struct text name;
    uint32_t index = 0;
    if (!take_text(r, &name)) return count;
    while (index < count && compare(name.at, name.length, r->schema + columns[index].name_at,
                                    columns[index].name_length)) index++;
    for (uint32_t before = 0; before < k; before++)
        if (order[before] == index) return count;
    return index;
}

/* An object whose names come in the order of the first one's. */
static int take_object(struct reader *r, uint32_t *order) {
    const struct column *columns = columns_of(r);
    const uint32_t count = head(r)->columns;
    for (uint32_t k = 0; k < count; k++) {
        if (k && !take(r, ',')) return 0;
        if (r->row == 0) {
            order[k] = find_column(r, order, k);
            if (order[k] == count) return 0;
        } else if (!take_this(r, r->schema + columns[order[k]].name_at, columns[order[k]].name_length)) return 0;
        if (!take(r, ':') || !take_value(r, columns + order[k])) return 0;
    }
    return take(r, '}');
}

static int take_array(struct reader *r) {
    for (uint32_t k = 0; k < head(r)->columns; k++)
        if ((k && !take(r, ',')) || !take_value(r, columns_of(r) + k)) return 0;
    return take(r, ']');
}

int32_t skylayer_read_json(const void *schema, const void *body, uint64_t size, uint64_t rows, double *dense,
                           uint32_t *order) {
    struct reader r = {schema, body, (const uint8_t *)body + size, dense, rows, 0};
    struct text name;
    if (!take(&r, '{') || !take_text(&r, &name)) return SKYLAYER_BAD_INPUT;
    if (compare(name.at, name.length, "instances", 9)) return SKYLAYER_BAD_INPUT;
    if (!take(&r, ':') || !take(&r, '[')) return SKYLAYER_BAD_INPUT;
    skip_space(&r);
    const int objects = r.at < r.end && *r.at == '{';
    for (; r.row < rows; r.row++) {
        if ((r.row && !take(&r, ',')) || !take(&r, objects ? '{' : '[')) return SKYLAYER_BAD_INPUT;
        if (!(objects ? take_object(&r, order) : take_array(&r))) return SKYLAYER_BAD_INPUT;
    }
    if (!take(&r, ']') || !take(&r, '}')) return SKYLAYER_BAD_INPUT;
    skip_space(&r);
    return r.at == r.end ? SKYLAYER_OK : SKYLAYER_BAD_INPUT;
}
