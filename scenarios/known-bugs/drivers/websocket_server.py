"""Sends a numbered message every second to every WebSocket that is open. Not under test: Debian's websockets."""
import argparse
import asyncio

import halfopen_driver as driver
import websockets


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options = options.parse_args()

    driver.hello("websockets", websockets.version.version)
    open_now = set()

    async def serve(connection, path=None):
        open_now.add(connection)
        try:
            await connection.wait_closed()
        finally:
            open_now.discard(connection)

    # Its own keep-alive is off: what the client does about silence is what matters here.
    async with websockets.serve(serve, "0.0.0.0", options.port, ping_interval=None):
        loop, sequence = asyncio.get_running_loop(), 0
        due = loop.time()
        while True:
            due += 1
            await asyncio.sleep(due - loop.time())
            sequence += 1
            driver.sent("ticks", sequence)
            websockets.broadcast(open_now, str(sequence))


asyncio.run(main())
