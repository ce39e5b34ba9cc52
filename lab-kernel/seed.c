/* Preloaded into the lab kernel's process, between it and the host's libc: what of the host would differ from run to
 * run is answered from the seed and the guest's own clock, so that whole runs repeat byte for byte.
 *
 * Randomness: the kernel of the guest takes all of it from getrandom(2) (arch/um/os-Linux/util.c). The stream is
 * SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014); the guest's kernel puts it
 * through its own generator, so its statistical quality is not what counts.
 *
 * The time stamp counter: programs read it without asking any kernel (rdtsc, rdtscp); Go's runtime seeds the order in
 * which it runs its threads from it. The kernel runs each address space of the guest in a child that it traces
 * (arch/um/os-Linux/skas/process.c). Such a child is told to fault on these instructions as it begins to be traced,
 * and the fault is answered here, before the kernel hears of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t state;
static int is_seeded;

static uint64_t next(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    (void)flags;
    if (!is_seeded) {
        const char *seed = getenv("HALFOPEN_SEED");
        state = seed ? strtoull(seed, NULL, 10) : 0;
        is_seeded = 1;
    }
    for (size_t done = 0; done < length;) {
        uint64_t word = next();
        size_t part = length - done < sizeof word ? length - done : sizeof word;
        memcpy((char *)buffer + done, &word, part);
        done += part;
    }
    return (ssize_t)length;
}

int getentropy(void *buffer, size_t length)
{
    getrandom(buffer, length, 0);
    return 0;
}

/* How the kernel last let a child go on: so it goes on behind an instruction answered here. */
static long going_on = PTRACE_SYSEMU;

/* The signal that a child stopped with, asked for here at each page fault, and by the kernel again a moment later. */
static siginfo_t stopped_with;
static pid_t stopped;

long ptrace(enum __ptrace_request request, ...)
{
    va_list rest;
    va_start(rest, request);
    pid_t child = va_arg(rest, pid_t);
    void *address = va_arg(rest, void *);
    void *data = va_arg(rest, void *);
    va_end(rest);
    long word = 0;
    switch (request) {
    case PTRACE_TRACEME:
        /* Where the host refuses, the counter is the processor's, as it was. */
        prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
        break;
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_PEEKUSER:
        /* The system call stores the word, libc's function returns it. */
        if (syscall(SYS_ptrace, request, child, address, &word) < 0)
            return -1;
        errno = 0;
        return word;
    case PTRACE_CONT:
    case PTRACE_SYSCALL:
    case PTRACE_SINGLESTEP:
    case PTRACE_SYSEMU:
    case PTRACE_SYSEMU_SINGLESTEP:
        going_on = request;
        stopped = 0;
        break;
    case PTRACE_GETSIGINFO:
        if (child != stopped)
            break;
        memcpy(data, &stopped_with, sizeof stopped_with);
        return 0;
    default:
        break;
    }
    return syscall(SYS_ptrace, request, child, address, data);
}

/* The guest's clock in nanoseconds, with which the structure begins that HALFOPEN_CLOCK points to (shared-clock.patch):
 * a counter of 1 GHz. A loop that waits for it ends, as each reading moves it on by as much as a reading of the clock
 * does. */
static uint64_t stamp(void)
{
    static const volatile uint64_t *const volatile *clock;
    static uint64_t last;
    if (clock == NULL) {
        const char *address = getenv("HALFOPEN_CLOCK");
        if (address == NULL)
            return last += 256;
        clock = (const volatile uint64_t *const volatile *)strtoull(address, NULL, 16);
    }
    uint64_t now = **clock;
    return last = now > last + 256 ? now : last + 256;
}

/* Did this child stop at an instruction that reads the counter? Then it has what it asked for, and stands behind it. */
static int answers_stamp(pid_t child)
{
    struct user_regs_struct registers;
    stopped = 0;
    if (ptrace(PTRACE_GETSIGINFO, child, 0, &stopped_with))
        return 0;
    /* A page fault, which most are, has another code; only then does the kernel ask about this very stop. */
    if (stopped_with.si_code != SI_KERNEL) {
        stopped = child;
        return 0;
    }
    if (ptrace(PTRACE_GETREGS, child, 0, &registers))
        return 0;
    errno = 0;
    long code = ptrace(PTRACE_PEEKTEXT, child, (void *)registers.rip, 0);
    if (errno)
        return 0;
    if ((code & 0xffff) == 0x310f) { /* rdtsc: 0f 31 */
        registers.rip += 2;
    } else if ((code & 0xffffff) == 0xf9010f) { /* rdtscp: 0f 01 f9, and the number of the processor */
        registers.rip += 3;
        registers.rcx = 0;
    } else {
        return 0;
    }
    uint64_t now = stamp();
    registers.rax = now & 0xffffffff;
    registers.rdx = now >> 32;
    return ptrace(PTRACE_SETREGS, child, 0, &registers) == 0;
}

pid_t waitpid(pid_t child, int *status, int options)
{
    for (;;) {
        int how = 0;
        pid_t done = (pid_t)syscall(SYS_wait4, child, &how, options, NULL);
        if (done > 0 && WIFSTOPPED(how) && WSTOPSIG(how) == SIGSEGV && answers_stamp(done)) {
            syscall(SYS_ptrace, going_on, done, NULL, NULL);
            continue;
        }
        if (status)
            *status = how;
        return done;
    }
}
