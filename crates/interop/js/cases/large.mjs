// Messages up to the limit pass whole; one beyond it ends the connection.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, next, run, settled } from "../lib.mjs";

const SIZES = [16 * 1024, 64 * 1024 - 1, 64 * 1024, 900_000];

run(async () => {
  const socket = await connect();
  for (const size of SIZES) {
    const text = randomBytes(size / 2).toString("hex");
    assert.equal(await socket.emitWithAck("echo-ack", text), text);
    // A polling client sends bytes as base64, a third longer.
    const bytes = randomBytes(Math.min(size, 700_000));
    assert.deepEqual(await socket.emitWithAck("echo-ack", bytes), bytes);
  }
  const wide = "€".repeat(300_000);
  assert.equal(await socket.emitWithAck("echo-ack", wide), wide);
  await settled(socket);

  const end = next(socket, "disconnect");
  socket.emit("echo", "x".repeat(1_100_000));
  assert.match((await end)[0], /^transport (close|error)$/);
});
