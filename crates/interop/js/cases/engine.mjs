// Engine.IO alone: text and bytes come back as they were and in order, from the first moment and across the upgrade,
// and the connection outlives several heartbeats.
import assert from "node:assert/strict";
import { Socket } from "engine.io-client";
import { mode, next, pause, run, transports, until, url } from "../lib.mjs";

// Without the empty text, which the client hands out as `undefined`.
const MESSAGES = [
  "text",
  "2probe",
  "äöü € 🦀",
  "line\nbreak",
  Buffer.from([0, 1, 2, 255]),
  Buffer.alloc(0),
  "x".repeat(16 * 1024),
  Buffer.alloc(16 * 1024, 7),
  "y".repeat(900_000),
];
const COUNT = 1000;

run(async () => {
  const socket = new Socket(url, { path: "/engine.io/", transports });
  const seen = [];
  socket.on("message", (message) => seen.push(message));
  await next(socket, "open");
  assert.equal(socket.transport.name, mode === "websocket" ? "websocket" : "polling");

  await everyNumberReturns(socket, seen);
  for (const message of MESSAGES) socket.send(message);
  await until("all messages", () => seen.length >= MESSAGES.length);
  assert.deepEqual(seen, MESSAGES);

  const expected = mode === "polling" ? "polling" : "websocket";
  await until(`the transport ${expected}`, () => socket.transport.name === expected);
  await pause(1000);
  assert.equal(socket.readyState, "open");

  const echo = next(socket, "message");
  socket.send("still here");
  assert.deepEqual(await echo, ["still here"]);
  const closed = next(socket, "close");
  socket.close();
  assert.deepEqual((await closed)[0], "forced close");
});

async function everyNumberReturns(socket, seen) {
  const numbers = Array.from({ length: COUNT }, (_, n) => (n % 7 === 0 ? Buffer.from([n % 256]) : String(n)));
  for (const [n, number] of numbers.entries()) {
    socket.send(number);
    // Small portions, so that some of them meet every moment of the upgrade.
    if (n % 5 === 0) await pause(1);
  }
  await until("all numbers", () => seen.length >= COUNT);
  assert.deepEqual(seen, numbers);
  seen.splice(0);
}
