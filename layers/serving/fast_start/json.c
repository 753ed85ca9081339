/* See json.h. */
#include "json.h"

#define MOST_LEVELS 32
#define LONGEST_NUMBER_TAKEN 1000 /* Python refuses integers of more than 4,300 digits */

static void skip_space(struct cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
}

int comes(struct cursor *c, char byte) {
    skip_space(c);
    return c->at < c->end && *c->at == (uint8_t)byte;
}

int take_byte(struct cursor *c, char byte) {
    if (!comes(c, byte)) return 0;
    c->at++;
    return 1;
}

int take_word(struct cursor *c, const char *word) {
    skip_space(c);
    const uint8_t *p = c->at;
    for (; *word; word++, p++)
        if (p == c->end || *p != (uint8_t)*word) return 0;
    c->at = p;
    return 1;
}

/* How many bytes a character beyond ASCII takes; 0 if it isn't one (RFC 3629, section 4). */
static size_t length_of_character(const uint8_t *p, const uint8_t *end) {
    const size_t left = (size_t)(end - p);
    const size_t length = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (!length || left < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] >= 0xa0) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] >= 0x90) return 0;
    return length;
}

static int hexadecimal(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The unit of \uXXXX whose first X is at p; -1 if there is none. */
static int32_t unit_at(const uint8_t *p, const uint8_t *end) {
    if (end - p < 4) return -1;
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        const int digit = hexadecimal(p[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static uint8_t escaped_character(uint8_t c) {
    switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

int take_string(struct cursor *c, struct string *string) {
    if (!take_byte(c, '"')) return 0;
    const uint8_t *p = c->at, *end = c->end;
    string->escapes = 0;
    string->ascii = 1;
    while (p < end && *p != '"') {
        if (*p >= 0x80) {
            const size_t length = length_of_character(p, end);
            if (!length) return 0;
            string->ascii = 0;
            p += length;
        } else if (*p == '\\') {
            string->escapes = 1;
            if (++p == end) return 0;
            if (*p == 'u') {
                if (unit_at(p + 1, end) < 0) return 0;
                p += 5;
            } else if (escaped_character(*p++) == 0) return 0;
        } else if (*p++ < 0x20) return 0;
    }
    if (p == end) return 0;
    string->raw = (struct span){c->at, (size_t)(p - c->at)};
    c->at = p + 1;
    return 1;
}

static const uint8_t *digits(const uint8_t *p, const uint8_t *end) {
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p;
}

static int skip_number(struct cursor *c) {
    const uint8_t *p = c->at, *first;
    if (p < c->end && *p == '-') p++;
    first = p;
    p = digits(p, c->end);
    if (p == first || (*first == '0' && p - first > 1)) return 0;
    if (p < c->end && *p == '.') {
        first = ++p;
        p = digits(p, c->end);
        if (p == first) return 0;
    }
    if (p < c->end && (*p == 'e' || *p == 'E')) {
        if (++p < c->end && (*p == '+' || *p == '-')) p++;
        first = p;
        p = digits(p, c->end);
        if (p == first) return 0;
    }
    if (p - c->at > LONGEST_NUMBER_TAKEN) return 0;
    c->at = p;
    return 1;
}

static int skip_scalar(struct cursor *c) {
    struct string string;
    if (comes(c, '"')) return take_string(c, &string);
    if (c->at == c->end) return 0;
    switch (*c->at) {
    case 't': return take_word(c, "true");
    case 'f': return take_word(c, "false");
    case 'n': return take_word(c, "null");
    default: return skip_number(c);
    }
}

/* Without recursion: a bit for each open level says whether it is an object. */
int skip_value(struct cursor *c) {
    struct string name;
    uint64_t objects = 0;
    int depth = 0;
    for (;;) {
        int opened = 0;
        if (comes(c, '{') || comes(c, '[')) {
            if (depth == MOST_LEVELS) return 0;
            const int object = *c->at++ == '{';
            objects = objects << 1 | (uint64_t)object;
            depth++;
            opened = !comes(c, object ? '}' : ']');
        } else if (!skip_scalar(c)) return 0;
        while (!opened) { /* behind a value: what it is part of ends or goes on */
            if (!depth) return 1;
            if (take_byte(c, objects & 1 ? '}' : ']')) {
                objects >>= 1;
                depth--;
            } else if (take_byte(c, ',')) opened = 1;
            else return 0;
        }
        if (objects & 1 && (!take_string(c, &name) || !take_byte(c, ':'))) return 0;
    }
}

static size_t write_character(uint8_t *to, uint32_t c) {
    if (c < 0x80) return to[0] = (uint8_t)c, 1;
    if (c < 0x800) return to[0] = (uint8_t)(0xc0 | c >> 6), to[1] = (uint8_t)(0x80 | (c & 0x3f)), 2;
    size_t n = 0;
    if (c < 0x10000) to[n++] = (uint8_t)(0xe0 | c >> 12);
    else to[n++] = (uint8_t)(0xf0 | c >> 18), to[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    to[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    to[n++] = (uint8_t)(0x80 | (c & 0x3f));
    return n;
}

int append_decoded(struct buffer *b, const struct string *string) {
    const uint8_t *p = string->raw.at, *end = p + string->raw.size;
    reserve(b, string->raw.size); /* no escape is shorter than what it stands for */
    uint8_t *to = b->at + b->size;
    while (p < end) {
        if (*p != '\\') {
            *to++ = *p++;
            continue;
        }
        if (p[1] != 'u') {
            *to++ = escaped_character(p[1]);
            p += 2;
            continue;
        }
        uint32_t character = (uint32_t)unit_at(p + 2, end);
        p += 6;
        if (character >= 0xd800 && character < 0xe000) {
            const int32_t second = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? unit_at(p + 2, end) : -1;
            if (character >= 0xdc00 || second < 0xdc00 || second >= 0xe000) return 0;
            character = 0x10000 + ((character - 0xd800) << 10) + ((uint32_t)second - 0xdc00);
            p += 6;
        }
        to += write_character(to, character);
    }
    b->size = (size_t)(to - b->at);
    return 1;
}

void append_escaped(struct buffer *b, struct span ascii) {
    reserve(b, 2 * ascii.size);
    uint8_t *to = b->at + b->size;
    for (size_t i = 0; i < ascii.size; i++) {
        if (ascii.at[i] == '"' || ascii.at[i] == '\\') *to++ = '\\';
        *to++ = ascii.at[i];
    }
    b->size = (size_t)(to - b->at);
}
