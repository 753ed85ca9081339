/* Where Linux begins: the arguments lie on the stack, behind their number, the environment behind them (System V ABI
 * for AMD64, section 3.4.1; that for AArch64 has the same). */
#include "system.h"

int main(int count, char **arguments, char **environment);

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl begin\n");
#endif

_Noreturn void begin(long *stack);
_Noreturn void begin(long *stack) {
    char **arguments = (char **)(stack + 1);
    end(main((int)*stack, arguments, arguments + *stack + 1));
}
