/* hiredis' synchronous interface, subscribed to a channel: hiredis --to HOST --settings SETTINGS
 * It has no reconnect of its own: the loop is ours, a new try after a second.
 *
 * defaults: redisConnect, and redisGetReply for every message. No timeout.
 * recommended: redisConnectWithTimeout, redisEnableKeepAlive, and a PING whenever nothing came for half a minute, which
 * Redis answers on a subscribed connection too.
 * https://github.com/redis/hiredis#connecting and #other-configuration-using-socket-options
 * https://redis.io/docs/latest/commands/subscribe/ (commands that are allowed while subscribed)
 */
#include <hiredis/hiredis.h>
#include <poll.h>

#include "halfopen_driver.h"

static redisContext *server;

/* One line of the protocol: a message, the answer to SUBSCRIBE or to PING. */
static void take(const redisReply *reply) {
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3) return;
    const char *kind = reply->element[0]->str;
    if (!strcmp(kind, "subscribe")) halfopen_event("connected");
    if (!strcmp(kind, "message")) halfopen_number("received", "ticks", atoll(reply->element[2]->str));
}

/* Waits for what comes next. With a limit, a PING is sent when nothing came for so many milliseconds, and when then
 * nothing comes for as long again the connection has failed. */
static int next(redisReply **reply, int limit) {
    if (limit < 0) return redisGetReply(server, (void **)reply);
    for (int asked = 0, done = 0;;) {
        struct pollfd socket = {.fd = server->fd, .events = POLLIN};
        if (redisGetReplyFromReader(server, (void **)reply) != REDIS_OK) return REDIS_ERR;
        if (*reply) return REDIS_OK;
        for (done = 0; !done;)
            if (redisBufferWrite(server, &done) != REDIS_OK) return REDIS_ERR;
        int ready = poll(&socket, 1, limit);
        if (ready > 0 && redisBufferRead(server) != REDIS_OK) return REDIS_ERR;
        if (ready == 0 && asked++) {
            snprintf(server->errstr, sizeof server->errstr, "no answer to PING");
            return REDIS_ERR;
        }
        if (ready == 0) redisAppendCommand(server, "PING");
    }
}

/* Until the connection fails. */
static void listen_to(const char *host, int recommended) {
    const struct timeval patience = {5, 0};
    redisReply *reply = NULL;

    halfopen_event("attempt");
    server = recommended ? redisConnectWithTimeout(host, 6379, patience) : redisConnect(host, 6379);
    if (server->err) return;
    if (recommended) redisEnableKeepAlive(server);
    redisAppendCommand(server, "SUBSCRIBE ticks");
    while (next(&reply, recommended ? 30000 : -1) == REDIS_OK) {
        take(reply);
        freeReplyObject(reply);
    }
}

int main(int count, char **arguments) {
    const char *to = "localhost";
    int recommended = 0;
    char version[32];
    for (int index = 1; index + 1 < count; index += 2) {
        if (!strcmp(arguments[index], "--to")) to = arguments[index + 1];
        if (!strcmp(arguments[index], "--settings")) recommended = !strcmp(arguments[index + 1], "recommended");
    }
    snprintf(version, sizeof version, "%d.%d.%d", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    halfopen_hello("hiredis", version, NULL);
    for (;;) {
        listen_to(to, recommended);
        halfopen_text("error", server->errstr);
        redisFree(server);
        sleep(1);
    }
}
