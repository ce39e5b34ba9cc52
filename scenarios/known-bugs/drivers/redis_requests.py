"""Asks Redis with redis-py's asyncio client, on request of the timeline; its answers are checked. `cancel` gives up."""
import argparse
import asyncio
import threading

import halfopen_driver as driver
import redis
import redis.asyncio


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options = options.parse_args()

    driver.hello("redis-py", redis.__version__, commands=["request", "cancel"])
    client = redis.asyncio.Redis(host=options.to)
    await client.ping()
    driver.connected()
    told, loop, waiting = asyncio.Queue(), asyncio.get_running_loop(), set()

    def listen():
        for command in driver.commands():
            loop.call_soon_threadsafe(told.put_nowait, command)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        command = await told.get()
        if command["command"] == "cancel":
            for task in waiting:
                task.cancel()
        else:
            task = asyncio.create_task(ask(client, str(command["id"])))
            waiting.add(task)
            task.add_done_callback(waiting.discard)


async def ask(client, id):
    driver.request(id)
    try:
        answer = (await client.echo(id)).decode()
        if answer == id:
            driver.response(id)
        else:
            driver.response(id, ok=False, reason="wrong answer", answer=answer)
    except asyncio.CancelledError:
        driver.response(id, ok=False, reason="cancelled")
    except redis.RedisError as problem:
        driver.response(id, ok=False, reason=type(problem).__name__, text=str(problem))


asyncio.run(main())
