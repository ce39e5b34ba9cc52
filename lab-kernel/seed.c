/* Preloaded into the lab kernel's process: the kernel of the guest takes all its randomness from the host's
 * getrandom(2), called through libc (arch/um/os-Linux/util.c). Answering it from a seed makes whole runs repeat byte
 * for byte. The stream is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014); the
 * guest's kernel puts it through its own generator, so its statistical quality is not what counts. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

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
