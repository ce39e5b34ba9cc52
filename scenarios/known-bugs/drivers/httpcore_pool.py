"""httpcore's connection pool. Each request is asked so many times at once; the first answer counts, the others are
cancelled, as those do who would rather ask twice than wait."""
import argparse
import asyncio

import halfopen_driver as driver
import httpcore


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--copies", type=int, required=True)
    options.add_argument("--connections", type=int, required=True)
    options.add_argument("--every", type=float, required=True, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("httpcore", httpcore.__version__)
    url, loop = f"http://{options.to}:8080/", asyncio.get_running_loop()
    timeouts = {"timeout": {"pool": 5, "connect": 5, "read": 5, "write": 5}}
    async with httpcore.AsyncConnectionPool(max_connections=options.connections) as pool:
        number, due, running = 0, loop.time(), set()
        while True:
            number += 1
            task = asyncio.create_task(ask(pool, url, timeouts, number, options.copies))
            running.add(task)
            task.add_done_callback(running.discard)
            due += options.every
            await asyncio.sleep(max(0, due - loop.time()))


async def ask(pool, url, timeouts, number, copies):
    driver.request(str(number))
    tasks = []

    async def race():
        answer = await pool.request("GET", url, extensions=timeouts)
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()
        return answer

    tasks += [asyncio.create_task(race()) for _ in range(copies)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    answers = [result for result in results if isinstance(result, httpcore.Response)]
    if answers:
        if number == 1:
            driver.connected()
        driver.response(str(number), ok=answers[0].status == 200)
    else:
        driver.response(str(number), ok=False, reason=type(results[0]).__name__, text=repr(pool))


asyncio.run(main())
