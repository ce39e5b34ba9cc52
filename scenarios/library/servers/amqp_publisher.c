/* Publishes a numbered message to the exchange "ticks" every so often, with librabbitmq: amqp_publisher HOST SECONDS
 * Not under test: it sits beside the broker. Messages are kept on disk by durable queues, and each is published again
 * until the broker has confirmed it, so that none is lost here. */
#include <amqp.h>
#include <amqp_tcp_socket.h>

#include "halfopen_driver.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int works(amqp_connection_state_t broker) {
    return amqp_get_rpc_reply(broker).reply_type == AMQP_RESPONSE_NORMAL;
}

static amqp_connection_state_t connect_to(const char *host) {
    amqp_connection_state_t broker = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(broker);
    if (amqp_socket_open(socket, host, 5672) == AMQP_STATUS_OK) {
        /* Without heartbeats: while the broker is frozen, messages wait in the socket. */
        amqp_login(broker, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        amqp_channel_open(broker, 1);
        if (works(broker) && amqp_confirm_select(broker, 1)) {
            amqp_exchange_declare(
                broker, 1, amqp_cstring_bytes("ticks"), amqp_cstring_bytes("fanout"), 0, 1, 0, 0, amqp_empty_table);
            if (works(broker)) return broker;
        }
    }
    amqp_destroy_connection(broker);
    return NULL;
}

/* Whether the broker took it. */
static int publish(amqp_connection_state_t broker, int64_t sequence) {
    char text[24];
    amqp_frame_t answer;
    amqp_basic_properties_t kept = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = AMQP_DELIVERY_PERSISTENT};
    snprintf(text, sizeof text, "%lld", (long long)sequence);
    int status = amqp_basic_publish(
        broker, 1, amqp_cstring_bytes("ticks"), amqp_empty_bytes, 0, 0, &kept, amqp_cstring_bytes(text));
    if (status != AMQP_STATUS_OK) return 0;
    if (amqp_simple_wait_frame(broker, &answer) != AMQP_STATUS_OK) return 0;
    return answer.frame_type == AMQP_FRAME_METHOD && answer.payload.method.id == AMQP_BASIC_ACK_METHOD;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    double every = atof(arguments[2]), due = now() + 1;
    amqp_connection_state_t broker = NULL;

    halfopen_hello("librabbitmq", amqp_version(), NULL);
    for (int64_t sequence = 1;; sequence++, due += every) {
        double wait = due - now();
        if (wait > 0) usleep((useconds_t)(wait * 1e6));
        halfopen_number("sent", "ticks", sequence);
        for (;;) {
            if (!broker) broker = connect_to(arguments[1]);
            if (broker && publish(broker, sequence)) break;
            if (broker) amqp_destroy_connection(broker);
            broker = NULL;
            sleep(1);
        }
        halfopen_number("acked", "ticks", sequence);
    }
}
