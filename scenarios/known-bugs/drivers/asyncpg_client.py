"""One asyncpg connection, told what to do: `request` (a query that takes so many seconds), `cancel`, `close`."""
import argparse
import asyncio
import threading

import asyncpg
import halfopen_driver as driver


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--close-timeout", type=float, required=True, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("asyncpg", asyncpg.__version__, commands=["request", "cancel", "close"])
    connection = await asyncpg.connect(host=options.to, user="nobody", database="postgres", ssl=False, timeout=10)
    driver.connected()
    told, loop, running = asyncio.Queue(), asyncio.get_running_loop(), set()

    def listen():
        for command in driver.commands():
            loop.call_soon_threadsafe(told.put_nowait, command)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        command = await told.get()
        if command["command"] == "request":
            task = asyncio.create_task(ask(connection, str(command["id"]), command["takes"]))
            running.add(task)
            task.add_done_callback(running.discard)
        elif command["command"] == "cancel":
            for task in running:
                task.cancel()
        else:
            await close(connection, options.close_timeout)


async def ask(connection, id, seconds):
    driver.request(id)
    try:
        await connection.fetchval("SELECT pg_sleep($1)", seconds)
        driver.response(id)
    except asyncio.CancelledError:
        driver.response(id, ok=False, reason="cancelled")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as problem:
        driver.response(id, ok=False, reason=type(problem).__name__, text=str(problem))


async def close(connection, timeout):
    driver.state("closing")
    try:
        await connection.close(timeout=timeout)
    except (asyncio.TimeoutError, asyncpg.InterfaceError, OSError) as problem:
        driver.error(f"{type(problem).__name__}: {problem}")
        connection.terminate()
    driver.state("closed")


asyncio.run(main())
