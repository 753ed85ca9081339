/* Python, to which an invocation is passed that needs it: the interpreter as Lambda would have started it, with a
 * Runtime API of ours on loopback before it.
 *
 * Guarantees: it is started with the first invocation that needs it, and again with the next one after it died, hung
 * beyond an invocation's deadline, or said something out of turn; the invocation in flight gets an error. It dies with
 * us. */
#ifndef FAST_START_CHILD_H
#define FAST_START_CHILD_H
#include "http.h"
#include "runtime_api.h"

#define MOST_CONNECTIONS 4

struct child {
    char **command, **environment; /* of the interpreter, as Lambda gave them */
    long pid;                      /* 0: there is none */
    int listener;                  /* -1: there is none */
    uint16_t port;
    struct connection connections[MOST_CONNECTIONS];
};

/* Has Python answer the invocation that came. counted: a cold start of this environment stands in the metrics already.
 * 0: the runtime can't be reached any more. */
int pass_on(struct child *, struct runtime *, const struct message *invocation, int counted);
#endif
