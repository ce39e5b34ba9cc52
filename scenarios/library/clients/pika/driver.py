"""pika's BlockingConnection. It has no reconnect of its own; the loop is the one of its documentation's example of
recovery, with a pause of a second.

defaults: a queue of its own that goes with the connection (exclusive), automatic acknowledgements, and the heartbeat
that the server proposes (RabbitMQ: 60 s).
recommended: a durable queue and an acknowledgement for each message, so that none is lost while away; heartbeats of
20 s (5 to 20 s are what RabbitMQ's guide advises), and a limit for being blocked.
https://pika.readthedocs.io/en/stable/examples/blocking_consume_recover_multiple_hosts.html
https://pika.readthedocs.io/en/stable/examples/heartbeat_and_blocked_timeouts.html
https://www.rabbitmq.com/docs/heartbeats#heartbeats-timeout
"""
import argparse
import time

import halfopen_driver as driver
import pika
import pika.exceptions


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options = options.parse_args()
    recommended = options.settings == "recommended"

    driver.hello("pika", pika.__version__)
    how = {"heartbeat": 20, "blocked_connection_timeout": 300} if recommended else {}
    while True:
        driver.attempt()
        try:
            connection = pika.BlockingConnection(pika.ConnectionParameters(options.to, **how))
            channel = connection.channel()
            channel.exchange_declare("ticks", exchange_type="fanout", durable=True)
            if recommended:
                queue = channel.queue_declare("subscriber", durable=True).method.queue
                channel.basic_qos(prefetch_count=10)
            else:
                queue = channel.queue_declare("", exclusive=True).method.queue
            channel.queue_bind(queue, "ticks")
            channel.basic_consume(queue, take if recommended else report, auto_ack=not recommended)
            driver.connected()
            channel.start_consuming()
        except pika.exceptions.AMQPError as problem:
            driver.error(repr(problem))
        time.sleep(1)


def report(channel, delivery, properties, body):
    driver.received("ticks", int(body))


def take(channel, delivery, properties, body):
    report(channel, delivery, properties, body)
    channel.basic_ack(delivery.delivery_tag)


main()
