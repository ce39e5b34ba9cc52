"""Publishes to MQTT, at least once, what the timeline tells it: `publish` with a stream, a number and a size."""
import argparse

import halfopen_driver as driver
import paho.mqtt
import paho.mqtt.client as mqtt


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options = options.parse_args()

    driver.hello("paho-mqtt", paho.mqtt.__version__, commands=["publish"])
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="publisher")
    client.on_connect = lambda *_: driver.connected()
    client.connect(options.to, keepalive=60)
    client.loop_start()
    for command in driver.commands():
        driver.sent(command["stream"], command["seq"])
        client.publish(command["stream"], b"%-*d" % (command["size"], command["seq"]), qos=1)


main()
