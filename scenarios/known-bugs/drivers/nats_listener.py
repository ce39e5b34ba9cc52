"""Gets the numbered messages that somebody publishes to "ticks". Not under test: it speaks NATS's protocol by hand."""
import argparse
import socket

import halfopen_driver as driver


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options = options.parse_args()

    driver.hello("NATS by hand", "1")
    connection = socket.create_connection((options.to, 4222))
    lines = connection.makefile("rb")
    connection.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB ticks 1\r\nPING\r\n')
    for line in lines:
        if line.startswith(b"MSG "):
            payload = lines.read(int(line.split()[-1]) + 2)
            driver.received("ticks", int(payload))
        elif line.startswith(b"PING"):
            connection.sendall(b"PONG\r\n")
        elif line.startswith(b"PONG"):
            driver.connected()
        elif line.startswith(b"-ERR"):
            driver.error(line.decode().strip())
    driver.error("the server hung up")


main()
