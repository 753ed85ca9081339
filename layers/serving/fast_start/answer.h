/* From an event to Lambda's answer and its log line, or to the decision that Python answers.
 *
 * Guarantees: what is answered here is what serving/gateway.py gives for the event, in every byte; of the log line the
 * same but for clocks. Relies on settings whose texts are printable ASCII. */
#ifndef FAST_START_ANSWER_H
#define FAST_START_ANSWER_H
#include "prepared.h"

struct settings {
    struct span origin;   /* that may call; empty for none */
    struct span function; /* its name in metrics */
    int logs, measures;   /* whether a line is written, and with metrics */
};

struct answerer {
    struct model model;
    struct settings settings;
    int cold;       /* nothing has been answered yet, here or in Python */
    uint32_t *order; /* what read_json remembers of the order of columns */
    void *scratch;
    uint64_t scratch_size;
    struct buffer body, numbers, answers, text, escaped;
};

void prepare_answers(struct answerer *);
/* id: of the invocation. payload and line: empty before; 0: both mean nothing, and Python must answer. */
int answer(struct answerer *, struct span id, struct span event, struct buffer *payload, struct buffer *line);
#endif
