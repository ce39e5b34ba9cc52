"""Paho's Python client, which reconnects by itself in loop_forever.

defaults: what its README begins with. A clean session, QoS 0, keep-alive 60 s, reconnects after 1 s doubled to 120 s.
recommended: the broker keeps the session (clean_session=False) and messages have QoS 1, so that none is lost while
away (OASIS MQTT 3.1.1, 3.1.2.4 and 4.1); reconnect_delay_set bounds the wait, as its documentation offers; and
retry_first_connection is for a network that is not there yet.
https://eclipse.dev/paho/files/paho.mqtt.python/html/client.html
"""
import argparse
import os

import halfopen_driver as driver
import paho.mqtt
import paho.mqtt.client as mqtt


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options.add_argument("--ca", help="the authority that vouches for the broker; with it, TLS is spoken")
    options = options.parse_args()
    recommended = options.settings == "recommended"

    driver.hello("paho-mqtt", paho.mqtt.__version__)
    if recommended:
        # Of two with one identifier the broker keeps the later (OASIS MQTT 3.1.1, 3.1.4).
        name = os.environ.get("CLIENT_ID", "subscriber")
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
        client.reconnect_delay_set(min_delay=1, max_delay=30)
    else:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    if options.ca:
        client.tls_set(ca_certs=options.ca)
    client.on_pre_connect = lambda client, _: driver.attempt()
    client.on_connect = lambda client, _, flags, reason, __: on_connect(client, flags, reason, qos=int(recommended))
    client.on_subscribe = lambda *_: driver.connected()
    client.on_connect_fail = lambda client, _: driver.error("could not connect")
    client.on_disconnect = lambda client, _, flags, reason, __: driver.error(reason)
    client.on_message = lambda client, _, message: driver.received(message.topic, int(message.payload))
    client.connect_async(options.to, 8883 if options.ca else 1883)
    client.loop_forever(retry_first_connection=recommended)


def on_connect(client, flags, reason, qos):
    if reason.is_failure:
        driver.error(reason)
    elif flags.session_present:
        # The broker has kept the subscription: messages flow from here on.
        driver.resumed()
        driver.connected()
    else:
        client.subscribe("ticks", qos=qos)


main()
