"""confluent-kafka's consumer with its default settings; its own statistics say how its broker's connection stands."""
import argparse
import json

import confluent_kafka
import halfopen_driver as driver


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options = options.parse_args()

    driver.hello("confluent-kafka", confluent_kafka.version()[0] if isinstance(
        confluent_kafka.version(), tuple) else confluent_kafka.version())
    known = {}

    def report(statistics):
        for name, broker in json.loads(statistics)["brokers"].items():
            if broker["source"] == "configured" and known.get(name) != broker["state"]:
                known[name] = broker["state"]
                driver.connected() if broker["state"] == "UP" else driver.state(broker["state"].lower())

    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": f"{options.to}:9092", "group.id": "readers", "statistics.interval.ms": 1000,
        "stats_cb": report, "error_cb": lambda problem: driver.error(problem.str())})
    consumer.subscribe(["ticks"])
    while True:
        message = consumer.poll(1)
        if message is not None and message.error() is None:
            driver.received("ticks", int(message.value()))


main()
