"""websocket-client's WebSocketApp as its documentation has it: run_forever pings, and connects again by itself."""
import argparse

import halfopen_driver as driver
import websocket


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--ping-interval", type=int, required=True, metavar="SECONDS")
    options.add_argument("--ping-timeout", type=int, required=True, metavar="SECONDS")
    options.add_argument("--reconnect", type=int, required=True, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("websocket-client", websocket.__version__)
    application = websocket.WebSocketApp(
        f"ws://{options.to}:8080/",
        on_open=lambda _: driver.connected(),
        on_message=lambda _, text: driver.received("ticks", int(text)),
        on_error=lambda _, problem: driver.error(f"{type(problem).__name__}: {problem}"),
        on_close=lambda _, code, reason: driver.state("closed", code=code),
    )
    application.run_forever(
        ping_interval=options.ping_interval, ping_timeout=options.ping_timeout, reconnect=options.reconnect)


main()
