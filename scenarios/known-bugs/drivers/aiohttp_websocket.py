"""aiohttp's WebSocket client with a heartbeat, and a new connection a second after each that ended."""
import argparse
import asyncio

import aiohttp
import halfopen_driver as driver


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--heartbeat", type=float, required=True, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("aiohttp", aiohttp.__version__)
    async with aiohttp.ClientSession() as session:
        while True:
            driver.attempt()
            try:
                async with session.ws_connect(
                        f"http://{options.to}:8080/", heartbeat=options.heartbeat, timeout=10) as connection:
                    driver.connected()
                    await read(connection)
            except (aiohttp.ClientError, asyncio.TimeoutError) as problem:
                driver.error(f"{type(problem).__name__}: {problem}")
            await asyncio.sleep(1)


async def read(connection):
    while True:
        message = await connection.receive()
        if message.type == aiohttp.WSMsgType.TEXT:
            driver.received("ticks", int(message.data))
            continue
        driver.event("state", state=message.type.name.lower(), code=connection.close_code)
        if message.type == aiohttp.WSMsgType.ERROR:
            driver.error(f"{type(message.data).__name__}: {message.data}")
        return


asyncio.run(main())
