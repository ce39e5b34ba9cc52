"""psycopg's connection pool: asks every so often, or checks the pool every so often, and says how large it is."""
import argparse
import logging
import time

import halfopen_driver as driver
import psycopg
import psycopg_pool


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--do", choices=["ask", "check"], required=True)
    options.add_argument("--every", type=float, required=True, metavar="SECONDS")
    options.add_argument("--reconnect-timeout", type=float, required=True, metavar="SECONDS")
    options = options.parse_args()

    logging.basicConfig(level=logging.WARNING)
    driver.hello("psycopg-pool", psycopg_pool.__version__)
    pool = psycopg_pool.ConnectionPool(
        f"host={options.to} user=nobody dbname=postgres connect_timeout=5", min_size=2, max_size=4, timeout=2,
        reconnect_timeout=options.reconnect_timeout,
        reconnect_failed=lambda _: driver.error("gave up connecting again"))
    pool.wait(timeout=30)
    driver.connected()
    number, due = 0, time.monotonic()
    while True:
        due += options.every
        time.sleep(max(0, due - time.monotonic()))
        number += 1
        if options.do == "ask":
            ask(pool, number)
        else:
            pool.check()
            driver.note("pool", size=pool.get_stats()["pool_size"])


def ask(pool, number):
    driver.request(str(number))
    try:
        with pool.connection() as connection:
            answer = connection.execute("SELECT %s::int", [number]).fetchone()[0]
        driver.response(str(number), ok=answer == number)
        driver.received("answers", number)
    except (psycopg.Error, psycopg_pool.PoolTimeout) as problem:
        driver.response(str(number), ok=False, reason=type(problem).__name__, text=str(problem))


main()
