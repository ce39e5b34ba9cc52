"""Asks Redis once a second with redis-py's client and its connection pool; its retries are as many as asked for."""
import argparse
import time

import halfopen_driver as driver
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--retries", type=int, required=True)
    options.add_argument("--pause", type=float, required=True, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("redis-py", redis.__version__)
    client = redis.Redis(
        host=options.to,
        protocol=3,
        retry=Retry(ConstantBackoff(options.pause), options.retries),
        retry_on_error=[redis.ConnectionError, redis.TimeoutError],
    )
    client.ping()
    driver.connected()
    number, due = 0, time.monotonic()
    while True:
        due += 1
        time.sleep(max(0, due - time.monotonic()))
        number += 1
        driver.request(str(number))
        try:
            client.ping()
            driver.response(str(number))
            driver.received("answers", number)
        except redis.RedisError as problem:
            driver.response(str(number), ok=False, reason=type(problem).__name__, text=str(problem))


main()
