"""Answers a Kafka client's first question, which versions it may speak, and nothing else. Not under test."""
import argparse
import selectors
import socket
import struct

API_VERSIONS, METADATA = 18, 3
UNSUPPORTED_VERSION = 35


def answer(request):
    """Kafka's protocol, ApiVersions: version 0 is what everybody reads; who asks for a later one is told so."""
    key, version, correlation = struct.unpack(">hhi", request[:8])
    if key != API_VERSIONS:
        return b""
    body = struct.pack(">ihi", correlation, UNSUPPORTED_VERSION if version else 0, 2)
    body += struct.pack(">hhh", API_VERSIONS, 0, 0) + struct.pack(">hhh", METADATA, 0, 4)
    return struct.pack(">i", len(body)) + body


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options = options.parse_args()

    listener = socket.create_server(("0.0.0.0", options.port), backlog=1000)
    waiting, unread = selectors.DefaultSelector(), {}
    waiting.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listener:
                connection = listener.accept()[0]
                unread[connection] = b""
                waiting.register(connection, selectors.EVENT_READ)
            elif not converse(key.fileobj, unread):
                waiting.unregister(key.fileobj)
                del unread[key.fileobj]
                key.fileobj.close()


def converse(connection, unread):
    """Reads and answers what is there; false when the connection has ended."""
    try:
        data = connection.recv(65536)
        unread[connection] += data
        while len(unread[connection]) >= 4 and len(unread[connection]) >= 4 + (size := size_of(unread[connection])):
            request, unread[connection] = unread[connection][4:4 + size], unread[connection][4 + size:]
            connection.sendall(answer(request))
        return bool(data)
    except OSError:
        return False


def size_of(data):
    return struct.unpack(">i", data[:4])[0]


main()
