/* See child.h. */
#include "child.h"
#include "system.h"
#include "times.h"

#define LONGEST_INVOCATION (15 * 60 * 1000) /* Lambda's longest, where none is said */

enum { INTERNET = 2, STREAM_CLOSED_ON_EXEC = 02000001, CHILD_DIED_SIGNAL = 17, KILLED = 9, END_WITH_PARENT = 1 };
enum outcome { ASKED, DIED, HUNG };

struct flight { /* the invocation that Python has */
    struct invocation name; /* a copy: the message is gone once Lambda is asked anything */
    int64_t deadline;
    int delivered;
};

static int listen_for(struct child *child) {
    struct address own = {INTERNET, 0, 0, {0}};
    uint32_t size = sizeof own;
    uint8_t *host = (uint8_t *)&own.host;
    host[0] = 127, host[3] = 1;
    if (child->listener >= 0) return 1;
    const long socket = system_call(SOCKET, INTERNET, STREAM_CLOSED_ON_EXEC, 0, 0, 0, 0);
    if (socket < 0) return 0;
    if (system_call(BIND, socket, (long)&own, sizeof own, 0, 0, 0) || system_call(LISTEN, socket, 8, 0, 0, 0, 0)
        || system_call(GETSOCKNAME, socket, (long)&own, (long)&size, 0, 0, 0)) {
        system_call(CLOSE, socket, 0, 0, 0, 0, 0);
        return 0;
    }
    const uint8_t *port = (const uint8_t *)&own.port;
    child->port = (uint16_t)(port[0] << 8 | port[1]);
    child->listener = (int)socket;
    return 1;
}

static int begins_with(const char *text, const char *start) {
    while (*start)
        if (*text++ != *start++) return 0;
    return 1;
}

/* The environment with our own Runtime API, and with what metrics must know. */
static char **environment_of(const struct child *child, int counted) {
    static struct buffer texts, pointers;
    static char none[] = "SKYLAYER_COLD_START=", some[] = "SKYLAYER_COLD_START=counted";
    size_t count = 0;
    while (child->environment[count]) count++;
    texts.size = pointers.size = 0;
    append(&texts, SPAN("AWS_LAMBDA_RUNTIME_API=127.0.0.1:"));
    append_number(&texts, child->port);
    append(&texts, (struct span){(const uint8_t *)"", 1});
    reserve(&pointers, (count + 3) * sizeof(char *));
    char **to = (char **)(void *)pointers.at;
    for (char **one = child->environment; *one; one++)
        if (!begins_with(*one, "AWS_LAMBDA_RUNTIME_API=") && !begins_with(*one, none)) *to++ = *one;
    *to++ = (char *)texts.at;
    *to++ = counted ? some : none;
    *to = NULL;
    return (char **)(void *)pointers.at;
}

static int start(struct child *child, int counted) {
    if (child->pid) return 1;
    if (!listen_for(child)) return 0;
    char **environment = environment_of(child, counted);
    const long pid = system_call(CLONE, CHILD_DIED_SIGNAL, 0, 0, 0, 0, 0);
    if (pid == 0) {
        system_call(PRCTL, END_WITH_PARENT, KILLED, 0, 0, 0, 0);
        system_call(EXECVE, (long)child->command[0], (long)child->command, (long)environment, 0, 0, 0);
        say("fast start: the interpreter can't be started\n");
        end(127);
    }
    child->pid = pid > 0 ? pid : 0;
    return pid > 0;
}

static void forget(struct child *child) {
    for (int k = 0; k < MOST_CONNECTIONS; k++) close_connection(child->connections + k);
    child->pid = 0;
}

static int has_died(struct child *child) {
    int status;
    return system_call(WAIT4, child->pid, (long)&status, 1, 0, 0, 0) == child->pid;
}

static void end_child(struct child *child) {
    int status;
    if (child->pid) {
        system_call(KILL, child->pid, KILLED, 0, 0, 0, 0);
        while (system_call(WAIT4, child->pid, (long)&status, 0, 0, 0, 0) == INTERRUPTED) {}
    }
    forget(child);
}

static void accept_one(struct child *child) {
    int k = 0;
    while (k < MOST_CONNECTIONS - 1 && child->connections[k].socket >= 0) k++;
    close_connection(child->connections + k);
    const long socket = system_call(ACCEPT4, child->listener, 0, 0, 02000000, 0, 0);
    if (socket >= 0) child->connections[k].socket = (int)socket;
}

/* The next request of Python's. */
static enum outcome wait_for_request(struct child *child, int64_t deadline, struct connection **from,
                                     struct message *request) {
    for (;;) {
        struct waited these[MOST_CONNECTIONS + 1] = {{child->listener, 1, 0}};
        for (int k = 0; k < MOST_CONNECTIONS; k++) these[k + 1] = (struct waited){child->connections[k].socket, 1, 0};
        const int something = wait_for(these, MOST_CONNECTIONS + 1, 100); /* a negative socket is passed over */
        if (!something && has_died(child)) return DIED;
        if (now_ms() >= deadline) return HUNG;
        if (!something) continue;
        if (these[0].found) accept_one(child);
        for (int k = 0; k < MOST_CONNECTIONS; k++) {
            struct connection *c = child->connections + k;
            if (c->socket < 0 || c->socket != these[k + 1].fd || !these[k + 1].found) continue;
            c->give_up = deadline;
            if (read_message(c, request) == READ_WHOLE) {
                *from = c;
                return ASKED;
            }
            close_connection(c);
        }
    }
}

static int reply(struct connection *c, struct span first, const struct message *headers, struct span body) {
    static struct buffer out;
    release_large(&out);
    append(&out, first);
    append(&out, SPAN("\r\n"));
    if (headers) append_headers(&out, headers);
    append_body(&out, body);
    return send_all(c->socket, out.at, out.size);
}

static int starts(struct span text, struct span start) {
    return text.size >= start.size && same((struct span){text.at, start.size}, start);
}

/* Reports the end of the flight; Lambda's own words for such ends are an errorType that begins with Runtime. */
static int fail(struct runtime *runtime, const struct flight *flight, struct span type, const char *message) {
    static struct buffer document;
    uint8_t second[64];
    struct buffer *d = &document;
    d->size = 0;
    append(d, SPAN("{\"timestamp\": \""));
    append(d, write_second(second, now_ms() / 1000));
    append(d, SPAN("\", \"level\": \"ERROR\", \"message\": \""));
    append(d, span_of(message));
    append(d, SPAN("\", \"requestId\": \""));
    append(d, flight->name.id);
    append(d, SPAN("\"}\n"));
    write_all(1, d->at, d->size);
    d->size = 0;
    append(d, SPAN("{\"errorMessage\": \""));
    append(d, span_of(message));
    append(d, SPAN("\", \"errorType\": \""));
    append(d, type);
    append(d, SPAN("\", \"requestId\": \""));
    append(d, flight->name.id);
    append(d, SPAN("\", \"stackTrace\": []}"));
    return send_error(runtime, flight->name, type, (struct span){d->at, d->size});
}

/* Hands Python's POST on to Lambda, and Lambda's answer back. */
static int forward(struct runtime *runtime, struct connection *from, const struct message *request,
                   struct span target) {
    struct message answer;
    begin_request(runtime, "POST", target);
    append_headers(&runtime->request, request);
    append_body(&runtime->request, request->body);
    if (!exchange(runtime, &answer)) return 0;
    if (!reply(from, answer.first, &answer, answer.body)) close_connection(from);
    return 1;
}

static int64_t deadline_of(const struct message *invocation) {
    const struct span text = header_value(invocation, "lambda-runtime-deadline-ms");
    int64_t deadline = 0;
    for (size_t i = 0; i < text.size && i < 16; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9') deadline = deadline * 10 + (text.at[i] - '0');
    return deadline > 0 ? deadline : now_ms() + LONGEST_INVOCATION;
}

static struct flight take_off(const struct message *invocation) {
    static struct buffer names;
    const struct invocation name = name_of(invocation);
    names.size = 0;
    append(&names, name.id);
    append(&names, name.second);
    const struct span id = {names.at, name.id.size}, second = {names.at + name.id.size, name.second.size};
    return (struct flight){{id, second}, deadline_of(invocation), 0};
}

int pass_on(struct child *child, struct runtime *runtime, const struct message *invocation, int counted) {
    struct flight flight = take_off(invocation);
    struct connection *from;
    struct message request;
    struct span method, target;
    if (child->pid && has_died(child)) forget(child);
    int from_before = child->pid != 0;
    for (;;) {
        if (!start(child, counted)) return fail(runtime, &flight, SPAN("Runtime.StartError"), "Python can't be started.");
        const enum outcome outcome = wait_for_request(child, flight.deadline, &from, &request);
        if (outcome == DIED) {
            forget(child);
            if (from_before && !flight.delivered) { /* it died between invocations */
                from_before = 0;
                continue;
            }
            return fail(runtime, &flight, SPAN("Runtime.ExitError"), "Python ended before it answered.");
        }
        if (outcome == HUNG) {
            end_child(child);
            return fail(runtime, &flight, SPAN("Runtime.Timeout"), "Python did not answer in time.");
        }
        if (!request_line(&request, &method, &target)) {
            close_connection(from);
            continue;
        }
        if (same(method, SPAN("GET")) && same(target, SPAN(API "/invocation/next")) && !flight.delivered) {
            if (reply(from, SPAN("HTTP/1.1 200 OK"), invocation, invocation->body)) flight.delivered = 1;
            else close_connection(from);
        } else if (same(method, SPAN("POST")) && starts(target, SPAN(API "/invocation/")) && flight.delivered) {
            return forward(runtime, from, &request, target);
        } else if (same(method, SPAN("POST")) && same(target, SPAN(API "/init/error"))) {
            const struct span type = header_value(&request, "lambda-runtime-function-error-type");
            const int sent = send_error(runtime, flight.name, type.at ? type : SPAN("Runtime.InitError"), request.body);
            reply(from, SPAN("HTTP/1.1 202 Accepted"), NULL, SPAN("{\"status\":\"OK\"}"));
            end_child(child);
            return sent;
        } else {
            end_child(child);
            return fail(runtime, &flight, SPAN("Runtime.ProtocolError"), "Python asked out of turn.");
        }
    }
}
