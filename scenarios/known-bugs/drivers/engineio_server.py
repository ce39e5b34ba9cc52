"""python-engineio's server on aiohttp; it sends a numbered message every second to all. Not under test."""
import argparse
import asyncio

import engineio
import halfopen_driver as driver
from aiohttp import web


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options = options.parse_args()

    driver.hello("python-engineio", "server")
    server, application, present = engineio.AsyncServer(async_mode="aiohttp"), web.Application(), set()
    server.attach(application)
    server.on("connect", lambda session, *_: present.add(session))
    server.on("disconnect", lambda session, *_: present.discard(session))
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", options.port).start()
    sequence = 0
    while True:
        await asyncio.sleep(1)
        sequence += 1
        driver.sent("ticks", sequence)
        for session in list(present):
            await server.send(session, str(sequence))


asyncio.run(main())
