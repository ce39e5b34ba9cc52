"""Publishes a numbered message to "ticks" every so often. Not under test: it sits beside the server."""
import argparse
import time

import halfopen_driver as driver
import redis


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("redis-py", redis.__version__)
    client = redis.Redis(host=options.to)
    sequence, due = 0, time.monotonic() + 1
    while True:
        time.sleep(max(0, due - time.monotonic()))
        sequence += 1
        try:
            driver.sent("ticks", sequence)
            client.publish("ticks", sequence)
        except redis.ConnectionError as problem:
            driver.error(problem)
        due += options.every


main()
