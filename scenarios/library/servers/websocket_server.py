"""A WebSocket server that pushes the same numbers to all who are connected; made with the library websockets, whose
keep-alive (a ping after 20 s, which must be answered within 20 s) is on. Not under test: it is what clients talk to.
"""
import argparse
import asyncio
import ssl

import halfopen_driver as driver
import ticker
import websockets
from websockets.asyncio.server import broadcast, serve


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options.add_argument("--work", required=True)
    options.add_argument("--certificate")
    options.add_argument("--key")
    options = options.parse_args()

    driver.hello("websockets", websockets.__version__)
    connections = set()

    async def handle(connection):
        connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connections.discard(connection)

    async def publish(number):
        broadcast(connections, str(number))

    how = None
    if options.certificate:
        how = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        how.load_cert_chain(options.certificate, options.key)
    async with serve(handle, "0.0.0.0", 443 if how else 80, ssl=how):
        await ticker.tick(options.every, options.work, publish)


asyncio.run(main())
