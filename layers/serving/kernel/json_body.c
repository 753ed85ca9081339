/* Reads {"instances": [{"column": value, ...}, ...]} into the dense inputs of a table, by the schema. It gives up on
 * a body that is unusual or wrong. The caller's own parser reads that one, and explains errors.
 *
 * Relies on: cells.h, which reads one value. The body may come from an attacker.
 * Guarantees: no byte is read beyond the body, and no double written beyond rows x inputs. The numbers that it reads
 * are those of Python's json and float(), in every bit. */
#include "skylayer.h"
#include "cells.h"

struct reader {
    const char *schema;
    const uint8_t *at, *end;
    struct place place;
};

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

/* One value into each input that is made of its column. */
static int take_value(struct reader *r, const struct column *column) {
    struct cell cell = {__builtin_nan(""), {0, 0, 0, 1}, 0};
    int whole = 0;
    skip_space(r);
    if (r->at == r->end) return 0;
    if (*r->at == 'n') {
        if (!column->nullable || !take_word(r, "null")) return 0;
        cell.missing = 1;
    } else if (column->kind == CATEGORY) {
        if (!take_text(r, &cell.text)) return 0;
    } else if (column->kind == BOOLEAN) {
        cell.number = *r->at == 't';
        if (!take_word(r, "true") && !take_word(r, "false")) return 0;
    } else {
        if (!take_number(&r->at, r->end, &cell.number, &whole)) return 0;
        if (column->kind == INTEGER && (!whole || cell.number < column->least || cell.number > column->most)) return 0;
    }
    return put_cell(r->schema, column, &cell, &r->place, 1);
}

/* The column that the first row's k-th name means, each of them once; `count` if there is none. */
static uint32_t find_column(struct reader *r, const uint32_t *order, uint32_t k) {
    const struct column *columns = schema_columns(r->schema);
    const uint32_t count = schema_head(r->schema)->columns;
    struct text name;
    uint32_t index = 0;
    if (!take_text(r, &name)) return count;
    while (index < count && compare_bytes(name.at, name.length, r->schema + columns[index].name_at,
                                    columns[index].name_length)) index++;
    for (uint32_t before = 0; before < k; before++)
        if (order[before] == index) return count;
    return index;
}

/* An object whose names come in the order of the first one's. */
static int take_object(struct reader *r, uint32_t *order) {
    const struct column *columns = schema_columns(r->schema);
    const uint32_t count = schema_head(r->schema)->columns;
    for (uint32_t k = 0; k < count; k++) {
        if (k && !take(r, ',')) return 0;
        if (r->place.row == 0) {
            order[k] = find_column(r, order, k);
            if (order[k] == count) return 0;
        } else if (!take_this(r, r->schema + columns[order[k]].name_at, columns[order[k]].name_length)) return 0;
        if (!take(r, ':') || !take_value(r, columns + order[k])) return 0;
    }
    return take(r, '}');
}

static int take_array(struct reader *r) {
    for (uint32_t k = 0; k < schema_head(r->schema)->columns; k++)
        if ((k && !take(r, ',')) || !take_value(r, schema_columns(r->schema) + k)) return 0;
    return take(r, ']');
}

int32_t skylayer_read_json(const void *schema, const void *body, uint64_t size, uint64_t rows, double *dense,
                           uint32_t *order) {
    struct reader r = {schema, body, (const uint8_t *)body + size, {dense, rows, 0}};
    struct text name;
    if (!take(&r, '{') || !take_text(&r, &name)) return SKYLAYER_BAD_INPUT;
    if (compare_bytes(name.at, name.length, "instances", 9)) return SKYLAYER_BAD_INPUT;
    if (!take(&r, ':') || !take(&r, '[')) return SKYLAYER_BAD_INPUT;
    skip_space(&r);
    const int objects = r.at < r.end && *r.at == '{';
    for (; r.place.row < rows; r.place.row++) {
        if ((r.place.row && !take(&r, ',')) || !take(&r, objects ? '{' : '[')) return SKYLAYER_BAD_INPUT;
        if (!(objects ? take_object(&r, order) : take_array(&r))) return SKYLAYER_BAD_INPUT;
    }
    if (!take(&r, ']') || !take(&r, '}')) return SKYLAYER_BAD_INPUT;
    skip_space(&r);
    return r.at == r.end ? SKYLAYER_OK : SKYLAYER_BAD_INPUT;
}
