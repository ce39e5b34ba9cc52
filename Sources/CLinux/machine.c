#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

int halfopen_clock_step(int64_t nanoseconds)
{
    struct timex change;
    memset(&change, 0, sizeof change);
    change.modes = ADJ_SETOFFSET | ADJ_NANO;
    // The fraction counts up from the second below (clock_adjtime(2)).
    change.time.tv_sec = (time_t)(nanoseconds / 1000000000);
    change.time.tv_usec = (suseconds_t)(nanoseconds % 1000000000);
    if (change.time.tv_usec < 0) {
        change.time.tv_sec -= 1;
        change.time.tv_usec += 1000000000;
    }
    return clock_adjtime(CLOCK_REALTIME, &change) < 0 ? -1 : 0;
}

int halfopen_clock_rate(int64_t *tick, int64_t *frequency)
{
    struct timex now;
    memset(&now, 0, sizeof now);
    if (clock_adjtime(CLOCK_REALTIME, &now) < 0)
        return -1;
    *tick = now.tick;
    *frequency = now.freq;
    return 0;
}

int halfopen_clock_set_rate(int64_t tick, int64_t frequency)
{
    struct timex change;
    memset(&change, 0, sizeof change);
    change.modes = ADJ_TICK | ADJ_FREQUENCY;
    change.tick = tick;
    change.freq = frequency;
    return clock_adjtime(CLOCK_REALTIME, &change) < 0 ? -1 : 0;
}

int halfopen_descriptor_limit(pid_t pid, const uint64_t *wanted, uint64_t former[2])
{
    struct rlimit limit, old;
    if (wanted) {
        limit.rlim_cur = (rlim_t)wanted[0];
        limit.rlim_max = (rlim_t)wanted[1];
    }
    if (prlimit(pid, RLIMIT_NOFILE, wanted ? &limit : NULL, &old) != 0)
        return -1;
    if (former) {
        former[0] = old.rlim_cur;
        former[1] = old.rlim_max;
    }
    return 0;
}

struct read_request { const char *path; char *text; int capacity; };

static int read_file(void *context)
{
    struct read_request *request = context;
    int file = open(request->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t count = read(file, request->text, (size_t)request->capacity);
    int saved = errno;
    close(file);
    errno = saved;
    return (int)count;
}

int halfopen_read_in(int network_namespace, const char *path, char *text, int capacity)
{
    struct read_request request = { path, text, capacity };
    return halfopen_in_namespace(network_namespace, read_file, &request);
}
