"""httpx-sse. It has no reconnect of its own; the loop is the one that its README shows, with Last-Event-ID and the
server's reconnection time.

defaults: httpx' timeouts (5 s, also between two bytes of the stream); a new try after the server's time.
recommended: the server says something every 15 s (HTML standard, 9.2.7), so a silence of 20 s is its end; the wait
grows by half up to half a minute, with jitter.
https://github.com/florimondmanca/httpx-sse#handling-reconnections
https://www.python-httpx.org/advanced/timeouts/
"""
import argparse
import random
import time
from importlib.metadata import version

import halfopen_driver as driver
import httpx
from httpx_sse import connect_sse


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options = options.parse_args()
    recommended = options.settings == "recommended"

    driver.hello("httpx-sse", version("httpx-sse"))
    client = httpx.Client(timeout=httpx.Timeout(5, read=20)) if recommended else httpx.Client()
    last, pause, failures = "", 0.0, 0
    while True:
        driver.attempt()
        headers = {"Last-Event-ID": last} if last else {}
        try:
            with connect_sse(client, "GET", f"http://{options.to}/events", headers=headers) as source:
                source.response.raise_for_status()
                driver.connected()
                failures = 0
                for event in source.iter_sse():
                    last = event.id
                    pause = event.retry / 1000 if event.retry is not None else pause
                    if event.data:
                        driver.received("ticks", int(event.data))
                driver.error("the server ended the stream")
        except httpx.HTTPError as problem:
            driver.error(repr(problem))
        failures += 1
        time.sleep(random.uniform(0.5, 1) * min(pause * 1.5**failures, 30) if recommended else pause)


main()
