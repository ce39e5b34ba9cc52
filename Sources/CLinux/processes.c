#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

// What a child that could not get as far as exec tells its parent.
struct failure { int error; int step; };

enum step { CLONE, DEATH_SIGNAL, SESSION, USER_MAP, NETWORK, PROCESSOR, FOLDER, ADDRESSES, DESCRIPTORS, STOP, EXEC };
static const char *const step_names[] = {
    "start a process", "tie a process to its parent", "start a session", "map the user into a user namespace",
    "enter the network namespace of its host", "pin to a processor", "enter the working folder", "forbid core files",
    "arrange the standard descriptors", "stop before the first instruction", "execute the program",
};

static int write_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t length = (ssize_t)strlen(text);
    ssize_t written = write(file, text, (size_t)length);
    close(file);
    return written == length ? 0 : -1;
}

// The caller's user becomes root of the new user namespace; a group map needs setgroups denied first
// (user_namespaces(7)).
static int map_user(uid_t user, gid_t group)
{
    char map[64];
    snprintf(map, sizeof map, "0 %u 1\n", user);
    if (write_text("/proc/self/uid_map", map) != 0)
        return -1;
    if (write_text("/proc/self/setgroups", "deny\n") != 0 && errno != ENOENT)
        return -1;
    snprintf(map, sizeof map, "0 %u 1\n", group);
    return write_text("/proc/self/gid_map", map);
}

// Moves the wanted descriptors out of the way first (one could be 0, 1 or 2 itself), then into place.
static int arrange(const struct halfopen_spawn *r, int *report)
{
    int wanted[4] = { r->input, r->output, r->error, r->keep };
    int count = r->keep >= 0 ? 4 : 3;
    int moved = fcntl(*report, F_DUPFD_CLOEXEC, 16);
    if (moved < 0)
        return -1;
    *report = moved;
    for (int i = 0; i < count; i++) {
        wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, 16);
        if (wanted[i] < 0)
            return -1;
    }
    for (int i = 0; i < count; i++)
        if (dup2(wanted[i], i) < 0)
            return -1;
    // The report stays open until exec closes it.
    if (syscall(SYS_close_range, (unsigned)count, (unsigned)moved - 1, 0) != 0)
        return -1;
    return (int)syscall(SYS_close_range, (unsigned)moved + 1, ~0U, 0);
}

static enum step prepare(const struct halfopen_spawn *r, int *report, pid_t parent, uid_t user, gid_t group)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return DEATH_SIGNAL;
    // The parent may have died before the line above; in a new PID namespace it is never visible.
    if (!(r->namespaces & CLONE_NEWPID) && getppid() != parent)
        _exit(1);
    if ((r->namespaces & CLONE_NEWUSER) && map_user(user, group) != 0)
        return USER_MAP;
    if (r->own_session && setsid() < 0)
        return SESSION;
    if (r->network_namespace >= 0 && setns(r->network_namespace, CLONE_NEWNET) != 0)
        return NETWORK;
    if (r->processor >= 0 && halfopen_pin(r->processor) != 0)
        return PROCESSOR;
    if (r->folder && chdir(r->folder) != 0)
        return FOLDER;
    if (r->fixed_addresses) {
        struct rlimit none = { 0, 0 };
        if (setrlimit(RLIMIT_CORE, &none) != 0)
            return ADDRESSES;
        // Containers may refuse it: then runs repeat but for the size of the guest's memory.
        personality(ADDR_NO_RANDOMIZE);
    }
    if (arrange(r, report) != 0)
        return DESCRIPTORS;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    // A traced process stops as soon as exec has succeeded.
    if (r->stopped && ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        return STOP;
    execve(r->program, r->arguments, r->environment);
    return EXEC;
}

// The child has executed its program and is traced: lets go of it with a SIGSTOP, so that it stands still as any
// stopped process does, and has not run a single instruction of its program.
static int leave_stopped(pid_t child)
{
    int status;
    pid_t result;
    do
        result = waitpid(child, &status, 0);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return -1;
    if (!WIFSTOPPED(status)) {
        errno = ECHILD;
        return -1;
    }
    return ptrace(PTRACE_DETACH, child, NULL, (void *)(uintptr_t)SIGSTOP) == 0 ? 0 : -1;
}

pid_t halfopen_spawn(const struct halfopen_spawn *request, int *pidfd, const char **step)
{
    *step = step_names[CLONE];
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return -1;
    pid_t parent = getpid();
    uid_t user = geteuid();
    gid_t group = getegid();
    int descriptor = -1;
    // A plain system call, not fork(): no handlers of anybody's run in the child. Not clone3, which containers refuse
    // because its flags cannot be looked at.
    pid_t child = (pid_t)syscall(
        SYS_clone, CLONE_PIDFD | request->namespaces | SIGCHLD, NULL, &descriptor, NULL, 0UL);
    if (child == 0) {
        struct failure failure;
        failure.step = prepare(request, &report[1], parent, user, group);
        failure.error = errno;
        if (write(report[1], &failure, sizeof failure) < 0) { /* the parent is gone */ }
        _exit(127);
    }
    int saved = errno;
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        errno = saved;
        return -1;
    }
    struct failure failure;
    ssize_t count;
    do
        count = read(report[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof failure) {
        *step = step_names[failure.step];
        waitpid(child, NULL, 0);
        close(descriptor);
        errno = failure.error;
        return -1;
    }
    if (request->stopped && leave_stopped(child) != 0) {
        saved = errno;
        *step = step_names[STOP];
        kill(child, SIGKILL);
        close(descriptor);
        errno = saved;
        return -1;
    }
    *pidfd = descriptor;
    return child;
}

int halfopen_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int halfopen_pidfd_signal(int pidfd, int number) { return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0); }
int halfopen_pidfd_getfd(int pidfd, int descriptor) { return (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0); }

int halfopen_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int halfopen_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int halfopen_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

int halfopen_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token)
{
    struct epoll_event event = { .events = events, .data.u64 = token };
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int halfopen_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t token)
{
    struct epoll_event event = { .events = events, .data.u64 = token };
    return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event);
}

uint64_t halfopen_epoll_token(const struct epoll_event *event) { return event->data.u64; }

int halfopen_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

int halfopen_pin(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int halfopen_peek(pid_t pid, uint64_t address, void *buffer, uint64_t length)
{
    struct iovec here = { buffer, (size_t)length };
    struct iovec there = { (void *)(uintptr_t)address, (size_t)length };
    ssize_t count = process_vm_readv(pid, &here, 1, &there, 1, 0);
    if (count >= 0 && (uint64_t)count < length)
        errno = EFAULT;
    return count >= 0 && (uint64_t)count == length ? 0 : -1;
}
