"""Paho's client as its documentation has it: loop_forever reconnects, a persistent session keeps what was missed."""
import argparse

import halfopen_driver as driver
import paho.mqtt
import paho.mqtt.client as mqtt


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--keepalive", type=int, required=True, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("paho-mqtt", paho.mqtt.__version__)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="subscriber", clean_session=False)
    client.on_connect = on_connect
    client.on_connect_fail = lambda *_: driver.error("could not connect")
    client.on_disconnect = lambda client, _, flags, reason, *__: driver.error(f"disconnected: {reason}")
    client.on_message = lambda client, _, message: driver.received(message.topic, int(message.payload))
    client.connect_async(options.to, keepalive=options.keepalive)
    client.loop_forever(retry_first_connection=True)


def on_connect(client, _, flags, reason, *__):
    if reason.is_failure:
        driver.error(f"refused: {reason}")
        return
    if flags.session_present:
        driver.resumed()
        driver.connected()
    else:
        client.on_subscribe = lambda *_: driver.connected()
        client.subscribe([("pictures", 1), ("ticks", 1)])


main()
