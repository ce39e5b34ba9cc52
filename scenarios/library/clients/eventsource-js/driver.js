/* eventsource, server-sent events for Node. It reconnects by itself, with Last-Event-ID and after the server's time;
 * there is nothing to set, so its defaults are what is recommended.
 * https://github.com/EventSource/eventsource/tree/v2.0.2
 */
"use strict";
const driver = require("../../../../drivers/node/halfopen_driver");
const EventSource = require("eventsource");
const { values } = require("util").parseArgs({
  options: { to: { type: "string" }, settings: { type: "string", default: "recommended" } },
});

driver.hello("eventsource", require("eventsource/package.json").version);
const source = new EventSource(`http://${values.to}/events`);
source.onopen = () => driver.say("connected");
source.onmessage = (event) => driver.say("received", { stream: "ticks", seq: Number(event.data) });
source.onerror = (event) => driver.say("error", { text: event.message || `closed, status ${event.status}` });
