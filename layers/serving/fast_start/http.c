/* See http.h. */
#include "http.h"
#include "system.h"

#define MOST_HEAD (2u << 20) /* the runtime's own description of an error may take 1 MB of a header */
#define MOST_CONTENT (64u << 20)
#define PIECE 65536u

static const char *const OF_CONNECTION[] = {"connection", "content-length", "expect", "host", "keep-alive",
                                            "transfer-encoding", NULL};

void close_connection(struct connection *c) {
    if (c->socket >= 0) system_call(CLOSE, c->socket, 0, 0, 0, 0, 0);
    c->socket = -1;
    c->begin = 0;
    release_large(&c->in);
}

/* More bytes behind those that are there; 0 if there are none to come, or not in time. */
static int fill(struct connection *c) {
    struct waited one = {c->socket, 1, 0};
    while (c->give_up && !wait_for(&one, 1, 100))
        if (now_ms() >= c->give_up) return 0;
    reserve(&c->in, PIECE);
    const long got = read_some(c->socket, c->in.at + c->in.size, PIECE);
    if (got <= 0) return 0;
    c->in.size += (size_t)got;
    return 1;
}

static int has(struct connection *c, size_t end) {
    while (c->in.size < end)
        if (!fill(c)) return 0;
    return 1;
}

/* The position behind the line that begins at `at`; 0 if it doesn't end in time. */
static size_t behind_line(struct connection *c, size_t at) {
    for (size_t i = at;; i++) {
        if (i - at > MOST_HEAD || !has(c, i + 1)) return 0;
        if (c->in.at[i] == '\n') return i + 1;
    }
}

static struct span without_space(struct span text) {
    while (text.size && (text.at[0] == ' ' || text.at[0] == '\t')) text.at++, text.size--;
    while (text.size && (text.at[text.size - 1] <= ' ')) text.size--;
    return text;
}

/* The next line of headers; 0 behind the last, or where one has no name. */
static int next_header(struct span *rest, struct span *whole, struct span *name, struct span *value) {
    size_t end = 0, colon = 0;
    while (end < rest->size && rest->at[end] != '\n') end++;
    if (end == rest->size) return 0;
    while (colon < end && rest->at[colon] != ':') colon++;
    if (colon == 0 || colon == end) return 0;
    *whole = (struct span){rest->at, end + 1};
    *name = (struct span){rest->at, colon};
    *value = without_space((struct span){rest->at + colon + 1, end - colon - 1});
    *rest = (struct span){rest->at + end + 1, rest->size - end - 1};
    return 1;
}

struct span header_value(const struct message *m, const char *wanted) {
    struct span rest = m->headers, whole, name, value;
    while (next_header(&rest, &whole, &name, &value))
        if (same_letters(name, span_of(wanted))) return value;
    return (struct span){NULL, 0};
}

/* A number in a base of ten or sixteen; -1 if it is none or too large. */
static int64_t number_of(struct span text, int base) {
    int64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.at[i], lower = c | 0x20;
        const int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
        if (digit >= base || number > MOST_CONTENT) return -1;
        number = number * base + digit;
    }
    return text.size && number <= MOST_CONTENT ? number : -1;
}

/* Chunks (RFC 9112, section 7.1) become one body, which begins where the first chunk did; its end or 0. */
static size_t read_chunks(struct connection *c, size_t start, size_t *behind) {
    size_t to = start, at = start;
    for (;;) {
        const size_t next = behind_line(c, at);
        if (!next) return 0;
        struct span size = {c->in.at + at, next - at};
        for (size_t i = 0; i < size.size; i++)
            if (size.at[i] == ';') size.size = i;
        const int64_t length = number_of(without_space(size), 16);
        if (length < 0 || to - start + (size_t)length > MOST_CONTENT) return 0;
        at = next;
        if (length == 0) break;
        if (!has(c, at + (size_t)length + 2)) return 0;
        for (int64_t i = 0; i < length; i++) c->in.at[to++] = c->in.at[at++];
        if (c->in.at[at] != '\r' || c->in.at[at + 1] != '\n') return 0;
        at += 2;
    }
    for (;;) { /* trailers, which nobody here sends */
        const size_t next = behind_line(c, at);
        if (!next) return 0;
        const int empty = next - at <= 2;
        at = next;
        if (empty) break;
    }
    *behind = at;
    return to;
}

static enum reading read_body(struct connection *c, struct message *m, size_t start, size_t *end, size_t *behind) {
    const struct span length = header_value(m, "content-length"), coding = header_value(m, "transfer-encoding");
    *end = *behind = start;
    if (same_letters(header_value(m, "expect"), SPAN("100-continue"))) {
        const struct span go_on = SPAN("HTTP/1.1 100 Continue\r\n\r\n");
        if (!send_all(c->socket, go_on.at, go_on.size)) return READ_BROKEN;
    }
    if (coding.at) {
        if (!same_letters(coding, SPAN("chunked"))) return READ_BROKEN;
        *end = read_chunks(c, start, behind);
        return *end ? READ_WHOLE : READ_BROKEN;
    }
    if (!length.at) return READ_WHOLE;
    const int64_t size = number_of(length, 10);
    if (size < 0) return READ_BROKEN;
    *end = *behind = start + (size_t)size;
    return has(c, *end) ? READ_WHOLE : READ_BROKEN;
}

enum reading read_message(struct connection *c, struct message *m) {
    if (c->begin == c->in.size) {
        c->begin = 0;
        release_large(&c->in);
    }
    if (!has(c, c->begin + 1)) return READ_NOTHING;
    const size_t start = c->begin, headers = behind_line(c, start);
    if (!headers) return READ_BROKEN;
    size_t at = headers, end, behind;
    for (;;) {
        const size_t next = behind_line(c, at);
        if (!next || next - start > MOST_HEAD) return READ_BROKEN;
        const int empty = next - at == 1 || (next - at == 2 && c->in.at[at] == '\r');
        if (empty) {
            const size_t body = next;
            m->headers = (struct span){c->in.at + headers, at - headers};
            if (read_body(c, m, body, &end, &behind) != READ_WHOLE) return READ_BROKEN;
            /* The buffer may lie elsewhere by now. */
            m->first = without_space((struct span){c->in.at + start, headers - start});
            m->headers = (struct span){c->in.at + headers, at - headers};
            m->body = (struct span){c->in.at + body, end - body};
            m->last = same_letters(header_value(m, "connection"), SPAN("close"));
            c->begin = behind;
            return READ_WHOLE;
        }
        at = next;
    }
}

int status_of(const struct message *m) {
    const struct span line = m->first;
    if (line.size < 12 || !same((struct span){line.at, 7}, SPAN("HTTP/1.")) || line.at[8] != ' ') return 0;
    const int64_t status = number_of((struct span){line.at + 9, 3}, 10);
    return status < 100 ? 0 : (int)status;
}

int request_line(const struct message *m, struct span *method, struct span *target) {
    const struct span line = m->first;
    size_t first = 0, second;
    while (first < line.size && line.at[first] != ' ') first++;
    for (second = first + 1; second < line.size && line.at[second] != ' ';) second++;
    if (first == 0 || second >= line.size || second == first + 1) return 0;
    *method = (struct span){line.at, first};
    *target = (struct span){line.at + first + 1, second - first - 1};
    return 1;
}

void append_headers(struct buffer *b, const struct message *m) {
    struct span rest = m->headers, whole, name, value;
    while (next_header(&rest, &whole, &name, &value)) {
        int own = 0;
        for (const char *const *one = OF_CONNECTION; *one; one++) own |= same_letters(name, span_of(*one));
        if (!own) append(b, whole);
    }
}

void append_body(struct buffer *b, struct span body) {
    append(b, SPAN("Content-Length: "));
    append_number(b, body.size);
    append(b, SPAN("\r\n\r\n"));
    append(b, body);
}
