#!/usr/bin/env python3
"""A driver in Python. Put your library where the socket is; keep what is said to Halfopen."""
import random
import socket
import sys
import time

import halfopen_driver as driver


def follow(host, port):
    """The client under test: until the connection fails, which is an OSError."""
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.settimeout(15)
        for line in connection.makefile():
            if line == "ok\n":
                driver.connected()
            else:
                driver.received("ticks", int(line))
                yield
    raise ConnectionError("the server hung up")


driver.hello("my-client", "0.1")
failures = 0
while True:
    driver.attempt()
    try:
        for _ in follow(sys.argv[1], int(sys.argv[2])):
            failures = 0
    except OSError as problem:
        driver.error(problem)
    # Exponential backoff with full jitter.
    time.sleep(random.uniform(0, min(8, 2**failures)))
    failures += 1
