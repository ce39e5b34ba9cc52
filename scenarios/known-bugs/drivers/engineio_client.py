"""python-engineio's asyncio client, which does not connect again by itself: a new one every second."""
import argparse
import asyncio

import engineio
import halfopen_driver as driver


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--version", required=True)
    options = options.parse_args()

    driver.hello("python-engineio", options.version)
    # What asyncio has to say about resources that nobody closed, too.
    asyncio.get_running_loop().set_exception_handler(lambda _, context: driver.error(context["message"]))
    while True:
        client = engineio.AsyncClient()
        client.on("connect", lambda: driver.connected())
        client.on("message", lambda text: driver.received("ticks", int(text)))
        client.on("disconnect", lambda *_: driver.state("disconnected"))
        driver.attempt()
        try:
            await client.connect(f"http://{options.to}:8080")
            await client.wait()
        except engineio.exceptions.ConnectionError as problem:
            driver.error(problem)
        await asyncio.sleep(1)


asyncio.run(main())
