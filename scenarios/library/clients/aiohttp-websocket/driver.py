"""aiohttp's WebSocket client. It has no reconnect of its own: its documentation's loop over messages ends, and ours
begins again.

defaults: ws_connect(url), no heartbeat; a new try after a second.
recommended: a heartbeat, which pings and ends a connection whose pong does not come within half of it; a new try after
a random time of up to 5 s, then twice that and so on up to a minute (RFC 6455, 7.2.3).
https://docs.aiohttp.org/en/stable/client_quickstart.html#websockets
https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientSession.ws_connect
"""
import argparse
import asyncio
import random

import aiohttp
import halfopen_driver as driver


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options = options.parse_args()
    recommended = options.settings == "recommended"

    driver.hello("aiohttp", aiohttp.__version__)
    how = {"heartbeat": 30} if recommended else {}
    longest = 5
    async with aiohttp.ClientSession() as session:
        while True:
            driver.attempt()
            try:
                async with session.ws_connect(f"http://{options.to}/", **how) as connection:
                    driver.connected()
                    longest = 5
                    async for message in connection:
                        if message.type == aiohttp.WSMsgType.TEXT:
                            driver.received("ticks", int(message.data))
                    driver.error(f"closed: {connection.close_code} {connection.exception()}")
            except (aiohttp.ClientError, asyncio.TimeoutError) as problem:
                driver.error(repr(problem))
            await asyncio.sleep(random.uniform(0, longest) if recommended else 1)
            longest = min(2 * longest, 60)


asyncio.run(main())
