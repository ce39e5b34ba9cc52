"""nats-py, which reconnects and subscribes again by itself, and tells so by callbacks.

defaults: connect(server). It gives up for good after 60 attempts, 2 s apart; pings every two minutes.
recommended: it never gives up (max_reconnect_attempts=-1), and pings every 20 s, as the documentation's example does;
two pings may stay unanswered, which is the library's default.
https://docs.nats.io/using-nats/developer/connecting/reconnect/max
https://docs.nats.io/using-nats/developer/connecting/pingpong
"""
import argparse
import asyncio
import ssl
from importlib.metadata import version

import halfopen_driver as driver
import nats


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options.add_argument("--ca", help="the authority that vouches for the server; with it, TLS is spoken")
    options = options.parse_args()

    driver.hello("nats-py", version("nats-py"))
    how = {
        "error_cb": told(driver.error),
        "disconnected_cb": told(driver.state, "disconnected"),
        "reconnected_cb": told(driver.connected),
        "closed_cb": told(driver.state, "closed"),
    }
    if options.settings == "recommended":
        how.update(max_reconnect_attempts=-1, ping_interval=20)
    if options.ca:
        how["tls"] = ssl.create_default_context(cafile=options.ca)
    connection = await nats.connect(f"{'tls' if options.ca else 'nats'}://{options.to}:4222", **how)

    async def handle(message):
        driver.received(message.subject, int(message.data))

    await connection.subscribe("ticks", cb=handle)
    await connection.flush()
    driver.connected()
    await asyncio.Event().wait()


def told(event, *details):
    """A callback of nats-py that says this event; with the error, if that is what it is called with."""

    async def callback(*problem):
        event(*details, *map(repr, problem))

    return callback


asyncio.run(main())
