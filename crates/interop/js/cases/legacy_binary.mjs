// Clients of every age: bytes in events and answers, several in one, deep in other values, and as base64.
import assert from "node:assert/strict";
import { next, run, settled } from "../lib.mjs";
import { RELEASES, ask, connect, each } from "../legacy.mjs";

/** Bytes with memory of their own: 1.0 sends all that a shared piece of memory holds. */
const bytes = (...values) => Buffer.alloc(values.length).map((_, n) => values[n]);

const ALL_BYTES = bytes(...Array.from({ length: 256 }, (_, n) => n));

const ARGUMENTS = [
  [ALL_BYTES],
  ["before", bytes(1, 2, 3), "after"],
  [bytes(97), bytes(98, 99)],
  [{ name: "picture.png", image: { data: ALL_BYTES, size: [16, 16] }, thumbnails: [bytes(9), bytes(8)] }],
];

// What its Node.js build sends on a Node.js of today is as long as it should be and full of zeros: it takes the memory
// below a Buffer, which had none when it was written, for a list of numbers.
const SENDS_ZEROS = "1.0.6";

run(() =>
  each(RELEASES, async (release) => {
    for (const options of [{}, { forceBase64: true }]) {
      const socket = await connect(release, "/", options);
      await everythingReturns(socket, release);
      await settled(socket);
      await everythingReturns(socket, release);
      socket.once("reverse", (given, ack) => ack(bytes(...Buffer.from(given).reverse())));
      const [answer] = await ask(socket, "question", "reverse", bytes(1, 2, 3));
      if (release !== SENDS_ZEROS) assert.deepEqual(bytesIn(answer), bytes(3, 2, 1));
      socket.disconnect();
    }
  }),
);

async function everythingReturns(socket, release) {
  const [given] = await ask(socket, "unspell", [...ALL_BYTES]);
  assert.deepEqual(bytesIn(given), ALL_BYTES);
  const [spelt] = await ask(socket, "spell", ALL_BYTES);
  assert.deepEqual(spelt, release === SENDS_ZEROS ? new Array(256).fill(0) : [...ALL_BYTES]);
  const shown = (value) => bytesIn(value, release === SENDS_ZEROS);
  for (const args of ARGUMENTS) {
    const back = next(socket, "echo");
    socket.emit("echo", ...args);
    assert.deepEqual(shown(await back), shown(args));
    assert.deepEqual(shown(await ask(socket, "echo-ack", ...args)), shown(args));
  }
}

/** The value with every kind of bytes as a Buffer, or its length: some releases hand over an ArrayBuffer. */
function bytesIn(value, onlyLength = false) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    return onlyLength ? value.byteLength : Buffer.from(value);
  }
  if (Array.isArray(value)) return value.map((item) => bytesIn(item, onlyLength));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, bytesIn(member, onlyLength)]));
}
