/* Copies rows of CSV, and writes the cells of the answer behind each.
 *
 * Relies on: a layout from skylayer/batch/native_rows.py, which isn't checked, answers of its width, and ends that
 * skylayer_csv_ends found in the same text.
 * Guarantees: no byte is written beyond `size`; -1 for a class without a label, and for an integer beyond 64 bits. */
#include "skylayer.h"
#include "writer.h"

enum kind { NUMBER, INTEGER, LABEL };

/* Offsets count from the start of the layout, those of texts from theirs. */
struct layout {
    uint32_t cells, width; /* width: doubles in a row of the answers */
    uint32_t labels_at, texts_at; /* the cells follow this */
    uint32_t break_length; /* of the line break that a last row may lack */
    uint8_t line_break[4];
};
struct cell {
    uint32_t index, kind; /* index: of its double in a row of the answers */
    uint32_t first, count; /* of LABEL */
};
struct label { uint32_t at, length; };

static const struct layout *head(const struct writer *w) { return (const void *)w->layout; }

static void put_cell(struct writer *w, const struct cell *cell, double value) {
    if (cell->kind == NUMBER) {
        if (value - value == 0.0) put_finite(w, value); /* otherwise there is none: an empty cell */
    } else if (cell->kind == INTEGER) {
        put_integer(w, value);
    } else if (value >= 0.0 && value < (double)cell->count) {
        const struct label *labels = (const void *)(w->layout + head(w)->labels_at);
        const struct label *label = labels + cell->first + (uint32_t)value;
        put(w, w->layout + head(w)->texts_at + label->at, label->length);
    } else {
        w->doubtful = 1;
    }
}

static void put_answered(struct writer *w, const uint8_t *row, uint64_t length, const double *answers) {
    const struct cell *cells = (const void *)(w->layout + sizeof(struct layout));
    uint64_t content = length;
    while (content && (row[content - 1] == '\n' || row[content - 1] == '\r')) content--;
    put(w, row, content);
    for (uint32_t k = 0; k < head(w)->cells; k++) {
        put(w, ",", 1);
        put_cell(w, cells + k, answers[cells[k].index]);
    }
    put(w, ",", 1); /* no error */
    if (content < length) put(w, row + content, length - content);
    else put(w, head(w)->line_break, head(w)->break_length);
}

int64_t skylayer_write_csv(const void *layout, const void *text, const uint64_t *ends, uint64_t rows,
                           const uint8_t *taken, const double *answers, const void *others, const uint64_t *other_ends,
                           void *written, uint64_t size) {
    struct writer w = {layout, written, (uint8_t *)written + size, 0, 0};
    uint64_t start = 0, other = 0;
    for (uint64_t i = 0; i < rows && !w.full && !w.doubtful; start = ends[i++]) {
        if (taken[i]) {
            put_answered(&w, (const uint8_t *)text + start, ends[i] - start, answers);
            answers += head(&w)->width;
        } else {
            const uint64_t from = other ? other_ends[other - 1] : 0;
            put(&w, (const uint8_t *)others + from, other_ends[other] - from);
            other++;
        }
    }
    return w.full || w.doubtful ? -1 : w.at - (uint8_t *)written;
}
