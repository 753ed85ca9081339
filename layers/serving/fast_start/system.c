/* See system.h. */
#include "system.h"

#define CALL1(n, a) system_call(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) system_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) system_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)

enum { HERE = -100, READ_ONLY_CLOSED_ON_EXEC = 02000000, MAP_PRIVATE = 2, NO_SIGNAL = 0x4000, REAL = 0, MONOTONIC = 1 };

struct moment {
    int64_t seconds, nanoseconds;
};

_Noreturn void end(int code) {
    for (;;) CALL1(EXIT_GROUP, code);
}

long map_file(const char *path, const uint8_t **content) {
    const long fd = system_call(OPENAT, HERE, (long)path, READ_ONLY_CLOSED_ON_EXEC, 0, 0, 0);
    if (fd < 0) return fd;
    const long size = CALL3(LSEEK, fd, 0, 2);
    const long at = size <= 0 ? -1 : system_call(MMAP, 0, size, 1, MAP_PRIVATE, fd, 0);
    CALL1(CLOSE, fd);
    if (at < 0 && at > -4096) return -1;
    *content = (const uint8_t *)at;
    return size;
}

int exists(const char *path) { return CALL3(FACCESSAT, HERE, path, 0) == 0; }

long read_some(int fd, void *to, size_t size) {
    long got;
    do got = CALL3(READ, fd, to, size);
    while (got == INTERRUPTED);
    return got;
}

int write_all(int fd, const void *from, size_t size) {
    for (const uint8_t *at = from, *behind = at + size; at < behind;) {
        const long done = CALL3(WRITE, fd, at, behind - at);
        if (done == INTERRUPTED) continue;
        if (done <= 0) return 0;
        at += done;
    }
    return 1;
}

int send_all(int socket, const void *from, size_t size) {
    for (const uint8_t *at = from, *behind = at + size; at < behind;) {
        const long done = system_call(SENDTO, socket, (long)at, behind - at, NO_SIGNAL, 0, 0);
        if (done == INTERRUPTED) continue;
        if (done <= 0) return 0;
        at += done;
    }
    return 1;
}

void say(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    write_all(2, text, length);
}

int64_t now_ms(void) {
    struct moment now = {0, 0};
    CALL2(CLOCK_GETTIME, REAL, &now);
    return now.seconds * 1000 + now.nanoseconds / 1000000;
}

int64_t monotonic_ns(void) {
    struct moment now = {0, 0};
    CALL2(CLOCK_GETTIME, MONOTONIC, &now);
    return now.seconds * 1000000000 + now.nanoseconds;
}

int wait_for(struct waited *these, size_t count, int64_t milliseconds) {
    struct moment limit = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    return system_call(PPOLL, (long)these, (long)count, milliseconds < 0 ? 0 : (long)&limit, 0, 8, 0) > 0;
}

/* A compiler may call these for any copy; -fno-builtin keeps it from making these loops calls of themselves. */
#if !defined(FAST_START_HOSTED)
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    for (size_t i = 0; i < size; i++) ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}
void *memset(void *to, int value, size_t size) {
    for (size_t i = 0; i < size; i++) ((uint8_t *)to)[i] = (uint8_t)value;
    return to;
}
#endif
