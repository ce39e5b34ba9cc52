/* libmosquitto, whose mosquitto_loop_forever reconnects by itself:
 * libmosquitto --to HOST --settings SETTINGS [--ca FILE]
 *
 * defaults: a clean session, QoS 0, keep-alive 60 s as its examples have it, and a new try after a second, always.
 * recommended: the broker keeps the session and messages have QoS 1, so that none is lost while away (OASIS MQTT 3.1.1,
 * 3.1.2.4 and 4.1); mosquitto_reconnect_delay_set makes the wait grow exponentially up to half a minute; and when the
 * library gives up, the driver begins again.
 * https://mosquitto.org/api/files/mosquitto-h.html#mosquitto_loop_forever and #mosquitto_reconnect_delay_set
 */
#include <mosquitto.h>
#include <stdlib.h>

#include "halfopen_driver.h"

static int recommended;

static void on_subscribe(struct mosquitto *client, void *context, int message, int count, const int *granted) {
    (void)client, (void)context, (void)message, (void)count, (void)granted;
    halfopen_event("connected");
}

static void on_connect(struct mosquitto *client, void *context, int code, int flags) {
    (void)context;
    if (code != 0) {
        halfopen_text("error", mosquitto_connack_string(code));
    } else if (flags & 1) {
        /* Session present: the broker has kept the subscription. */
        halfopen_event("resumed");
        halfopen_event("connected");
    } else {
        mosquitto_subscribe(client, NULL, "ticks", recommended);
    }
}

static void on_disconnect(struct mosquitto *client, void *context, int code) {
    (void)client, (void)context;
    halfopen_text("error", mosquitto_strerror(code));
}

static void on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message) {
    (void)client, (void)context;
    halfopen_number("received", message->topic, atoll(message->payload));
}

int main(int count, char **arguments) {
    const char *to = "localhost", *authority = NULL;
    for (int index = 1; index + 1 < count; index += 2) {
        if (!strcmp(arguments[index], "--to")) to = arguments[index + 1];
        if (!strcmp(arguments[index], "--settings")) recommended = !strcmp(arguments[index + 1], "recommended");
        if (!strcmp(arguments[index], "--ca")) authority = arguments[index + 1];
    }
    int major, minor, revision;
    char version[32];
    mosquitto_lib_init();
    mosquitto_lib_version(&major, &minor, &revision);
    snprintf(version, sizeof version, "%d.%d.%d", major, minor, revision);
    halfopen_hello("libmosquitto", version, NULL);

    /* Of two with one identifier the broker keeps the later (OASIS MQTT 3.1.1, 3.1.4). */
    const char *name = getenv("CLIENT_ID");
    struct mosquitto *client = mosquitto_new(recommended ? (name ? name : "subscriber") : NULL, !recommended, NULL);
    if (recommended) mosquitto_reconnect_delay_set(client, 1, 30, true);
    if (authority) mosquitto_tls_set(client, authority, NULL, NULL, NULL, NULL);
    mosquitto_connect_with_flags_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_connect(client, to, authority ? 8883 : 1883, 60);
    for (;;) {
        /* It comes back when it gives up, as after an error of TLS. Its examples end then. */
        int problem = mosquitto_loop_forever(client, -1, 1);
        halfopen_text("error", mosquitto_strerror(problem));
        if (!recommended) return 1;
        sleep(1);
        mosquitto_reconnect(client);
    }
}
