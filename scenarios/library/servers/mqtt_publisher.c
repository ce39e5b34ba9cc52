/* Publishes a numbered message to "ticks" every so often, with libmosquitto: mqtt_publisher HOST SECONDS
 * Not under test: it sits beside the broker. QoS 1 and a session that the broker keeps; what is handed over while the
 * broker is away waits in the library and is sent when it is back, so that no message is lost here. */
#include <mosquitto.h>

#include "halfopen_driver.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The library numbers messages as it sends them, from 1 to 65535 and around. */
static int64_t sequence_of[65536];

static void published(struct mosquitto *client, void *context, int message) {
    (void)client, (void)context;
    halfopen_number("acked", "ticks", sequence_of[message]);
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    double every = atof(arguments[2]), due = now() + 1;
    int64_t sequence = 0;
    int status;

    mosquitto_lib_init();
    halfopen_hello("libmosquitto", "", NULL);
    struct mosquitto *client = mosquitto_new("publisher", false, NULL);
    mosquitto_publish_callback_set(client, published);
    /* The longest keep-alive there is: while the broker is frozen, messages wait in the socket. (With none at all,
     * mosquitto_loop of 2.0.11 never waits.) */
    status = mosquitto_connect(client, arguments[1], 1883, 65535);
    for (;;) {
        double wait = due - now();
        if (wait > 0) {
            if (status == MOSQ_ERR_SUCCESS) status = mosquitto_loop(client, (int)(wait * 1000) + 1, 1);
            if (status != MOSQ_ERR_SUCCESS) {
                sleep(1);
                status = mosquitto_reconnect(client);
            }
            continue;
        }
        char text[24];
        int message = 0, length = snprintf(text, sizeof text, "%lld", (long long)++sequence);
        halfopen_number("sent", "ticks", sequence);
        mosquitto_publish(client, &message, "ticks", length, text, 1, false);
        sequence_of[message] = sequence;
        due += every;
    }
}
