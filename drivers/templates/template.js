#!/usr/bin/env node
/* A driver in JavaScript for Node. Put your library where the socket is; keep what is said to Halfopen. */
"use strict";
const net = require("net");
const readline = require("readline");
const driver = require("halfopen_driver");

const [host, port] = process.argv.slice(2);
let failures = 0;

/** The client under test: one connection, until it fails. */
function follow() {
  driver.say("attempt");
  const connection = net.connect({ host, port: Number(port) });
  connection.setTimeout(5000, () => connection.destroy(new Error("nothing for too long")));
  connection.on("connect", () => connection.setTimeout(15000));
  const lines = readline.createInterface({ input: connection });
  // Its input's errors are the connection's, which is heard below.
  lines.on("error", () => {});
  lines.on("line", (line) => {
    if (line === "ok") return driver.say("connected");
    failures = 0;
    driver.say("received", { stream: "ticks", seq: Number(line) });
  });
  connection.on("error", (problem) => driver.say("error", { text: problem.message }));
  connection.on("end", () => driver.say("error", { text: "the server hung up" }));
  connection.on("close", () => {
    // Exponential backoff with full jitter.
    setTimeout(follow, Math.random() * Math.min(8, 2 ** failures) * 1000);
    failures += 1;
  });
}

driver.hello("my-client", "0.1");
follow();
