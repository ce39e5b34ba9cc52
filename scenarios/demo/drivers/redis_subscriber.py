"""redis-py's pub/sub as its documentation has it: get_message in a loop, a health check, and a retry after errors."""
import argparse
import time

import halfopen_driver as driver
import redis


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--health-check", type=int, default=60, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("redis-py", redis.__version__)
    client = redis.Redis(
        host=options.to,
        socket_connect_timeout=5,
        socket_timeout=5,
        socket_keepalive=True,
        health_check_interval=options.health_check,
    )
    subscription = client.pubsub()
    while True:
        try:
            if not subscription.subscribed:
                subscription.subscribe("ticks")
            # After a lost connection redis-py connects and subscribes again by itself, inside get_message.
            report(subscription.get_message(timeout=1))
        except redis.RedisError as problem:
            driver.error(problem)
            time.sleep(1)


def report(message):
    if message is None:
        return
    if message["type"] == "subscribe":
        driver.connected()
    elif message["type"] == "message":
        driver.received("ticks", int(message["data"]))


main()
