"""Publishes numbered messages with nats-py, as large and as often as asked for."""
import argparse
import asyncio

import halfopen_driver as driver
import nats
import nats.aio.client


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--size", type=int, required=True, metavar="BYTES")
    options.add_argument("--every", type=float, required=True, metavar="SECONDS")
    options.add_argument("--flush-timeout", type=float, required=True, metavar="SECONDS")
    options = options.parse_args()

    async def failed(problem):
        driver.error(f"{type(problem).__name__}: {problem}")

    async def lost():
        driver.state("disconnected")

    async def back():
        driver.connected()

    driver.hello("nats-py", nats.aio.client.__version__)
    connection = await nats.connect(
        f"nats://{options.to}:4222", flush_timeout=options.flush_timeout, max_reconnect_attempts=-1,
        error_cb=failed, disconnected_cb=lost, reconnected_cb=back)
    driver.connected()
    sequence, loop = 0, asyncio.get_running_loop()
    due = loop.time()
    while True:
        due += options.every
        await asyncio.sleep(max(0, due - loop.time()))
        sequence += 1
        driver.sent("ticks", sequence)
        try:
            await connection.publish("ticks", b"%-*d" % (options.size, sequence))
        except nats.errors.Error as problem:
            await failed(problem)


asyncio.run(main())
