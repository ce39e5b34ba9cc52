"""kafka-python's consumer as its documentation has it: subscribed to a topic, and polled."""
import argparse

import halfopen_driver as driver
import kafka


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options = options.parse_args()

    driver.hello("kafka-python", kafka.__version__)
    # With the broker's version given it need not be asked for.
    consumer = kafka.KafkaConsumer("ticks", bootstrap_servers=f"{options.to}:9092", api_version=(2, 5))
    was_connected = False
    while True:
        for messages in consumer.poll(timeout_ms=1000).values():
            for message in messages:
                driver.received("ticks", int(message.value))
        is_connected = consumer.bootstrap_connected()
        if is_connected != was_connected:
            driver.connected() if is_connected else driver.state("disconnected")
            was_connected = is_connected


main()
