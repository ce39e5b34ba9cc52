// The parts of Linux that Glibc's module leaves out (epoll, timerfd, signalfd, _GNU_SOURCE), and the few functions that
// must be C: whatever runs between clone and exec, and whatever enters a namespace and leaves it again (a Swift thread
// inside a lab namespace would let libdispatch create workers there).
#pragma once

// Only what Glibc's module lacks: with _GNU_SOURCE, or more headers, its types would have two definitions.
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "capture.h"

// MARK: Namespaces. All return -1 and errno on failure.

/// A descriptor of a new network namespace, which lives as long as somebody holds it. Its loopback is down.
int halfopen_network_namespace(void);
/// Runs `body(context)` inside the namespace and comes back; returns what `body` returned. When coming back fails the
/// process is ended: nothing may ever run in the wrong namespace.
int halfopen_in_namespace(int network_namespace, int (*body)(void *), void *context);
/// socket(2) inside the namespace; SOCK_CLOEXEC is added.
int halfopen_socket_in(int network_namespace, int domain, int type, int protocol);
/// open(2), for reading, of a file that shows the namespace of whoever opens it.
int halfopen_open_in(int network_namespace, const char *path);
/// Writes a sysctl file, such as /proc/sys/net/ipv4/ip_forward, as seen inside the namespace.
int halfopen_write_in(int network_namespace, const char *path, const char *text);
/// Writes many sysctl files in one visit; `errors[i]` is 0 or the errno of the i-th.
int halfopen_write_each_in(int network_namespace, const char *const *paths, const char *const *texts, int *errors,
                           int count);

/// Reads a sysctl file as seen inside the namespace; how many bytes there were.
int halfopen_read_in(int network_namespace, const char *path, char *text, int capacity);

// MARK: The machine. All return -1 and errno on failure.

/// Moves CLOCK_REALTIME, and no other clock, by exactly so much.
int halfopen_clock_step(int64_t nanoseconds);
/// At which rate the clocks go: `tick` in microseconds, 10,000 by default; `frequency` in 2^-16 ppm beside it
/// (adjtimex(2)).
int halfopen_clock_rate(int64_t *tick, int64_t *frequency);
int halfopen_clock_set_rate(int64_t tick, int64_t frequency);
/// RLIMIT_NOFILE of a process, soft and hard; sets it when `wanted` is given, and tells what it was.
int halfopen_descriptor_limit(pid_t pid, const uint64_t *wanted, uint64_t former[2]);

// MARK: Processes.

/// Everything a child does between clone and exec.
struct halfopen_spawn {
    const char *program; // absolute path
    char *const *arguments;
    char *const *environment;
    const char *folder; // NULL: the parent's
    int input, output, error; // become 0, 1, 2; all others are closed, but for `keep`
    int keep; // becomes descriptor 3; -1: none
    int network_namespace; // -1: the parent's
    int processor; // pinned to this one; -1: not
    uint64_t namespaces; // CLONE_NEW* flags; with CLONE_NEWUSER the caller's user and group become root in it
    bool own_session; // setsid: signals to its group reach it and its children, and no others
    bool stopped; // by SIGSTOP before its first instruction; SIGCONT sets it going
    bool fixed_addresses; // no randomised address space and no core file: the lab kernel's own process
};

/// clone(2) with a pidfd. The child dies with the thread that called this (PR_SET_PDEATHSIG), so call it on a thread
/// that lives as long as the process. Returns the pid; on failure -1 with errno, and `*step` names what failed.
pid_t halfopen_spawn(const struct halfopen_spawn *request, int *pidfd, const char **step);

int halfopen_pidfd_open(pid_t pid);
int halfopen_pidfd_signal(int pidfd, int signal);
/// A duplicate of another process's descriptor: the same socket, held by us.
int halfopen_pidfd_getfd(int pidfd, int descriptor);

// MARK: What Swift cannot import: variadics, macros, unions.

/// pipe2 with O_CLOEXEC.
int halfopen_pipe(int ends[2]);
/// accept4 of a connection that does not block, close-on-exec.
int halfopen_accept(int listener);
int halfopen_open(const char *path, int flags, mode_t mode);
int halfopen_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int halfopen_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t token);
uint64_t halfopen_epoll_token(const struct epoll_event *event);
int halfopen_become_subreaper(void);
/// What this process frees stays its own, for the next time: in the lab's kernel a page that is touched for the first
/// time is as dear as three system calls.
void halfopen_keep_memory(void);
/// Pins the calling thread to one processor.
int halfopen_pin(int processor);
static inline bool halfopen_exited(int status) { return WIFEXITED(status); }
static inline int halfopen_exit_status(int status) { return WEXITSTATUS(status); }
static inline int halfopen_exit_signal(int status) { return WTERMSIG(status); }
/// CLONE_NEW* flags of a host lab: network, mounts, processes, host name, System V objects.
uint64_t halfopen_lab_namespaces(void);
/// CLONE_NEWUSER.
uint64_t halfopen_user_namespace(void);

// MARK: The keeper: takes down what a runner leaves, whatever ended it.

/// Starts the keeper; call it before there are threads. Returns the descriptor to send lines on: "remove PATH" and
/// "kill GROUP" (announced before they are made), "forget PATH" and "spare GROUP". When the descriptor's last copy is
/// closed the keeper kills the groups, removes the paths and ends.
int halfopen_keeper_start(void);

// MARK: The lab kernel's configuration and preloaded library, as text.

extern const char halfopen_lab_config[];
extern const char halfopen_lab_seed_source[];
extern const char halfopen_lab_patches[];
static inline const char *halfopen_lab_config_text(void) { return halfopen_lab_config; }
static inline const char *halfopen_lab_seed_text(void) { return halfopen_lab_seed_source; }
static inline const char *halfopen_lab_patches_text(void) { return halfopen_lab_patches; }

// MARK: What `halfopen init` writes.

struct halfopen_embedded_file {
    const char *name;
    const char *text;
};
/// Ended by an entry without a name.
extern const struct halfopen_embedded_file halfopen_first_scenario[];
static inline const struct halfopen_embedded_file *halfopen_first_scenario_files(void)
{
    return halfopen_first_scenario;
}

/// process_vm_readv of one piece; 0, or -1 and errno.
int halfopen_peek(pid_t pid, uint64_t address, void *buffer, uint64_t length);

// MARK: What faults of TLS look at. All return -1 and errno on failure.

/// A packet socket, not blocking, that gets each IPv4 packet which leaves the namespace's host and begins a TLS
/// handshake's answer: its first bytes, from the IP header on.
int halfopen_server_hellos_open(int network_namespace);
/// Readable, not blocking, once somebody has opened the file (inotify).
int halfopen_opens_of(const char *path);

// MARK: The first process of a lab. All return -1 and errno on failure.

/// Brings the loopback interface of the caller's network namespace up.
int halfopen_loopback_up(void);
/// A detached copy of the mounts at a folder, to be attached elsewhere later, even when the folder is hidden by then.
int halfopen_tree_clone(const char *path);
int halfopen_tree_attach(int tree, const char *path);
/// Makes the mount at `path`, and those below it when `recursive`, read-only or writable.
int halfopen_mount_access(const char *path, bool writable, bool recursive);
/// Makes the mounts below / private, so that nothing mounted here is seen outside.
int halfopen_mounts_private(void);
int halfopen_mount(const char *kind, const char *path, uint64_t flags, const char *options);
/// Raises the limits of open files; inherited by all processes started later.
int halfopen_raise_descriptors(uint64_t soft, uint64_t hard);
int halfopen_power_off(void);
/// Which processors the caller may use, in ascending order; returns how many were written to `numbers`.
int halfopen_processors(int *numbers, int capacity);
/// A file without a name in the folder, for writing (O_TMPFILE); -1 where there can be none, or none could be named.
int halfopen_open_unnamed(const char *folder, mode_t mode);
/// Gives it a name that nothing has yet.
int halfopen_name(int descriptor, const char *path);
/// Two paths change places in one step (renameat2 with RENAME_EXCHANGE).
int halfopen_exchange(const char *a, const char *b);
