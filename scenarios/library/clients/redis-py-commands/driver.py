"""redis-py's commands, one after another over its connection pool. It retries by itself; a command that fails in the
end is reported as failed, and the next one comes when it is due.

defaults: Redis(host). Timeouts of 5 s and 10 retries in about five seconds (8.x).
recommended: a health check of connections that were idle for 30 s, and more patient retries.
https://redis.io/docs/latest/develop/clients/redis-py/produsage/ (timeouts, retries, health checks)
"""
import argparse

import halfopen_driver as driver
import redis
import requester
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("redis-py", redis.__version__)
    how = {"host": options.to}
    if options.settings == "recommended":
        how["health_check_interval"] = 30
        how["retry"] = Retry(ExponentialWithJitterBackoff(base=0.5, cap=10), 10)
    client = redis.Redis(**how)
    requester.ask_for_ever(options.every, lambda: client.incr("asked"), redis.RedisError)


main()
