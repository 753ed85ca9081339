/* Writes answers as the members of a JSON object, every byte as Python's json module writes it.
 *
 * Relies on: a layout from json_writer.py, which isn't checked, and answers of its width.
 * Guarantees: no byte is written beyond `size`; -1 for a class without a label, and for an integer beyond 64 bits. */
#include "skylayer.h"
#include "writer.h"

enum shape { SCALAR, VECTOR, NESTED };
enum kind { NUMBER, INTEGER, LABEL };

/* Made by serving/engines/json_writer.py. Offsets count from the start of the layout, those of texts from theirs. */
struct layout {
    uint32_t fields, width; /* width: doubles in a row of the answers */
    uint32_t sizes_at, ranges_at, labels_at, texts_at; /* the fields follow this */
};
struct field {
    uint32_t before_at, before_length; /* what stands before its first value: `],"probabilities":[` */
    uint32_t first, count, shape, kind;
    uint32_t first_size, sizes; /* of NESTED: how many values each inner array takes */
    uint32_t first_range; /* of LABEL: a range of labels per value */
};
struct label_range { uint32_t first, count; };
struct label { uint32_t at, length; };

static const struct layout *head(const struct writer *w) { return (const void *)w->layout; }

static void put_number(struct writer *w, double value) {
    if (value - value != 0.0) put(w, "null", 4);
    else put_finite(w, value);
}

static void put_label(struct writer *w, const struct field *field, uint32_t k, double value) {
    const struct label_range *range = (const struct label_range *)(const void *)(w->layout + head(w)->ranges_at)
                                      + field->first_range + k;
    if (!(value >= 0.0 && value < (double)range->count)) {
        w->doubtful = 1;
        return;
    }
    const struct label *label = (const struct label *)(const void *)(w->layout + head(w)->labels_at)
                                + range->first + (uint32_t)value;
    put(w, w->layout + head(w)->texts_at + label->at, label->length);
}

static void put_value(struct writer *w, const struct field *field, const double *row, uint32_t k) {
    const double value = row[field->first + k];
    if (field->kind == NUMBER) put_number(w, value);
    else if (field->kind == INTEGER) put_integer(w, value);
    else put_label(w, field, k, value);
}

static void put_array(struct writer *w, const struct field *field, const double *row, uint32_t from, uint32_t to) {
    put(w, "[", 1);
    for (uint32_t k = from; k < to; k++) {
        if (k > from) put(w, ",", 1);
        put_value(w, field, row, k);
    }
    put(w, "]", 1);
}

static void put_row(struct writer *w, const struct field *field, const double *row) {
    if (field->shape == SCALAR) put_value(w, field, row, 0);
    else if (field->shape == VECTOR) put_array(w, field, row, 0, field->count);
    else {
        const uint32_t *sizes = (const uint32_t *)(const void *)(w->layout + head(w)->sizes_at) + field->first_size;
        put(w, "[", 1);
        for (uint32_t i = 0, from = 0; i < field->sizes; from += sizes[i++]) {
            if (i) put(w, ",", 1);
            put_array(w, field, row, from, from + sizes[i]);
        }
        put(w, "]", 1);
    }
}

int64_t skylayer_write_json(const void *layout, const double *answers, uint64_t rows, void *text, uint64_t size) {
    struct writer w = {layout, text, (uint8_t *)text + size, 0, 0};
    const struct field *fields = (const void *)(w.layout + sizeof(struct layout));
    for (uint32_t f = 0; f < head(&w)->fields; f++) {
        put(&w, w.layout + head(&w)->texts_at + fields[f].before_at, fields[f].before_length);
        for (uint64_t r = 0; r < rows && !w.full && !w.doubtful; r++) {
            if (r) put(&w, ",", 1);
            put_row(&w, fields + f, answers + r * head(&w)->width);
        }
    }
    put(&w, "]", 1);
    return w.full || w.doubtful ? -1 : w.at - (uint8_t *)text;
}
