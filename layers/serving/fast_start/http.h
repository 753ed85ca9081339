/* Messages of HTTP/1.1 (RFC 9112) on a kept connection: those of the Runtime API, and those of its Python client.
 *
 * Guarantees: a message that is malformed, or larger than any that Lambda sends, ends the connection; parts may come
 * in pieces of any size. Nothing is read beyond what came. */
#ifndef FAST_START_HTTP_H
#define FAST_START_HTTP_H
#include "buffer.h"

struct connection {
    int socket;        /* -1: there is none */
    int64_t give_up;   /* since 1970, in milliseconds; 0: never */
    struct buffer in;  /* what came and isn't read yet, from `begin` on */
    size_t begin;
};
struct message { /* all of it lies in the connection's buffer, until the next message is read */
    struct span first;   /* the line of a request or a status */
    struct span headers; /* the lines behind it, each with its end */
    struct span body;
    int last; /* the sender closes the connection behind it */
};

enum reading { READ_WHOLE, READ_NOTHING /* closed before a message began */, READ_BROKEN };

enum reading read_message(struct connection *, struct message *);
void close_connection(struct connection *);
/* The value of a header, without white space around it; at is null if there is none. name: in lower case. */
struct span header_value(const struct message *, const char *name);
/* A status of three digits; 0 if the first line has none. */
int status_of(const struct message *);
/* Splits a request's first line; 0 if it is none. */
int request_line(const struct message *, struct span *method, struct span *target);
/* Appends the headers that belong to the message and not to the connection. */
void append_headers(struct buffer *, const struct message *);
void append_body(struct buffer *, struct span body); /* with Content-Length and the empty line before it */
#endif
