"""Server-sent events: everybody gets the same numbers, each with its `id`, and those after `Last-Event-ID` first. Made
with aiohttp. Every 15 s without a message it sends a comment, as the HTML standard advises (9.2.7), and it asks for a
reconnection time of 3 s (9.2.5). Not under test: it is what clients talk to.
"""
import argparse
import asyncio
import logging

import aiohttp
import halfopen_driver as driver
import ticker
from aiohttp import web

last = 0
rang = None


async def events(request):
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    await response.write(b"retry: 3000\n\n")
    # The numbers are the messages: whatever came after the last one can be told again.
    said = int(request.headers.get("Last-Event-ID") or last)
    while True:
        while said < last:
            said += 1
            await response.write(b"id: %d\ndata: %d\n\n" % (said, said))
        try:
            await asyncio.wait_for(rang.wait(), 15)
        except asyncio.TimeoutError:
            await response.write(b": still here\n\n")


async def publish(number):
    global last, rang
    last = number
    # All who wait are woken, and wait for the next bell.
    rang.set()
    rang = asyncio.Event()


async def main():
    global rang
    options = argparse.ArgumentParser()
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options.add_argument("--work", required=True)
    options = options.parse_args()

    driver.hello("aiohttp", aiohttp.__version__)
    logging.basicConfig()
    rang = asyncio.Event()
    application = web.Application()
    application.add_routes([web.get("/events", events)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 80).start()
    await ticker.tick(options.every, options.work, publish)


asyncio.run(main())
