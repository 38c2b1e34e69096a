// Bytes travel in events and acknowledgements, alone and inside of other values.
import assert from "node:assert/strict";
import { connect, next, run, settled } from "../lib.mjs";

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, n) => n));

const ARGUMENTS = [
  [ALL_BYTES],
  [Buffer.alloc(0)],
  ["before", Buffer.from([1, 2, 3]), "after"],
  [Buffer.from("a"), Buffer.from("b"), Buffer.from("c")],
  [{ name: "picture.png", image: { data: ALL_BYTES, size: [16, 16] }, thumbnails: [Buffer.from([9]), Buffer.from([8])] }],
  [[Buffer.from([0]), "text", null, { deep: [Buffer.from([255])] }]],
];

run(async () => {
  const socket = await connect();
  for (const args of ARGUMENTS) {
    const answer = next(socket, "echo");
    socket.emit("echo", ...args);
    assert.deepEqual(await answer, args);
    assert.deepEqual(await new Promise((resolve) => socket.emit("echo-ack", ...args, (...back) => resolve(back))), args);
  }
  await everyViewIsBytes(socket);
  socket.on("reverse", (bytes, ack) => ack(Buffer.from(bytes).reverse()));
  const asked = await socket.emitWithAck("ask", "reverse", Buffer.from([1, 2, 3]));
  assert.deepEqual(asked, { answer: Buffer.from([3, 2, 1]) });
  await textAndBytesStayInOrder(socket);
  await settled(socket);
});

async function everyViewIsBytes(socket) {
  const { buffer } = Uint8Array.from([5, 6, 7]);
  assert.deepEqual(await socket.emitWithAck("echo-ack", buffer), Buffer.from([5, 6, 7]));
  assert.deepEqual(await socket.emitWithAck("echo-ack", Uint8Array.from([1])), Buffer.from([1]));
}

async function textAndBytesStayInOrder(socket) {
  const mixed = Array.from({ length: 40 }, (_, n) => (n % 3 === 0 ? Buffer.from([n]) : n));
  const seen = await Promise.all(mixed.map((value) => socket.emitWithAck("echo-ack", value)));
  assert.deepEqual(seen, mixed);
}
