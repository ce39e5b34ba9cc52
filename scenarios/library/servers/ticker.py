"""What servers of ours push: a number every so often, rising by one, and going on where it was after a restart."""
import asyncio
import time

import halfopen_driver as driver


async def tick(every, folder, publish):
    """Calls publish(number) every so often, for ever. The last number is kept in `folder`, as a database would."""
    name, number, due = folder + "/last-number", 0, time.monotonic() + 1
    try:
        with open(name) as file:
            number = int(file.read())
    except FileNotFoundError:
        pass
    while True:
        await asyncio.sleep(max(0, due - time.monotonic()))
        number += 1
        driver.sent("ticks", number)
        with open(name, "w") as file:
            file.write(str(number))
        await publish(number)
        due += every
