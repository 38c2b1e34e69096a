// A file goes up in chunks and comes back whole; progress is reported on the way.
import assert from "node:assert/strict";
import { collect, connect, run } from "../lib.mjs";

run(async () => {
  const socket = await connect();
  const file = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
  const progress = collect(socket, "progress");

  assert.equal(await socket.emitWithAck("begin", "a.bin", file.length), undefined);
  for (let at = 0; at < file.length; at += 65_536) {
    socket.emit("chunk", file.subarray(at, at + 65_536));
  }
  const receipt = new Promise((resolve) => socket.emit("finish", (...args) => resolve(args)));
  assert.deepEqual(await receipt, ["a.bin", file.length]);
  // It may skip a step, but what it says is true.
  assert.ok(progress.length > 0);
  assert.ok(progress.every(([received, size]) => size === file.length && received <= size));

  assert.deepEqual(await socket.emitWithAck("download", "a.bin"), file);
  assert.equal(await socket.emitWithAck("download", "b.bin"), null);
  assert.equal(await socket.emitWithAck("finish"), "nothing was begun");
  assert.match(await socket.emitWithAck("begin", "b.bin", 1e9), /at most/);
  await socket.emitWithAck("begin", "c.bin", 2);
  socket.emit("chunk", Buffer.from([1]));
  assert.equal(await socket.emitWithAck("finish"), "1 of 2 bytes came");
});
