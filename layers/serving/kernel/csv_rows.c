/* Reads rows of CSV (RFC 4180, as Python's csv module in its strict mode) into the dense inputs of a table. It gives up
 * on a row that is unusual or wrong. The caller's own parser reads that one, and explains errors.
 *
 * There are two passes, so that the caller gets the original bytes of each row. The first finds where rows end, without
 * the columns. The second reads the cells of the rows.
 *
 * Relies on: cells.h, for one value. The second pass relies on ends that the first found in the same text, and on
 * columns of the schema. The text may come from an attacker.
 * Guarantees: no byte is read beyond the text, and no double written beyond rows x inputs. The values that it reads are
 * those of serving/csv_body.py and float(), in every bit. */
#include "skylayer.h"
#include "cells.h"

static inline int ends_cell(uint8_t c) { return c == ',' || c == '\n' || c == '\r'; }

/* Behind a quoted text that begins at `p`, past its closing quote; null where there is none. `doubled` if it holds a
 * quote, which is written twice. */
static const uint8_t *past_quotes(const uint8_t *p, const uint8_t *end, int *doubled) {
    for (p++; p < end; p++) {
        if (*p != '"') continue;
        if (p + 1 == end || p[1] != '"') return p + 1;
        *doubled = 1;
        p++;
    }
    return 0;
}

int64_t skylayer_csv_ends(const void *text, uint64_t size, int32_t last, uint64_t most, uint64_t *ends) {
    const uint8_t *const first = text, *const end = first + size, *p = first, *row = first;
    uint64_t count = 0;
    while (count < most && p < end) {
        int doubled = 0;
        if (*p == '"') {
            const uint8_t *const past = past_quotes(p, end, &doubled);
            if (!past || (past == end && !last)) {
                if (!past && last) return count ? (int64_t)count : -1;
                break; /* what follows may close the quotes, or double the last one */
            }
            if (past < end && !ends_cell(*past)) return count ? (int64_t)count : -1;
            p = past;
        } else {
            while (p < end && !ends_cell(*p)) p++;
        }
        if (p == end) break;
        if (*p++ == ',') continue;
        if (p[-1] == '\r') {
            if (p == end && !last) break; /* a line feed may follow */
            p += p < end && *p == '\n';
        }
        ends[count++] = (uint64_t)(p - first);
        row = p;
    }
    if (last && p == end && row < end && count < most) ends[count++] = size;
    return (int64_t)count;
}

/* Whether a text is surely none of those that stand for a missing value, as serving/csv_body.py lists them. */
static int is_there(const uint8_t *p, const uint8_t *end) {
    const uint8_t first = p[0], last = end[-1];
    if (first <= ' ' || first >= 0x7f || last <= ' ' || last >= 0x7f) return 0; /* may be space, which is cut off */
    return first != '#' && first != '-' && first != '1' && first != '<' && first != 'N' && first != 'n';
}

/* The value of a cell that begins at `p` and ends before `end`. 0 if it isn't plainly one of its column. */
static int take_cell(const char *schema, const struct column *column, const uint8_t *p, const uint8_t *end,
                     const struct place *place) {
    struct cell cell = {__builtin_nan(""), {p, (uint64_t)(end - p), 0, 1}, 0};
    int whole = 0;
    if (p == end) {
        if (!column->nullable) return 0;
        cell.missing = 1;
    } else if (column->kind == CATEGORY && !column->targets) {
        return is_there(p, end); /* nothing reads it */
    } else if (column->kind == CATEGORY) {
        const uint64_t length = cell.text.length < 8 ? cell.text.length : 8;
        for (uint64_t i = 0; i < length; i++) cell.text.start |= (uint64_t)p[i] << (56 - 8 * i);
    } else if (column->kind == BOOLEAN) {
        const uint64_t length = (uint64_t)(end - p);
        if (!compare_bytes(p, length, "true", 4) || !compare_bytes(p, length, "True", 4)) cell.number = 1.0;
        else if (!compare_bytes(p, length, "false", 5) || !compare_bytes(p, length, "False", 5)) cell.number = 0.0;
        else return 0;
    } else {
        const int negative = *p == '-';
        if (!take_number(&p, end, &cell.number, &whole) || p != end) return 0;
        if (column->kind == INTEGER && (!whole || cell.number < column->least || cell.number > column->most)) return 0;
        if (column->kind == NUMBER && negative && cell.number == 0.0) cell.number = -0.0;
    }
    return put_cell(schema, column, &cell, place, 0);
}

static int take_row(const char *schema, const uint8_t *p, const uint8_t *end, const uint32_t *columns, uint32_t cells,
                    const struct place *place) {
    const struct column *const all = schema_columns(schema);
    for (uint32_t k = 0; k < cells; k++) {
        const uint8_t *at = p, *past;
        int doubled = 0;
        if (k && (p == end || *p != ',')) return 0;
        at = p += k != 0;
        if (p < end && *p == '"') {
            p = past_quotes(p, end, &doubled);
            at++;
            past = p - 1;
        } else {
            while (p < end && !ends_cell(*p)) p++;
            past = p;
        }
        if (columns[k] == NONE) continue;
        if (doubled || !take_cell(schema, all + columns[k], at, past, place)) return 0;
    }
    return p == end || *p != ',';
}

/* Column by column, the values of the first `rows` of `held` rows side by side. */
static void close_up(double *dense, uint32_t inputs, uint64_t held, uint64_t rows) {
    if (rows == held) return;
    for (uint32_t k = 1; k < inputs; k++)
        for (uint64_t i = 0; i < rows; i++) dense[k * rows + i] = dense[k * held + i];
}

/* The columns that no cell has are missing in every row. 0 if one of them may not be. */
static int put_absent(const char *schema, const uint32_t *columns, uint32_t cells, const struct place *place) {
    const struct column *const all = schema_columns(schema);
    const struct cell missing = {__builtin_nan(""), {0, 0, 0, 1}, 1};
    for (uint32_t column = 0; column < schema_head(schema)->columns; column++) {
        uint32_t k = 0;
        while (k < cells && columns[k] != column) k++;
        if (k == cells && !(all[column].nullable && put_cell(schema, all + column, &missing, place, 0))) return 0;
    }
    return 1;
}

uint64_t skylayer_read_csv(const void *schema, const void *text, const uint64_t *ends, uint64_t rows,
                           const uint32_t *columns, uint32_t cells, double *dense, uint8_t *taken) {
    const struct schema *const head = schema_head(schema);
    struct place place = {dense, rows, 0};
    uint64_t start = 0;
    uint32_t present = 0; /* a header names each column once at most */
    for (uint32_t k = 0; k < cells; k++) present += columns[k] != NONE;
    for (uint64_t i = 0; i < rows; start = ends[i++]) {
        const uint8_t *const at = (const uint8_t *)text + start, *const end = (const uint8_t *)text + ends[i];
        const int good = take_row(schema, at, end, columns, cells, &place)
                         && (present == head->columns || put_absent(schema, columns, cells, &place));
        taken[i] = (uint8_t)good;
        place.row += (uint64_t)good;
    }
    close_up(dense, head->width, rows, place.row);
    return place.row;
}
