"""redis-py's pub/sub as its documentation has it: get_message in a loop, or listen, and on after an error."""
import argparse
import time

import halfopen_driver as driver
import redis


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--by", choices=["get-message", "listen"], default="get-message")
    options.add_argument("--health-check", type=int, default=0, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("redis-py", redis.__version__)
    client = redis.Redis(host=options.to, health_check_interval=options.health_check)
    subscription = client.pubsub()
    subscription.subscribe("ticks")
    messages = listen if options.by == "listen" else poll
    while True:
        try:
            messages(subscription)
        except Exception as problem:
            # redis-py connects and subscribes again by itself when it is asked for the next message.
            driver.error(f"{type(problem).__name__}: {problem}")
            time.sleep(0.2)


def poll(subscription):
    while True:
        report(subscription.get_message(timeout=1))


def listen(subscription):
    for message in subscription.listen():
        report(message)


def report(message):
    if message is None:
        return
    if message["type"] == "subscribe":
        driver.connected()
    elif message["type"] == "message":
        driver.received("ticks", int(message["data"]))


main()
