"""websockets' client. `async for ... in connect()` reconnects by itself: after up to 5 s at random, then with a growing
wait. Its defaults are what its documentation recommends: a ping after 20 s, which must be answered within 20 s.
https://websockets.readthedocs.io/en/stable/reference/asyncio/client.html#websockets.asyncio.client.connect
https://websockets.readthedocs.io/en/stable/topics/keepalive.html
"""
import argparse
import asyncio
import ssl

import halfopen_driver as driver
import websockets
from websockets.asyncio.client import connect


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["recommended"], default="recommended")
    options.add_argument("--ca", help="the authority that vouches for the server; with it, TLS is spoken")
    options = options.parse_args()

    driver.hello("websockets", websockets.__version__)
    address, how = f"ws://{options.to}/", {}
    if options.ca:
        address, how = f"wss://{options.to}/", {"ssl": ssl.create_default_context(cafile=options.ca)}
    async for connection in connect(address, **how):
        driver.connected()
        try:
            async for message in connection:
                driver.received("ticks", int(message))
            driver.state("closed")
        except websockets.ConnectionClosed as problem:
            driver.error(problem)


asyncio.run(main())
