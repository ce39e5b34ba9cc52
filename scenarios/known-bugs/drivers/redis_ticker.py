"""Publishes a numbered message to "ticks" every second. Not under test: it speaks Redis's protocol by hand."""
import argparse
import socket
import time

import halfopen_driver as driver


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options = options.parse_args()

    driver.hello("RESP by hand", "1")
    connection, sequence, due = None, 0, time.monotonic() + 1
    while True:
        time.sleep(max(0, due - time.monotonic()))
        due += 1
        try:
            connection = connection or socket.create_connection((options.to, 6379), timeout=5)
            driver.sent("ticks", sequence + 1)
            connection.sendall(b"PUBLISH ticks %d\r\n" % (sequence + 1))
            if not connection.recv(100).startswith(b":"):
                raise ConnectionError("no answer to PUBLISH")
        except OSError as problem:
            driver.error(problem)
            connection = None
        sequence += 1


main()
