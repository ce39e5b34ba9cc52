"""redis-py's pub/sub, as its documentation has it. It connects and subscribes again by itself, within its retries; when
they are used up it raises, and what this loop does then is what its users write: wait a second, go on.

defaults: Redis(host) and listen(). Timeouts of 5 s, 10 retries in about five seconds, TCP keep-alive after 30 s (8.x).
recommended: get_message with a timeout, so that the health check (30 s) has its turn, and more patient retries.
https://redis.readthedocs.io/en/stable/advanced_features.html#publish-subscribe
https://redis.io/docs/latest/develop/clients/redis-py/produsage/ (timeouts, retries, health checks)
"""
import argparse
import time

import halfopen_driver as driver
import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options.add_argument("--ca", help="the authority that vouches for the server; with it, TLS is spoken")
    options = options.parse_args()
    recommended = options.settings == "recommended"

    driver.hello("redis-py", redis.__version__)
    how = {"host": options.to}
    if recommended:
        how["health_check_interval"] = 30
        how["retry"] = Retry(ExponentialWithJitterBackoff(base=0.5, cap=10), 10)
    if options.ca:
        how.update(port=6380, ssl=True, ssl_ca_certs=options.ca)
    subscription = redis.Redis(**how).pubsub()
    while True:
        try:
            if not subscription.subscribed:
                subscription.subscribe("ticks")
            if recommended:
                while True:
                    report(subscription.get_message(timeout=5))
            else:
                for message in subscription.listen():
                    report(message)
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
