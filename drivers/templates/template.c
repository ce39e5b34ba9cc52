/* A driver in C. Put your library where the socket is; keep what is said to Halfopen. */
#include <netdb.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "halfopen_driver.h"

/* Connects within five seconds, as the kernel gives up by SO_SNDTIMEO; -1 when that fails. */
static int connect_to(const char *host, const char *port) {
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    struct timeval patience = {5, 0};
    int problem = getaddrinfo(host, port, &want, &found);
    if (problem != 0) {
        halfopen_text("error", gai_strerror(problem));
        return -1;
    }
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    problem = connect(connection, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (problem == 0) return connection;
    halfopen_text("error", strerror(errno));
    close(connection);
    return -1;
}

/* The client under test: one connection, until it fails. Returns how many messages came. */
static int follow(const char *host, const char *port) {
    char line[256];
    int count = 0, connection = connect_to(host, port);
    if (connection < 0) return 0;
    FILE *lines = fdopen(connection, "r");
    struct timeval silence = {15, 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    errno = 0;
    while (fgets(line, sizeof line, lines)) {
        if (!strcmp(line, "ok\n")) {
            halfopen_event("connected");
        } else {
            halfopen_number("received", "ticks", atoll(line));
            count++;
        }
    }
    halfopen_text("error", feof(lines) ? "the server hung up" : "nothing for 15 s");
    fclose(lines);
    return count;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    halfopen_hello("my-client", "0.1", NULL);
    for (int failures = 0;; failures++) {
        unsigned random = 0;
        halfopen_event("attempt");
        if (follow(arguments[1], arguments[2]) > 0) failures = 0;
        /* Exponential backoff with full jitter; the lab's kernel answers from the run's seed. */
        getrandom(&random, sizeof random, 0);
        usleep(random % (1000000u << (failures < 3 ? failures : 3)));
    }
}
