"""Publishes a numbered message to "ticks" every so often. Not under test: it sits beside the broker."""
import argparse
import time

import halfopen_driver as driver
import paho.mqtt
import paho.mqtt.client as mqtt


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("paho-mqtt", paho.mqtt.__version__)
    client = mqtt.Client(client_id="ticker", clean_session=False)
    # Without keepalive: while the broker is frozen the messages wait in the socket, and none is lost.
    client.connect(options.to, keepalive=0)
    sequence, due = 0, time.monotonic() + 1
    while True:
        # Paho's loop waits for the network itself: one thread, and nothing runs between two messages.
        while (wait := due - time.monotonic()) > 0:
            if client.loop(wait) != mqtt.MQTT_ERR_SUCCESS:
                time.sleep(1)
                client.reconnect()
        sequence += 1
        driver.sent("ticks", sequence)
        client.publish("ticks", str(sequence), qos=1)
        due += options.every


main()
