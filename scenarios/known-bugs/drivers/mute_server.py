"""Accepts every connection and reads what comes, and says nothing: a broker, as far as its connections go."""
import argparse
import selectors
import socket


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options = options.parse_args()

    listener = socket.create_server(("0.0.0.0", options.port), backlog=1000)
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listener:
                waiting.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            try:
                ended = not key.fileobj.recv(65536)
            except OSError:
                ended = True
            if ended:
                waiting.unregister(key.fileobj)
                key.fileobj.close()


main()
