/* ws, a WebSocket client for Node. It has no reconnect of its own: the loop is ours.
 *
 * defaults: new WebSocket(url); a new try after a second.
 * recommended: its README's way to notice a broken connection: the server pings (every 20 s here), and when no ping
 * came for that long and half as much again, the connection is ended; a new try after a random time of up to 5 s, then
 * twice that up to a minute (RFC 6455, 7.2.3); a limit for the handshake.
 * https://github.com/websockets/ws/tree/8.11.0#how-to-detect-and-close-broken-connections
 */
"use strict";
const driver = require("../../../../drivers/node/halfopen_driver");
const WebSocket = require("ws");
const { values } = require("util").parseArgs({
  options: { to: { type: "string" }, settings: { type: "string", default: "defaults" } },
});

const recommended = values.settings === "recommended";
let longest = 5000;

function connect() {
  let silence;
  driver.say("attempt");
  const connection = new WebSocket(`ws://${values.to}/`, recommended ? { handshakeTimeout: 10000 } : {});
  const heartbeat = () => {
    clearTimeout(silence);
    if (recommended) silence = setTimeout(() => connection.terminate(), 30000);
  };
  connection.on("open", () => {
    driver.say("connected");
    longest = 5000;
    heartbeat();
  });
  connection.on("ping", heartbeat);
  connection.on("message", (data) => driver.say("received", { stream: "ticks", seq: Number(data) }));
  connection.on("error", (problem) => driver.say("error", { text: String(problem) }));
  connection.on("close", (code) => {
    clearTimeout(silence);
    driver.say("error", { text: `closed: ${code}` });
    setTimeout(connect, recommended ? Math.random() * longest : 1000);
    longest = Math.min(2 * longest, 60000);
  });
}

driver.hello("ws", require("ws/package.json").version);
connect();
