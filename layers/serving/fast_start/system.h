/* What the program asks of Linux, without a C library: it starts in a fraction of a millisecond, and builds in seconds.
 *
 * Guarantees: a call that a signal, a freeze or a thaw interrupts is made again; none raises SIGPIPE in `send_all`.
 * Functions that give a long give Linux's answer: -errno for an error. */
#ifndef FAST_START_SYSTEM_H
#define FAST_START_SYSTEM_H
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
enum number {
    READ = 0, WRITE = 1, CLOSE = 3, LSEEK = 8, MMAP = 9, MUNMAP = 11, SIGACTION = 13, MREMAP = 25, SOCKET = 41,
    CONNECT = 42, SENDTO = 44, BIND = 49, LISTEN = 50, GETSOCKNAME = 51, CLONE = 56, EXECVE = 59, WAIT4 = 61, KILL = 62,
    GETPPID = 110, PRCTL = 157, CLOCK_GETTIME = 228, EXIT_GROUP = 231, OPENAT = 257, READLINKAT = 267, FACCESSAT = 269,
    PPOLL = 271, ACCEPT4 = 288,
};
static inline long system_call(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
enum number {
    FACCESSAT = 48, OPENAT = 56, CLOSE = 57, LSEEK = 62, READ = 63, WRITE = 64, PPOLL = 73, READLINKAT = 78,
    EXIT_GROUP = 94, CLOCK_GETTIME = 113, KILL = 129, SIGACTION = 134, PRCTL = 167, GETPPID = 173, SOCKET = 198,
    BIND = 200, LISTEN = 201, CONNECT = 203, GETSOCKNAME = 204, SENDTO = 206, MUNMAP = 215, MREMAP = 216, CLONE = 220,
    EXECVE = 221, MMAP = 222, ACCEPT4 = 242, WAIT4 = 260,
};
static inline long system_call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#endif

enum { INTERRUPTED = -4, NO_MEMORY = -12 };

struct address { /* of IPv4, as Linux has it: port and host with the highest byte first */
    uint16_t family, port;
    uint32_t host;
    uint8_t unused[8];
};
struct waited { /* as poll has it */
    int fd;
    int16_t asked, found;
};

_Noreturn void end(int code);
long map_file(const char *path, const uint8_t **content); /* read-only; its size */
int exists(const char *path);
long read_some(int fd, void *to, size_t size);
int write_all(int fd, const void *from, size_t size);
int send_all(int socket, const void *from, size_t size);
void say(const char *text); /* to stderr */
int64_t now_ms(void); /* since 1970 */
int64_t monotonic_ns(void);
int wait_for(struct waited *, size_t count, int64_t milliseconds); /* whether something is there; negative: no limit */
#endif
