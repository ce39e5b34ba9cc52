// swift-format-ignore-file
// The texts of scenarios/first as they are, so that an installed binary needs no file beside it. A test holds both
// equal; after a change there, `scenarios/first/embed` writes this file anew.
extension FirstScenario {
    package static let files: [(name: String, text: String)] = [
        ("scenario.yaml", scenario), ("subscriber.py", subscriber), ("halfopen_driver.py", helper),
    ]
}

private let scenario = #####"""
# A first scenario, to change into your own. Play it:
#
#     halfopen run scenario.yaml
#
# Twelve minutes of network life pass in about a second. What each line may say: halfopen list faults,
# halfopen list expectations, halfopen explain NAME.
format: 1
name: first
summary: >-
  A phone behind a home router follows a feed, through a dead network, a forgetful router and a server that hangs up.
tags: [first]

# The network. Every host is a Linux network namespace of its own; every link delays, and drops if told to.
lab:
  hosts:
    phone: {}
    home: { nat: { idle-timeout: 10m, on-expiry: drop } }
    cloud: {}
  links:
    - { between: [phone, home], profile: wifi }
    - { between: [home, cloud], delay: 20ms }

# Who runs where. Programs are this machine's own; {feed} is the name by which the lab knows the server.
actors:
  # The reference feed is part of halfopen: a message every 5 s, a heartbeat every 10 s. Put your server here.
  feed:
    role: server
    on: cloud
    run: [halfopen, feed, server, --port, "7000", --interval, 5s, --heartbeat, 10s]
    ready: { port: 7000 }
  # The client under test. Put your own driver in its place.
  subscriber:
    role: client
    on: phone
    run: [python3, subscriber.py, --to, "{feed}", --port, "{feed.port}"]
    ready: { event: connected }

# What happens, counted from the moment when everything works.
timeline:
  - { at: 1m, until: 3m, fault: blackhole, between: [phone, home], direction: both }
  - { at: 5m, fault: nat-forget, on: home }
  - { at: 8m, fault: hang-up, of: feed }
  - { end: 12m }

# What the client owes its user. Bounds follow from what subscriber.py promises: it gives up a server that was silent
# for 20 s, waits for an answer to its connect for 5 s, and pauses for 16 s at most; a message comes every 5 s.
expect:
  - { connects: subscriber, within: 5s }
  - { recovery: subscriber, after: blackhole, within: 25s, stages: { detect: 21s } }
  - { recovery: subscriber, after: nat-forget, within: 30s, stages: { detect: 21s } }
  - { recovery: subscriber, after: hang-up, within: 10s, stages: { detect: 1s } }
  - { no-gaps: feed -> subscriber }
  - { no-duplicates: feed -> subscriber }

"""#####

private let subscriber = #####"""
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

"""#####

private let helper = #####"""
"""Speaks Halfopen's driver protocol (docs/driver-protocol.md). Copy this one file beside your driver.

A driver is a small program around a client library. Each line it prints that is a JSON object with an "event" key is an
event of the run; every other line is its log. These functions print such lines:

    import halfopen_driver as driver

    driver.hello("my-client", "1.2.0")
    driver.attempt()                      # about to connect
    driver.connected()                    # the session works: logged in, subscribed
    driver.received("prices", 17)         # message 17 of the stream "prices" reached the application
    driver.error("connection lost")

Every event is stamped with CLOCK_MONOTONIC as the function is called, and written at once in one piece (up to the
4096 bytes that a pipe takes whole), so threads may call them as they like. Any event takes more fields by name, such
as session="a" where one process holds many sessions, or t=..., a stamp of time.monotonic_ns() taken earlier.

Only sys, time and os are imported: starting Python is most of what a driver costs.
"""
import os
import sys
import time

_ESCAPES = {code: "\\u%04x" % code for code in range(32)}
_ESCAPES.update({ord('"'): '\\"', ord("\\"): "\\\\"})


def event(name, t=None, **fields):
    """Any event of the protocol. Fields that are None are left out; class_ stands for "class", a word of Python's."""
    stamp = time.monotonic_ns() if t is None else t
    line = '{"event":%s,"t":%d' % (_json(name), stamp)
    for key, value in fields.items():
        if value is not None:
            line += ",%s:%s" % (_json(key.rstrip("_")), _json(value))
    data = (line + "}\n").encode("utf-8", "replace")
    while data:
        data = data[os.write(1, data) :]


def hello(library, version, commands=(), **fields):
    """The first event: the client library under test, its version, and the commands this driver knows."""
    event("hello", library=library, version=version, commands=list(commands), **fields)


def state(name, **fields):
    """The client says that its state changed, in its own word: "reconnecting"."""
    event("state", state=name, **fields)


def attempt(**fields):
    """The client begins to connect."""
    event("attempt", **fields)


def connected(**fields):
    """The session works: transport, login and subscriptions."""
    event("connected", **fields)


def resumed(**fields):
    """The session goes on where the last one ended, as the server confirmed it."""
    event("resumed", **fields)


def sent(stream, seq, **fields):
    """The application handed message `seq` of a stream to the client. Numbers rise by one."""
    event("sent", stream=stream, seq=seq, **fields)


def received(stream, seq, **fields):
    """The client handed message `seq` of a stream to the application."""
    event("received", stream=stream, seq=seq, **fields)


def acked(stream, seq, **fields):
    """The other side took responsibility for message `seq` of a stream."""
    event("acked", stream=stream, seq=seq, **fields)


def request(id, **fields):
    """The application asked for something."""
    event("request", id=id, **fields)


def response(id, ok=True, **fields):
    """The answer to request `id`, or that it failed; class_="timeout" names the kind of failure."""
    event("response", id=id, ok=ok, **fields)


def breaker(name, **fields):
    """A circuit breaker's state: "closed", "open", "half-open"."""
    event("breaker", state=name, **fields)


def error(text, **fields):
    """The client told the application that something failed."""
    event("error", text=str(text), **fields)


def note(text, **fields):
    """Anything that helps whoever reads the recording."""
    event("note", text=str(text), **fields)


def unsupported(text):
    """This driver cannot play the scenario: says why and ends the process, as the protocol asks, with status 127."""
    event("unsupported", text=str(text))
    sys.exit(127)


def commands():
    """The commands that the timeline sends, as dictionaries with a "command" key, until standard input ends."""
    import json  # Only drivers that take commands pay for it.

    for line in sys.stdin:
        if line.strip():
            yield json.loads(line)


def on_command(handler):
    """Calls handler(command) for every command, on a thread of its own."""
    import threading

    def listen():
        for command in commands():
            handler(command)

    threading.Thread(target=listen, daemon=True).start()


def _json(value):
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return "%d" % value
    if isinstance(value, str):
        return '"' + value.translate(_ESCAPES) + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_json, value)) + "]"
    import json

    return json.dumps(value, allow_nan=False)

"""#####
