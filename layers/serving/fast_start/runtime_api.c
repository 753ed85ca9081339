/* See runtime_api.h. */
#include "runtime_api.h"

enum { INTERNET = 2, STREAM_CLOSED_ON_EXEC = 02000001 };

int parse_address(struct span text, struct address *address) {
    uint32_t numbers[5] = {0};
    const char *between = "...:";
    int k = 0, digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.at[i];
        if (c >= '0' && c <= '9') {
            numbers[k] = numbers[k] * 10 + (uint32_t)(c - '0');
            if (++digits > 5 || numbers[k] > (k < 4 ? 255u : 65535u)) return 0;
        } else if (k < 4 && digits && c == (uint8_t)between[k]) k++, digits = 0;
        else return 0;
    }
    if (k != 4 || !digits || !numbers[4]) return 0;
    const uint8_t port[2] = {(uint8_t)(numbers[4] >> 8), (uint8_t)numbers[4]};
    *address = (struct address){INTERNET, 0, 0, {0}};
    uint8_t *to = (uint8_t *)&address->port;
    to[0] = port[0], to[1] = port[1];
    to = (uint8_t *)&address->host;
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)numbers[i];
    return 1;
}

int connect_to(struct connection *c, const struct address *address) {
    long done;
    const long socket = system_call(SOCKET, INTERNET, STREAM_CLOSED_ON_EXEC, 0, 0, 0, 0);
    if (socket < 0) return 0;
    done = system_call(CONNECT, socket, (long)address, sizeof *address, 0, 0, 0);
    if (done == INTERRUPTED) { /* it goes on by itself: connect(2) */
        struct waited one = {(int)socket, 4, 0};
        while (!wait_for(&one, 1, -1)) {}
        done = system_call(CONNECT, socket, (long)address, sizeof *address, 0, 0, 0);
        if (done == -106) done = 0; /* connected already */
    }
    c->socket = (int)socket;
    if (done < 0) close_connection(c);
    return done >= 0;
}

void begin_request(struct runtime *r, const char *method, struct span target) {
    release_large(&r->request);
    append(&r->request, span_of(method));
    append(&r->request, SPAN(" "));
    append(&r->request, target);
    append(&r->request, SPAN(" HTTP/1.1\r\nHost: "));
    append(&r->request, r->host);
    append(&r->request, SPAN("\r\n"));
}

int exchange(struct runtime *r, struct message *reply) {
    for (int attempt = 0; attempt < 2; attempt++) {
        if (r->connection.socket < 0 && !connect_to(&r->connection, &r->address)) continue;
        if (send_all(r->connection.socket, r->request.at, r->request.size)
            && read_message(&r->connection, reply) == READ_WHOLE && status_of(reply)) return 1;
        close_connection(&r->connection);
    }
    return 0;
}

/* Whether an id can be part of a request's target as it is: visible ASCII. */
static int is_id(struct span id) {
    for (size_t i = 0; i < id.size; i++)
        if (id.at[i] <= ' ' || id.at[i] >= 0x7f) return 0;
    return 1;
}

int next_invocation(struct runtime *r, struct message *invocation) {
    begin_request(r, "GET", SPAN(API "/invocation/next"));
    append(&r->request, SPAN("User-Agent: skylayer-fast-start\r\n\r\n"));
    if (!exchange(r, invocation) || status_of(invocation) != 200) return 0;
    const struct invocation name = name_of(invocation);
    return is_id(name.id) && is_id(name.second);
}

struct invocation name_of(const struct message *m) {
    return (struct invocation){header_value(m, "lambda-runtime-aws-request-id"),
                               header_value(m, "lambda-runtime-invocation-id")};
}

static void begin_post(struct runtime *r, struct invocation invocation, struct span what) {
    static struct buffer target;
    target.size = 0;
    append(&target, SPAN(API "/invocation/"));
    append(&target, invocation.id);
    append(&target, what);
    begin_request(r, "POST", (struct span){target.at, target.size});
    append(&r->request, SPAN("Content-Type: application/json\r\n"));
    if (!invocation.second.size) return;
    append(&r->request, SPAN("Lambda-Runtime-Invocation-Id: "));
    append(&r->request, invocation.second);
    append(&r->request, SPAN("\r\n"));
}

/* Of refusals only a container error is the end of us; an invocation that Lambda gave up meanwhile is over. */
static int sent(struct runtime *r) {
    struct message reply;
    return exchange(r, &reply) && status_of(&reply) < 500;
}

int send_response(struct runtime *r, struct invocation invocation, struct span payload) {
    begin_post(r, invocation, SPAN("/response"));
    append_body(&r->request, payload);
    return sent(r);
}

int send_error(struct runtime *r, struct invocation invocation, struct span type, struct span document) {
    begin_post(r, invocation, SPAN("/error"));
    append(&r->request, SPAN("Lambda-Runtime-Function-Error-Type: "));
    append(&r->request, type);
    append(&r->request, SPAN("\r\n"));
    append_body(&r->request, document);
    return sent(r);
}
