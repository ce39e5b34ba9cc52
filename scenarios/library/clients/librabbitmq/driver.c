/* librabbitmq (rabbitmq-c): librabbitmq --to HOST --settings SETTINGS
 * It has no reconnect of its own: the loop around its example amqp_consumer is ours, a new try after a second.
 *
 * defaults: as in its examples, no heartbeats; a queue that goes with the connection, no acknowledgements.
 * recommended: a durable queue and an acknowledgement for each message, so that none is lost while away; heartbeats of
 * 20 s (5 to 20 s are what RabbitMQ's guide advises), which the library keeps while it waits in amqp_consume_message.
 * https://github.com/alanxz/rabbitmq-c/tree/v0.11.0/examples
 * https://www.rabbitmq.com/docs/heartbeats#heartbeats-timeout
 */
#include <amqp.h>
#include <amqp_tcp_socket.h>

#include "halfopen_driver.h"

static int recommended;

static int works(amqp_connection_state_t broker) {
    return amqp_get_rpc_reply(broker).reply_type == AMQP_RESPONSE_NORMAL;
}

/* Logs in, and consumes from the queue. */
static int subscribe(amqp_connection_state_t broker) {
    amqp_bytes_t ticks = amqp_cstring_bytes("ticks"), name = amqp_empty_bytes;
    amqp_login(broker, "/", 0, 131072, recommended ? 20 : 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    amqp_channel_open(broker, 1);
    if (!works(broker)) return 0;
    amqp_exchange_declare(broker, 1, ticks, amqp_cstring_bytes("fanout"), 0, 1, 0, 0, amqp_empty_table);
    if (!works(broker)) return 0;
    if (recommended) name = amqp_cstring_bytes("subscriber");
    amqp_queue_declare_ok_t *queue =
        amqp_queue_declare(broker, 1, name, 0, recommended, !recommended, !recommended, amqp_empty_table);
    if (!queue) return 0;
    name = amqp_bytes_malloc_dup(queue->queue);
    amqp_queue_bind(broker, 1, name, ticks, amqp_empty_bytes, amqp_empty_table);
    if (works(broker))
        amqp_basic_consume(broker, 1, name, amqp_empty_bytes, 0, !recommended, 0, amqp_empty_table);
    amqp_bytes_free(name);
    return works(broker);
}

/* Until the connection fails. */
static void consume(amqp_connection_state_t broker) {
    for (;;) {
        amqp_envelope_t envelope;
        char text[24] = "";
        amqp_maybe_release_buffers(broker);
        amqp_rpc_reply_t reply = amqp_consume_message(broker, &envelope, NULL, 0);
        if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
            halfopen_text("error", amqp_error_string2(reply.library_error));
            return;
        }
        memcpy(text, envelope.message.body.bytes, envelope.message.body.len % sizeof text);
        halfopen_number("received", "ticks", atoll(text));
        if (recommended) amqp_basic_ack(broker, 1, envelope.delivery_tag, 0);
        amqp_destroy_envelope(&envelope);
    }
}

int main(int count, char **arguments) {
    const char *to = "localhost";
    for (int index = 1; index + 1 < count; index += 2) {
        if (!strcmp(arguments[index], "--to")) to = arguments[index + 1];
        if (!strcmp(arguments[index], "--settings")) recommended = !strcmp(arguments[index + 1], "recommended");
    }
    halfopen_hello("librabbitmq", amqp_version(), NULL);
    for (;;) {
        halfopen_event("attempt");
        amqp_connection_state_t broker = amqp_new_connection();
        int status = amqp_socket_open(amqp_tcp_socket_new(broker), to, 5672);
        if (status != AMQP_STATUS_OK) {
            halfopen_text("error", amqp_error_string2(status));
        } else if (subscribe(broker)) {
            halfopen_event("connected");
            consume(broker);
        } else {
            halfopen_text("error", "the login or the subscription failed");
        }
        amqp_destroy_connection(broker);
        sleep(1);
    }
}
