#define _GNU_SOURCE
#include "CLinux.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The keeper outlives its runner by a moment and takes down what the runner leaves. It is forked before the runner has
// threads, holds nothing but the pipe's reading end, and must not fail: so it has fixed tables, in memory of its own.

enum { MOST_PATHS = 256, MOST_GROUPS = 256, LONGEST_LINE = 4096 };

static char *paths[MOST_PATHS];
static pid_t groups[MOST_GROUPS];

// Never follows a symbolic link: a folder is entered by descriptor, with O_NOFOLLOW.
static void remove_tree(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT || depth > 64)
        return;
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (!entries) {
        if (folder >= 0)
            close(folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(folder, entry->d_name, depth + 1);
    closedir(entries);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static void note_path(const char *path, int wanted)
{
    int place = -1;
    for (int i = 0; i < MOST_PATHS; i++) {
        if (paths[i] && strcmp(paths[i], path) == 0) {
            if (!wanted) {
                free(paths[i]);
                paths[i] = NULL;
            }
            return;
        }
        if (!paths[i] && place < 0)
            place = i;
    }
    if (wanted && place >= 0)
        paths[place] = strdup(path);
}

static void note_group(pid_t group, int wanted)
{
    int place = -1;
    for (int i = 0; i < MOST_GROUPS; i++) {
        if (groups[i] == group) {
            if (!wanted)
                groups[i] = 0;
            return;
        }
        if (groups[i] == 0 && place < 0)
            place = i;
    }
    // 1 and below would mean everybody.
    if (wanted && place >= 0 && group > 1)
        groups[place] = group;
}

static void obey(char *line)
{
    char *space = strchr(line, ' ');
    if (!space)
        return;
    *space = 0;
    const char *object = space + 1;
    if (strcmp(line, "remove") == 0 || strcmp(line, "forget") == 0)
        note_path(object, line[0] == 'r');
    else if (strcmp(line, "kill") == 0 || strcmp(line, "spare") == 0)
        note_group((pid_t)atoi(object), line[0] == 'k');
}

static void clean_up(void)
{
    for (int i = 0; i < MOST_GROUPS; i++)
        if (groups[i])
            kill(-groups[i], SIGKILL);
    // What is dying may still write: wait for it, though not for ever (a zombie counts as alive).
    struct timespec moment = { 0, 2000000 };
    for (int i = 0; i < MOST_GROUPS; i++)
        for (int tries = 0; groups[i] && tries < 300 && kill(-groups[i], 0) == 0; tries++)
            nanosleep(&moment, NULL);
    for (int i = 0; i < MOST_PATHS; i++)
        if (paths[i])
            remove_tree(AT_FDCWD, paths[i], 0);
}

static void keep(int pipe)
{
    static char buffer[LONGEST_LINE];
    size_t length = 0;
    for (;;) {
        ssize_t count = read(pipe, buffer + length, sizeof buffer - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        length += (size_t)count;
        char *start = buffer, *end;
        while ((end = memchr(start, '\n', length - (size_t)(start - buffer)))) {
            *end = 0;
            obey(start);
            start = end + 1;
        }
        length -= (size_t)(start - buffer);
        memmove(buffer, start, length);
        // A line that long is not ours; drop it rather than stop listening.
        if (length == sizeof buffer)
            length = 0;
    }
    clean_up();
    _exit(0);
}

int halfopen_keeper_start(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    // A plain system call, not fork(): no handlers of anybody's run in the child. No exit signal: the runner never
    // waits.
    pid_t child = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (child < 0) {
        int saved = errno;
        close(ends[0]);
        close(ends[1]);
        errno = saved;
        return -1;
    }
    if (child > 0) {
        close(ends[0]);
        return ends[1];
    }
    setsid();
    prctl(PR_SET_NAME, "halfopen-keeper");
    for (int number = 1; number < 32; number++)
        signal(number, number == SIGSEGV || number == SIGABRT || number == SIGBUS ? SIG_DFL : SIG_IGN);
    if (chdir("/") != 0) { /* it keeps the folder it has */ }
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3 && null >= 0; i++)
        dup2(null, i);
    dup2(ends[0], 3);
    syscall(SYS_close_range, 4U, ~0U, 0);
    keep(3);
    return -1;
}
