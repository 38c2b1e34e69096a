// Clients of every age: events with every kind of argument and answers, both ways.
import assert from "node:assert/strict";
import { next, run, settled } from "../lib.mjs";
import { RELEASES, ask, connect, each, readsEverything } from "../legacy.mjs";

const ASCII = [
  [],
  ["text"],
  [1, -2.5, 1e21, true, false, null],
  ["quotes \" and \\", "line\nbreak\u001etab\t"],
  [{ nested: { list: [1, [2, { three: 3 }]], empty: {}, none: null } }, [], [[]]],
  [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.1],
  ["a string that looks like a packet", '42["x"]', "4", "b4", "2:42"],
];
const OTHER = [["äöü €", "🦀 𝒳"], [{ ключ: ["значение", "\u2028\u2029"] }]];
const LARGE = "large ".repeat(70_000);

run(() =>
  each(RELEASES, async (release) => {
    const socket = await connect(release);
    const readable = () => (readsEverything(release, socket) ? [...ASCII, ...OTHER] : ASCII);
    await everythingReturns(socket, readable());
    await theServerAsks(socket);
    await settled(socket);
    await everythingReturns(socket, readable());
    await theServerAsks(socket);
    assert.deepEqual(await ask(socket, "echo-ack", LARGE), [LARGE]);
    socket.disconnect();
  }),
);

async function everythingReturns(socket, lists) {
  for (const args of lists) {
    const back = next(socket, "echo");
    socket.emit("echo", ...args);
    assert.deepEqual(await back, args);
    assert.deepEqual(await ask(socket, "echo-ack", ...args), args);
  }
  const sums = await Promise.all([1, 2, 3].map((n) => ask(socket, "add", n, n)));
  assert.deepEqual(sums, [[2], [4], [6]]);
  assert.deepEqual(await ask(socket, "nothing"), []);
  assert.deepEqual(await ask(socket, "pair"), ["first", 2]);
}

async function theServerAsks(socket) {
  socket.once("double", (n, ack) => ack(n * 2));
  assert.deepEqual(await ask(socket, "question", "double", 21), [42]);
  assert.deepEqual(await ask(socket, "ask", "no-answer", 0), [{ error: "timeout" }]);
}
