#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mount.h>

// Swift's runtime reads the command line from /proc/self/cmdline in a constructor of its library; as the first process
// of a bare machine nobody has mounted /proc for us. Functions in .preinit_array run before every library's
// constructors, with main's arguments. What goes wrong here shows when /proc is looked at.
static void mount_proc_when_first(int count, char **arguments, char **environment)
{
    (void)environment;
    if (getpid() == 1 && count > 2 && strcmp(arguments[1], "guest") == 0 && strcmp(arguments[2], "virtual") == 0)
        mount("proc", "/proc", "proc", 0, NULL);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(int, char **, char **)
    = mount_proc_when_first;

void halfopen_keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_TOP_PAD, 1 << 20);
}

int halfopen_loopback_up(void)
{
    int socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0)
        return -1;
    struct ifreq request = { .ifr_name = "lo" };
    int result = ioctl(socket_, SIOCGIFFLAGS, &request);
    if (result == 0) {
        request.ifr_flags |= IFF_UP;
        result = ioctl(socket_, SIOCSIFFLAGS, &request);
    }
    int saved = errno;
    close(socket_);
    errno = saved;
    return result;
}

int halfopen_tree_clone(const char *path)
{
    return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

int halfopen_tree_attach(int tree, const char *path)
{
    return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

int halfopen_mount_access(const char *path, bool writable, bool recursive)
{
    struct mount_attr attributes = { 0 };
    if (writable)
        attributes.attr_clr = MOUNT_ATTR_RDONLY;
    else
        attributes.attr_set = MOUNT_ATTR_RDONLY;
    unsigned flags = recursive ? AT_RECURSIVE : 0;
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attributes, sizeof attributes);
}

int halfopen_mounts_private(void) { return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL); }

int halfopen_mount(const char *kind, const char *path, uint64_t flags, const char *options)
{
    return mount(kind, path, kind, flags, options);
}

int halfopen_raise_descriptors(uint64_t soft, uint64_t hard)
{
    struct rlimit limit = { soft, hard };
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int halfopen_power_off(void) { return reboot(RB_POWER_OFF); }

int halfopen_processors(int *numbers, int capacity)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return -1;
    int count = 0;
    for (int number = 0; number < CPU_SETSIZE && count < capacity; number++)
        if (CPU_ISSET(number, &set))
            numbers[count++] = number;
    return count;
}
