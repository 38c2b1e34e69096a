// Events come back with every kind of argument, and in order.
import assert from "node:assert/strict";
import { collect, connect, next, run, settled, until, wire } from "../lib.mjs";

// The JavaScript package for MessagePack writes whole numbers above 64 bits as other numbers.
const LARGE = wire === "json" ? 1e21 : 2 ** 52;

const ARGUMENTS = [
  [],
  ["text"],
  [1, -2.5, LARGE, true, false, null],
  ["", "äöü €", "🦀 𝒳", "quotes \" and \\", "line\nbreak\u001etab\t\u2028"],
  [{ nested: { list: [1, [2, { three: 3 }]], empty: {}, none: null } }, [], [[]]],
  [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.1],
  ["a string that looks like a packet", '42["x"]', "4", "b4"],
];

run(async () => {
  const socket = await connect();
  for (const args of ARGUMENTS) {
    const answer = next(socket, "echo");
    socket.emit("echo", ...args);
    assert.deepEqual(await answer, args);
  }
  const seen = collect(socket, "echo");
  for (let n = 0; n < 100; n++) socket.emit("echo", n);
  await until("100 echoes", () => seen.length === 100);
  assert.deepEqual(seen.flat(), Array.from({ length: 100 }, (_, n) => n));
  await settled(socket);
});
