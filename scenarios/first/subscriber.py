"""A client to begin with: it subscribes to the reference feed over a plain socket.

Put your own library where the socket is, and keep the driver.* calls: they are how Halfopen learns what the client
knows. All that a driver prints otherwise is its log. The protocol: docs/driver-protocol.md.
"""
import argparse
import json
import random
import socket
import time

import halfopen_driver as driver


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True, metavar="HOST")
    options.add_argument("--port", type=int, required=True)
    options = options.parse_args()

    driver.hello("my-client", "0.1")
    subscriber = Subscriber()
    failures = 0
    while True:
        try:
            driver.attempt()
            with socket.create_connection((options.to, options.port), timeout=5) as connection:
                for _ in subscriber.follow(connection):
                    failures = 0
        except (OSError, ValueError) as problem:
            driver.error(problem)
        # Exponential backoff with full jitter and a cap of 16 s: try random.uniform(1, 120) and run again.
        time.sleep(random.uniform(0, min(16, 2**failures)))
        failures += 1


class Subscriber:
    """Remembers how far it has read, so that a new connection goes on where the last one ended."""

    def __init__(self):
        self.position = None

    def follow(self, connection):
        """Reads until the connection fails, which is an OSError; yields after every message."""
        hello = {"type": "hello", "version": 1, "token": ""}
        if self.position:
            hello["resume"] = self.position
        send(connection, hello)
        for message in messages(connection):
            if message["type"] == "welcome":
                self.position = {"epoch": message["epoch"], "last": message["next"] - 1}
                driver.connected()
            elif message["type"] == "message":
                self.position["last"] = message["seq"]
                driver.received("ticks", message["seq"])
                yield


def messages(connection, heartbeat=10.0):
    """Every message of the server. Says a heartbeat every 10 s, and gives up a server that is silent for two."""
    buffer = b""
    heard = spoke = time.monotonic()
    while True:
        now = time.monotonic()
        if now - heard >= 2 * heartbeat:
            raise TimeoutError("silence for %d s" % (now - heard))
        if now - spoke >= heartbeat:
            send(connection, {"type": "heartbeat"})
            spoke = now
        connection.settimeout(min(spoke + heartbeat, heard + 2 * heartbeat) - now)
        try:
            data = connection.recv(65536)
        except TimeoutError:
            continue
        if not data:
            raise ConnectionError("the server hung up")
        heard = time.monotonic()
        *lines, buffer = (buffer + data).split(b"\n")
        yield from map(json.loads, lines)


def send(connection, message):
    connection.sendall(json.dumps(message).encode() + b"\n")


main()
