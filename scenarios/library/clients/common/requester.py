"""What the drivers of clients that ask have in common: a request when it is due, one after another."""
import time

import halfopen_driver as driver


def ask_for_ever(every, ask, problems):
    """Calls ask() every so many seconds, or as soon as it can; `problems` are the exceptions by which it fails."""
    number, answers, works, due = 0, 0, False, time.monotonic()
    while True:
        time.sleep(max(0, due - time.monotonic()))
        due = max(due + every, time.monotonic())
        number += 1
        driver.request(str(number))
        try:
            ask()
        except problems as problem:
            works = False
            driver.error(problem)
            driver.response(str(number), ok=False, reason=type(problem).__name__)
            continue
        answers += 1
        if not works:
            works = True
            driver.connected()
        driver.response(str(number))
        driver.received("ticks", answers)
