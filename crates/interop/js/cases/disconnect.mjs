// Whoever ends a connection, both sides learn the right reason.
import assert from "node:assert/strict";
import { alsoConnect, connect, next, run, settled } from "../lib.mjs";

run(async () => {
  const watcher = await connect();
  await watcher.emitWithAck("watch");
  /** Ends a fresh connection and gives the reasons of both sides. */
  const reasons = async (end, expect) => {
    const socket = await connect();
    await settled(socket);
    const id = socket.id;
    const [here, there] = [next(socket, "disconnect"), next(watcher, "left")];
    end(socket);
    const [[client], [who, server]] = await Promise.all([here, there]);
    assert.equal(who, id);
    assert.deepEqual([client, server], expect);
    return socket;
  };

  await reasons((socket) => socket.disconnect(), ["io client disconnect", "client namespace disconnect"]);
  await reasons((socket) => socket.emit("kick"), ["io server disconnect", "server namespace disconnect"]);
  await reasons((socket) => socket.emit("kick-all"), ["io server disconnect", "server namespace disconnect"]);
  await reasons((socket) => socket.io.engine.close(), ["forced close", "transport close"]);

  await oneNamespaceLeaves();
  await kickAllEndsEveryNamespace();
});

async function oneNamespaceLeaves() {
  const root = await connect();
  const other = await alsoConnect(root, "/other");
  const left = next(root, "disconnect");
  root.emit("kick");
  assert.deepEqual((await left)[0], "io server disconnect");
  assert.equal(await other.emitWithAck("echo-ack", "still here"), "still here");
}

async function kickAllEndsEveryNamespace() {
  const root = await connect();
  const other = await alsoConnect(root, "/other");
  const left = Promise.all([next(root, "disconnect"), next(other, "disconnect")]);
  root.emit("kick-all");
  assert.deepEqual((await left).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
}
