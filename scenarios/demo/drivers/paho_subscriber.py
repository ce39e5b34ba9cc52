"""Paho's client as its documentation has it: loop_forever reconnects, a persistent session keeps what was missed."""
import argparse

import halfopen_driver as driver
import paho.mqtt
import paho.mqtt.client as mqtt


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--keepalive", type=int, default=60)
    options = options.parse_args()

    driver.hello("paho-mqtt", paho.mqtt.__version__)
    client = mqtt.Client(client_id="subscriber", clean_session=False)
    client.on_connect = on_connect
    client.on_connect_fail = lambda client, _: driver.error("could not connect")
    client.on_disconnect = lambda client, _, code: driver.error(mqtt.error_string(code))
    client.on_message = lambda client, _, message: driver.received(message.topic, int(message.payload))
    client.connect_async(options.to, keepalive=options.keepalive)
    client.loop_forever(retry_first_connection=True)


def on_connect(client, _, flags, code):
    if code != mqtt.CONNACK_ACCEPTED:
        driver.error(mqtt.connack_string(code))
        return
    if flags["session present"]:
        # The broker has kept the subscription: messages flow from here on.
        driver.resumed()
        driver.connected()
    else:
        client.on_subscribe = lambda *_: driver.connected()
        client.subscribe("ticks", qos=1)


main()
