"""aio-pika's robust connection, which reconnects and restores channels, queues and consumers by itself, every 5 s.

defaults: connect_robust(url), a queue that goes with the connection (exclusive), no acknowledgements, and the
heartbeat that the server proposes (RabbitMQ: 60 s).
recommended: a durable queue and an acknowledgement for each message, so that none is lost while away; heartbeats of
20 s (5 to 20 s are what RabbitMQ's guide advises).
https://docs.aio-pika.com/#simple-consumer
https://docs.aio-pika.com/apidoc.html#aio_pika.connect_robust
https://www.rabbitmq.com/docs/heartbeats#heartbeats-timeout
"""
import argparse
import asyncio
from importlib.metadata import version

import aio_pika
import halfopen_driver as driver


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options = options.parse_args()
    recommended = options.settings == "recommended"

    driver.hello("aio-pika", version("aio-pika"))
    address = f"amqp://guest:guest@{options.to}/" + ("?heartbeat=20" if recommended else "")
    connection = await aio_pika.connect_robust(address)
    connection.close_callbacks.add(lambda _, problem: driver.error(repr(problem)))
    connection.reconnect_callbacks.add(lambda _: driver.connected())
    channel = await connection.channel()
    exchange = await channel.declare_exchange("ticks", aio_pika.ExchangeType.FANOUT, durable=True)
    if recommended:
        await channel.set_qos(prefetch_count=10)
        queue = await channel.declare_queue("subscriber", durable=True)
    else:
        queue = await channel.declare_queue(exclusive=True)
    await queue.bind(exchange)

    async def report(message):
        driver.received("ticks", int(message.body))
        if recommended:
            await message.ack()

    await queue.consume(report, no_ack=not recommended)
    driver.connected()
    await asyncio.Future()


asyncio.run(main())
