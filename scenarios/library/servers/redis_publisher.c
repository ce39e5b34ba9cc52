/* Publishes a numbered message to "ticks" every so often, with hiredis: redis_publisher HOST SECONDS
 * Not under test: it sits beside the server. */
#include <hiredis/hiredis.h>

#include "halfopen_driver.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    double every = atof(arguments[2]), due = now() + 1;
    redisContext *server = NULL;

    halfopen_hello("hiredis", "", NULL);
    for (int64_t sequence = 1;; sequence++, due += every) {
        double wait = due - now();
        if (wait > 0) usleep((useconds_t)(wait * 1e6));
        if (server && server->err) {
            redisFree(server);
            server = NULL;
        }
        if (!server) server = redisConnect(arguments[1], 6379);
        halfopen_number("sent", "ticks", sequence);
        void *reply = server && !server->err ? redisCommand(server, "PUBLISH ticks %lld", (long long)sequence) : NULL;
        if (reply) freeReplyObject(reply);
        else halfopen_text("error", server ? server->errstr : "no memory");
    }
}
