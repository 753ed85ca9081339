/* An event of Lambda as the request that it carries, where that is one of the few that need no other's judgement.
 *
 * The event is a REST API's (payload format 1.0), as serving/gateway.py reads it:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 *
 * Guarantees: what it takes, gateway.py and http.py read as the same request. A name twice, an escape where none is
 * usual, a header that might mean something: 0, and Python decides. */
#ifndef FAST_START_EVENT_H
#define FAST_START_EVENT_H
#include "buffer.h"

enum method { GET, POST };

struct request {
    enum method method;
    struct span path;      /* of the event */
    struct span client_id; /* X-Request-Id, printable ASCII; empty without one */
    int accepts_json;      /* what a POST must say of itself: JSON comes, and JSON may go */
};

/* body: empty before; the decoded body of the request behind it. */
int read_event(struct span event, struct request *, struct buffer *body);
#endif
