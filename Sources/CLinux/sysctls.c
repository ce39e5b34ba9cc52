#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct settings { const char *const *paths, *const *texts; int *errors; int count; };

static int write_settings(void *context)
{
    struct settings *settings = context;
    for (int i = 0; i < settings->count; i++) {
        int file = open(settings->paths[i], O_WRONLY | O_CLOEXEC);
        settings->errors[i] = 0;
        if (file < 0) {
            settings->errors[i] = errno;
            continue;
        }
        if (write(file, settings->texts[i], strlen(settings->texts[i])) < 0)
            settings->errors[i] = errno;
        close(file);
    }
    return 0;
}

int halfopen_write_each_in(int network_namespace, const char *const *paths, const char *const *texts, int *errors,
                           int count)
{
    struct settings settings = { paths, texts, errors, count };
    return halfopen_in_namespace(network_namespace, write_settings, &settings);
}
