"""psycopg's notifications (LISTEN and NOTIFY). It has no reconnect of its own: the loop is ours.

defaults: connect(), and the generator notifies(); a new try after a second.
recommended: libpq's own means against a connection that is dead in silence, and a limit for connecting.
https://www.psycopg.org/psycopg3/docs/advanced/async.html#asynchronous-notifications
https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS (keepalives_idle, tcp_user_timeout)
"""
import argparse
import time

import halfopen_driver as driver
import psycopg


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options = options.parse_args()

    driver.hello("psycopg", psycopg.__version__)
    how = {"host": options.to, "user": "nobody", "dbname": "template1"}
    if options.settings == "recommended":
        how.update(connect_timeout=10, keepalives_idle=30, keepalives_interval=10, keepalives_count=3)
        how.update(tcp_user_timeout=30_000)
    while True:
        driver.attempt()
        try:
            with psycopg.connect(**how, autocommit=True) as connection:
                connection.execute("LISTEN ticks")
                driver.connected()
                for notice in connection.notifies():
                    driver.received(notice.channel, int(notice.payload))
        except psycopg.OperationalError as problem:
            driver.error(problem)
        time.sleep(1)


main()
