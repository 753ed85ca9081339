/* A client of Lambda's Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 *
 * Guarantees: a kept connection that was closed meanwhile, as over a freeze, is opened again, once for a request. A
 * response that Lambda already has is refused by it the second time, so sending again does no harm. */
#ifndef FAST_START_RUNTIME_API_H
#define FAST_START_RUNTIME_API_H
#include "http.h"
#include "system.h"

#define API "/2018-06-01/runtime"

struct runtime {
    struct span host; /* as the environment has it: address and port */
    struct address address;
    struct connection connection;
    struct buffer request; /* built by begin_request, append_headers and append_body */
};

struct invocation { /* what Lambda calls it by; the second name, in a header of its own, may be empty */
    struct span id, second;
};

int parse_address(struct span text, struct address *); /* 127.0.0.1:9001 */
int connect_to(struct connection *, const struct address *);
void begin_request(struct runtime *, const char *method, struct span target);
int exchange(struct runtime *, struct message *reply); /* 0: the runtime can't be reached */
int next_invocation(struct runtime *, struct message *);
struct invocation name_of(const struct message *invocation);
int send_response(struct runtime *, struct invocation, struct span payload);
int send_error(struct runtime *, struct invocation, struct span type, struct span document);
#endif
