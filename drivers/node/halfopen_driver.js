/* Speaks Halfopen's driver protocol (docs/driver-protocol.md). Copy this one file beside your driver.
 *
 *     const driver = require("./halfopen_driver");
 *     driver.hello("my-client", "1.2.0");
 *     driver.say("attempt");
 *     driver.say("connected");
 *     driver.say("received", { stream: "prices", seq: 17 });
 *     driver.say("error", { text: "connection lost" });
 *
 * Every event is stamped with CLOCK_MONOTONIC as the function is called, and written at once.
 */
"use strict";
const fs = require("fs");

/** Any event of the protocol, with its fields. */
exports.say = (event, fields = {}) => {
  // Nanoseconds are more than a number of JavaScript holds after 104 days: they are put in as text.
  const now = process.hrtime.bigint();
  const rest = Object.keys(fields).length > 0 ? "," + JSON.stringify(fields).slice(1) : "}";
  fs.writeSync(1, `{"event":${JSON.stringify(event)},"t":${now}${rest}\n`);
};

/** The first event: the client library under test, its version, and the commands this driver knows. */
exports.hello = (library, version, commands = []) => exports.say("hello", { library, version, commands });

/** Calls handler(command) for every command that the timeline sends. */
exports.onCommand = (handler) => {
  require("readline").createInterface({ input: process.stdin }).on("line", (line) => handler(JSON.parse(line)));
};
