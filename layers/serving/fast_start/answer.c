/* See answer.h. */
#include "answer.h"
#include "event.h"
#include "json.h"
#include "skylayer.h"
#include "system.h"
#include "table.h"
#include "times.h"

#define MOST_BODY (5u << 20)   /* serving/limits.py, MAX_BODY_BYTES */
#define MOST_ANSWER (6u << 20) /* MAX_ANSWER_BYTES */
#define MOST_INSTANCES 10000u /* MAX_ROWS */
#define SHORT_TEXT 64

void prepare_answers(struct answerer *a) {
    static struct buffer order, scratch;
    a->scratch_size = skylayer_scratch(a->model.table);
    reserve(&order, sizeof(uint32_t) * a->model.form->columns);
    reserve(&scratch, a->scratch_size + 8);
    a->order = (void *)order.at;
    a->scratch = (void *)(((uintptr_t)scratch.at + 7) / 8 * 8);
    a->cold = 1;
}

static const struct route *route_of(const struct model *model, const struct request *request) {
    for (int r = 0; r < ROUTES; r++) {
        const struct route *route = model->form->routes + r;
        if (same(request->path, text_of(model, route->path)) && (route->predicts != 0) == (request->method == POST))
            return route;
    }
    return NULL;
}

/* A body holds U+FFFD where letters were lost before it came: limits.py looks closer. */
static int holds_replacement(const struct buffer *body) {
    for (size_t i = 2; i < body->size; i++)
        if (body->at[i - 2] == 0xef && body->at[i - 1] == 0xbf && body->at[i] == 0xbd) return 1;
    return 0;
}

/* As JsonReader.read counts them: objects or, without any but the first, arrays. */
static uint64_t rows_of(const struct buffer *body) {
    uint64_t objects = 0, arrays = 0;
    for (size_t i = 0; i < body->size; i++) {
        objects += body->at[i] == '{';
        arrays += body->at[i] == '[';
    }
    return objects != 1 ? objects - 1 : arrays - 1; /* none: more than any body may have */
}

static void empty_with_room(struct buffer *b, uint64_t bytes) {
    b->size = 0;
    reserve(b, bytes);
}

/* The members of the answer to the body, in a->text; its number of rows, 0 where Python must answer. */
static uint64_t predict(struct answerer *a) {
    const struct prepared *form = a->model.form;
    if (a->body.size > MOST_BODY || holds_replacement(&a->body)) return 0;
    const uint64_t rows = rows_of(&a->body);
    if (rows < 1 || rows > MOST_INSTANCES || rows > a->model.rows_in_time) return 0;
    if (rows > a->body.size / form->least_row) return 0;
    empty_with_room(&a->numbers, rows * form->width * sizeof(double));
    empty_with_room(&a->answers, rows * skylayer_outputs(a->model.table) * sizeof(double));
    empty_with_room(&a->text, form->written_once + rows * form->written_by_row + form->tail.size + 2);
    double *numbers = (void *)a->numbers.at, *answers = (void *)a->answers.at;
    const void *schema = text_of(&a->model, form->schema).at, *layout = text_of(&a->model, form->layout).at;
    struct skylayer_failure failure;
    if (skylayer_read_json(schema, a->body.at, a->body.size, rows, numbers, a->order)) return 0;
    if (skylayer_run(a->model.table, numbers, NULL, NULL, NULL, rows, answers, a->scratch, a->scratch_size,
                     &failure)) return 0;
    append(&a->text, SPAN("{"));
    const int64_t length = skylayer_write_json(layout, answers, rows, a->text.at + 1,
                                               form->written_once + rows * form->written_by_row);
    if (length < 0) return 0;
    a->text.size += (size_t)length;
    append(&a->text, text_of(&a->model, form->tail));
    return rows;
}

static enum sharing sharing_of(const struct settings *settings) {
    if (!settings->origin.size) return NO_ORIGIN;
    return same(settings->origin, SPAN("*")) ? ANY_ORIGIN : ONE_ORIGIN;
}

static void give(struct span *values, enum mark mark, struct span value) { values[mark - MARK_SHOWN_ID] = value; }

int answer(struct answerer *a, struct span id, struct span event, struct buffer *payload, struct buffer *line) {
    struct request request;
    struct span values[MARKS - MARK_SHOWN_ID] = {{NULL, 0}};
    uint8_t rows_text[SHORT_TEXT], latency[SHORT_TEXT], second[SHORT_TEXT], millisecond[SHORT_TEXT];
    uint64_t rows = 0;
    a->body.size = a->escaped.size = 0;
    if (!read_event(event, &request, &a->body)) return 0;
    const int64_t started = monotonic_ns();
    const struct route *route = route_of(&a->model, &request);
    if (!route) return 0;
    if (route->predicts) {
        if (!request.accepts_json || (rows = predict(a)) == 0) return 0;
        append_escaped(&a->escaped, (struct span){a->text.at, a->text.size});
    }
    const struct span shown = request.client_id.size ? request.client_id : id;
    give(values, MARK_SHOWN_ID, shown);
    give(values, MARK_ID, id);
    give(values, MARK_ORIGIN, a->settings.origin);
    give(values, MARK_BODY, (struct span){a->escaped.at, a->escaped.size});
    expand(payload, text_of(&a->model, route->answers[sharing_of(&a->settings)]), values);
    if (payload->size > MOST_ANSWER) return 0;
    if (a->settings.logs) {
        const int64_t now = now_ms();
        const int kind = (same(shown, id) ? PLAIN : NAMED) | (a->settings.measures ? MEASURED : PLAIN);
        give(values, MARK_SECOND, write_second(second, now / 1000));
        give(values, MARK_MILLISECOND, write_digits(millisecond, (uint64_t)now));
        give(values, MARK_ROWS, write_digits(rows_text, rows));
        give(values, MARK_LATENCY, write_milliseconds(latency, monotonic_ns() - started));
        give(values, MARK_FUNCTION, a->settings.function);
        give(values, MARK_COLD, a->cold ? SPAN("1") : SPAN("0"));
        expand(line, text_of(&a->model, route->lines[kind]), values);
    }
    a->cold = 0;
    return 1;
}
