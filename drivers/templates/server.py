"""What the templates talk to: it greets with "ok" and then pushes a number every 5 s, a line each. Put your own server
in its place."""
import socket
import threading
import time

connections = []


def accept(listener):
    while True:
        connection, _ = listener.accept()
        connection.sendall(b"ok\n")
        connections.append(connection)


def main():
    listener = socket.create_server(("0.0.0.0", 7000))
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    number = 0
    while True:
        time.sleep(5)
        number += 1
        # Said in the driver protocol: what was sent, so that a gap can be told from nothing to say.
        print('{"event":"sent","stream":"ticks","seq":%d}' % number, flush=True)
        for connection in list(connections):
            try:
                connection.sendall(b"%d\n" % number)
            except OSError:
                connections.remove(connection)


main()
