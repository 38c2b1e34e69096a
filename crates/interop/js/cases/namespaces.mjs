// Namespaces share a connection and nothing else; an unknown one is refused.
import assert from "node:assert/strict";
import { alsoConnect, collect, connect, next, run, settled } from "../lib.mjs";

run(async () => {
  const root = await connect();
  const other = root.io.socket("/other", {});
  const welcome = next(other, "welcome");
  assert.deepEqual(await welcome, ["/other"]);
  assert.notEqual(root.id, other.id);

  const strays = collect(root, "echo");
  const answer = next(other, "echo");
  other.emit("echo", "in /other", Buffer.from([1]));
  assert.deepEqual(await answer, ["in /other", Buffer.from([1])]);
  assert.deepEqual(await Promise.all([root.emitWithAck("add", 1, 2), other.emitWithAck("echo-ack", 7)]), [3, 7]);
  assert.deepEqual(strays, []);

  await anUnknownOneIsRefused(root);

  other.disconnect();
  assert.equal(await root.emitWithAck("add", 3, 4), 7);
  const again = await alsoConnect(root, "/other");
  assert.equal(await again.emitWithAck("echo-ack", "again"), "again");
  await settled(root);
});

async function anUnknownOneIsRefused(root) {
  const unknown = root.io.socket("/unknown", {});
  const refused = next(unknown, "connect_error");
  const [error] = await refused;
  assert.equal(error.message, "Invalid namespace");
  assert.equal(error.data, undefined);
  assert.equal(unknown.active, false);
  assert.equal(await root.emitWithAck("add", 5, 5), 10);
}
