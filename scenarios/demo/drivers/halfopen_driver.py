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
    """The application asked for something; class_="bulk" says how much it matters."""
    event("request", id=id, **fields)


def response(id, ok=True, **fields):
    """The answer to request `id`, or that it failed; reason="timeout" names the kind of failure."""
    event("response", id=id, ok=ok, **fields)


def refused(text, fatal=False, **fields):
    """The server refused the client; retry_after, in nanoseconds, is how long it asked the client to stay away."""
    event("refused", text=str(text), fatal=fatal, **fields)


def queue(depth, **fields):
    """So many messages that the application handed over wait in the client."""
    event("queue", depth=depth, **fields)


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
