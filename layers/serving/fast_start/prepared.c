/* See prepared.h. */
#include "prepared.h"
#include "system.h"
#include "table.h"

#define LONGEST_PATH 4096u
#define MOST_SECONDS 3u /* serving/limits.py, MAX_SECONDS */

/* FNV-1a of 64 bits (Fowler, Noll, Vo): tells what was damaged or mixed up, not what somebody forged. */
static uint64_t digest_of(const uint8_t *at, uint64_t size, uint64_t digest) {
    for (uint64_t i = 0; i < size; i++) digest = (digest ^ at[i]) * 0x100000001b3u;
    return digest;
}
static const uint64_t NOTHING = 0xcbf29ce484222325u;

static int is_inside(const struct prepared *form, struct part part) {
    return part.at <= form->size && part.size <= form->size - part.at;
}

static int is_whole(const struct prepared *form, uint64_t size) {
    const uint64_t behind = offsetof(struct prepared, digest) + sizeof form->digest;
    if (size < sizeof *form || form->size != size) return 0;
    if (!same((struct span){(const uint8_t *)form->magic, 8}, SPAN("SKYSTART"))) return 0;
    if (form->version != PREPARED_VERSION || form->endian != ENDIAN_MARK) return 0;
    if (digest_of((const uint8_t *)form + behind, size - behind, NOTHING) != form->digest) return 0;
    int inside = is_inside(form, form->table_file) && is_inside(form, form->schema) && is_inside(form, form->layout)
                 && is_inside(form, form->tail) && form->schema.at % 8 == 0 && form->layout.at % 8 == 0;
    for (int r = 0; r < ROUTES; r++) {
        const struct route *route = form->routes + r;
        inside &= is_inside(form, route->path);
        for (int k = 0; k < SHARINGS; k++) inside &= is_inside(form, route->answers[k]);
        for (int k = 0; k < LINES; k++) inside &= is_inside(form, route->lines[k]);
    }
    return inside;
}

static int is_its_table(const struct prepared *form, const uint8_t *table, uint64_t size) {
    const struct header *h = (const void *)table;
    if (size != form->table_size || skylayer_check(table, size) != SKYLAYER_OK || h->sparse) return 0;
    uint64_t digest = digest_of(table, sizeof *h, NOTHING);
    digest = digest_of(table + h->metadata_at, h->metadata_size, digest);
    return digest == form->table_digest && h->dense == form->width;
}

/* Puts pieces together as a path; 0 if it is too long. */
static int join(char *path, const struct span *pieces, int count) {
    size_t size = 0;
    for (int k = 0; k < count; k++)
        for (size_t i = 0; i < pieces[k].size; i++) {
            if (size == LONGEST_PATH - 1) return 0;
            path[size++] = (char)pieces[k].at[i];
        }
    path[size] = 0;
    return 1;
}

int open_model(struct model *model, struct span layers) {
    char path[LONGEST_PATH];
    const uint8_t *content;
    const struct span beside[] = {layers, SPAN("/fast-start/prepared.bin")};
    if (!join(path, beside, 2)) return 0;
    long size = map_file(path, &content);
    if (size < 0 || !is_whole((const void *)content, (uint64_t)size)) return 0;
    model->form = (const void *)content;
    const struct span named[] = {layers, SPAN("/python/model_artifact/"), text_of(model, model->form->table_file)};
    if (!join(path, named, 3)) return 0;
    size = map_file(path, &model->table);
    if (size < 0 || !is_its_table(model->form, model->table, (uint64_t)size)) return 0;
    struct skylayer_cost cost;
    skylayer_cost(model->table, &cost);
    model->rows_in_time = (uint64_t)MOST_SECONDS * 1000000000u / (cost.row ? cost.row : 1);
    if (model->rows_in_time == 0) model->rows_in_time = 1;
    return 1;
}

int is_handler(const struct model *model, const char *path) {
    const uint8_t *content;
    const long size = map_file(path, &content);
    return size > 0 && (uint64_t)size == model->form->handler_size
           && digest_of(content, (uint64_t)size, NOTHING) == model->form->handler_digest;
}

struct span text_of(const struct model *model, struct part part) {
    return (struct span){(const uint8_t *)model->form + part.at, part.size};
}

void expand(struct buffer *b, struct span template, const struct span *values) {
    for (size_t i = 0; i < template.size;) {
        size_t run = i;
        while (run < template.size && (template.at[run] < MARK_SHOWN_ID || template.at[run] >= MARKS)) run++;
        append(b, (struct span){template.at + i, run - i});
        if (run < template.size) append(b, values[template.at[run++] - MARK_SHOWN_ID]);
        i = run;
    }
}
