/* MQTT.js, which reconnects and subscribes again by itself.
 *
 * defaults: connect(url). A clean session with a random name, QoS 0, keep-alive 60 s, a new try every second.
 * recommended: the broker keeps the session (clean: false, which needs a clientId) and messages have QoS 1, so that
 * none is lost while away.
 * https://github.com/mqttjs/MQTT.js/tree/v4.3.7#client (options clean, clientId, reconnectPeriod, resubscribe)
 */
"use strict";
const driver = require("../../../../drivers/node/halfopen_driver");
const mqtt = require("mqtt");
const { values } = require("util").parseArgs({
  options: { to: { type: "string" }, settings: { type: "string", default: "defaults" }, ca: { type: "string" } },
});

driver.hello("mqtt.js", require("mqtt/package.json").version);
const recommended = values.settings === "recommended";
// Of two with one identifier the broker keeps the later (OASIS MQTT 3.1.1, 3.1.4).
const how = recommended ? { clean: false, clientId: process.env.CLIENT_ID || "subscriber" } : {};
if (values.ca) how.ca = require("fs").readFileSync(values.ca);
const client = mqtt.connect(values.ca ? `mqtts://${values.to}:8883` : `mqtt://${values.to}:1883`, how);
client.on("connect", (acknowledgement) => {
  if (acknowledgement.sessionPresent) {
    // The broker has kept the subscription: messages flow from here on.
    driver.say("resumed");
    driver.say("connected");
  } else {
    client.subscribe("ticks", { qos: recommended ? 1 : 0 }, (problem) => {
      if (problem) driver.say("error", { text: String(problem) });
      else driver.say("connected");
    });
  }
});
client.on("reconnect", () => driver.say("attempt"));
client.on("close", () => driver.say("state", { state: "closed" }));
client.on("offline", () => driver.say("state", { state: "offline" }));
client.on("error", (problem) => driver.say("error", { text: String(problem) }));
client.on("message", (topic, message) => driver.say("received", { stream: topic, seq: Number(message) }));
