/* See event.h. */
#include "event.h"
#include "json.h"

#define LONGEST_ID 128u /* serving/http.py, _MAX_ID */

/* Headers that mean something to us; the rest is passed over. */
enum header { CONTENT_TYPE, ACCEPT, CONTENT_ENCODING, REQUEST_ID, HEADERS };
static const char *const NAMES[HEADERS] = {"content-type", "accept", "content-encoding", "x-request-id"};

struct found { /* a value of each header, and whether it came */
    struct span values[HEADERS];
    int given[HEADERS];
};

static enum header header_of(struct span name) {
    enum header header = 0;
    while (header < HEADERS && !same_letters(name, span_of(NAMES[header]))) header++;
    return header;
}

static int keep(struct found *found, enum header header, const struct string *value) {
    if (header == HEADERS) return 1;
    if (found->given[header] || value->escapes || !value->ascii) return 0;
    found->given[header] = 1;
    found->values[header] = value->raw;
    return 1;
}

/* "Name": */
static int take_name(struct cursor *c, enum header *header) {
    struct string name;
    if (!take_string(c, &name) || name.escapes || !name.ascii || !take_byte(c, ':')) return 0;
    *header = header_of(name.raw);
    return 1;
}

/* {"Name": "value" or null, ...} or null */
static int take_headers(struct cursor *c, struct found *found) {
    struct string value;
    enum header header;
    if (take_word(c, "null")) return 1;
    if (!take_byte(c, '{')) return 0;
    if (take_byte(c, '}')) return 1;
    do {
        if (!take_name(c, &header)) return 0;
        if (take_word(c, "null")) {
            if (header != HEADERS) return 0;
        } else if (!take_string(c, &value) || !keep(found, header, &value)) return 0;
    } while (take_byte(c, ','));
    return take_byte(c, '}');
}

/* {"Name": ["value", ...], ...} or null; of one that means something exactly one value */
static int take_lists(struct cursor *c, struct found *found) {
    struct string value;
    enum header header;
    if (take_word(c, "null")) return 1;
    if (!take_byte(c, '{')) return 0;
    if (take_byte(c, '}')) return 1;
    do {
        if (!take_name(c, &header)) return 0;
        if (!take_byte(c, '[')) return 0;
        if (header == HEADERS && take_byte(c, ']')) continue;
        do
            if (!take_string(c, &value) || !keep(found, header, &value)) return 0;
        while (take_byte(c, ','));
        if (!take_byte(c, ']')) return 0;
    } while (take_byte(c, ','));
    return take_byte(c, '}');
}

static int is_one_of(struct span value, const char *const *known) {
    for (; *known; known++)
        if (same_letters(value, span_of(*known))) return 1;
    return 0;
}

/* What http.py's content_type and accepted read as JSON; the usual spellings of browsers and clients. */
static int json_comes_and_goes(const struct found *found) {
    static const char *const sent[] = {"", "application/json", "application/json; charset=utf-8",
                                       "application/json;charset=utf-8", NULL};
    static const char *const accepted[] = {"", "*/*", "application/json", "application/json, */*",
                                           "application/json, text/plain, */*", NULL};
    return !found->given[CONTENT_ENCODING] && is_one_of(found->values[CONTENT_TYPE], sent)
           && is_one_of(found->values[ACCEPT], accepted);
}

/* Characters that Python's isprintable() takes in ASCII. */
static int is_printable(struct span text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7e) return 0;
    return 1;
}

static int complete(struct request *request, const struct found *single, const struct found *lists) {
    struct found found = *single;
    for (enum header header = 0; header < HEADERS; header++)
        if (lists->given[header]) {
            found.given[header] = 1;
            found.values[header] = lists->values[header];
        }
    request->accepts_json = json_comes_and_goes(&found);
    request->client_id = found.values[REQUEST_ID];
    if (!found.given[REQUEST_ID]) return 1;
    return request->client_id.size > 0 && request->client_id.size <= LONGEST_ID && is_printable(request->client_id);
}

/* An object or null that has nothing in it. */
static int take_nothing(struct cursor *c) {
    return take_word(c, "null") || (take_byte(c, '{') && take_byte(c, '}'));
}

/* Members of an event that mean something to us. */
enum member { METHOD, RESOURCE, SINGLE, LISTS, QUERY, BODY, ENCODED, MEMBERS };
static const char *const MEMBER_NAMES[MEMBERS] = {
    "httpMethod", "resource", "headers", "multiValueHeaders", "queryStringParameters", "body", "isBase64Encoded"};

int read_event(struct span event, struct request *request, struct buffer *body) {
    static const struct found none = {{{NULL, 0}}, {0}};
    struct cursor c = {event.at, event.at + event.size};
    struct found single = none, lists = none;
    struct string name, method, path, text;
    int seen[MEMBERS] = {0};
    if (!take_byte(&c, '{') || comes(&c, '}')) return 0;
    do {
        if (!take_string(&c, &name) || name.escapes || !take_byte(&c, ':')) return 0;
        enum member member = 0;
        while (member < MEMBERS && !same(name.raw, span_of(MEMBER_NAMES[member]))) member++;
        if (member < MEMBERS && seen[member]++) return 0;
        int taken = 0;
        switch (member) {
        case METHOD: taken = take_string(&c, &method); break;
        case RESOURCE: taken = take_string(&c, &path); break;
        case SINGLE: taken = take_headers(&c, &single); break;
        case LISTS: taken = take_lists(&c, &lists); break;
        case QUERY: taken = take_nothing(&c); break;
        case BODY: taken = take_word(&c, "null") || (take_string(&c, &text) && append_decoded(body, &text)); break;
        case ENCODED: taken = take_word(&c, "null") || take_word(&c, "false"); break;
        case MEMBERS: taken = skip_value(&c); break;
        }
        if (!taken) return 0;
    } while (take_byte(&c, ','));
    if (!take_byte(&c, '}')) return 0;
    comes(&c, '}'); /* passes over white space */
    if (c.at != c.end || !seen[METHOD] || !seen[RESOURCE]) return 0;
    if (same(method.raw, SPAN("POST"))) request->method = POST;
    else if (same(method.raw, SPAN("GET"))) request->method = GET;
    else return 0;
    request->path = path.raw;
    return complete(request, &single, &lists);
}
