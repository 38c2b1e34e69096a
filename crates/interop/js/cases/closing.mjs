// A server that closes delivers what it has emitted, says why, and takes nobody new; its clients come back to the next
// one on the same port.
import assert from "node:assert/strict";
import { collect, http, next, open, run, settled } from "../lib.mjs";

const QUICK = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100, randomizationFactor: 0 };

run(async () => {
  const sockets = [0, 1, 2].map(() => open("/", QUICK));
  await Promise.all(sockets.map((socket) => next(socket, "connect")));
  await Promise.all(sockets.map(settled));
  const ids = sockets.map((socket) => socket.id);
  const numbers = sockets.map((socket) => collect(socket, "number"));

  const lost = Promise.all(sockets.map((socket) => next(socket, "disconnect")));
  const refused = Promise.all(sockets.map((socket) => next(socket.io, "reconnect_error")));
  sockets[0].emit("shut-down", 50);
  assert.deepEqual((await lost).map(([reason]) => reason), ["transport close", "transport close", "transport close"]);
  for (const seen of numbers) assert.deepEqual(seen.flat(), Array.from({ length: 50 }, (_, n) => n));
  assert.ok(sockets.every((socket) => socket.active));

  // The port still answers, and sends new clients away.
  await refused;
  assert.equal((await http("GET", "/socket.io/?EIO=4&transport=polling")).status, 503);
  const lines = JSON.parse((await http("GET", "/log")).body);
  for (const id of ids) {
    const reasons = lines.filter((line) => line.id === id).map((line) => line.reason);
    assert.deepEqual(reasons, ["server shutting down", "server shutting down"]);
  }

  const back = Promise.all(sockets.map((socket) => next(socket, "connect")));
  console.log("stop");
  console.log("start");
  await back;
  await sockets[0].emitWithAck("join", "red");
  assert.ok(sockets.every((socket, n) => socket.id !== ids[n]));
});
