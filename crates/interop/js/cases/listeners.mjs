// Several handlers of one event all run, and the first one answers; a socket's own come and go.
import assert from "node:assert/strict";
import { connect, run, settled } from "../lib.mjs";

run(async () => {
  const socket = await connect();
  const answer = (event) => new Promise((resolve) => socket.emit(event, (...words) => resolve(words)));
  const heard = () => socket.emitWithAck("heard");

  assert.deepEqual(await answer("several"), ["first"]);
  assert.deepEqual(await heard(), ["namespace, first", "namespace, second", "socket"]);
  socket.emit("several");
  assert.deepEqual(await heard(), ["namespace, first", "namespace, second", "socket"]);

  await ownHandlers(socket, answer, heard);
  await onceIsOnce(socket, heard);
  await theyGoAway(socket, heard);

  // Those of another socket were never there.
  const other = await connect();
  assert.equal(await other.emitWithAck("count", "x"), 0);
  await settled(socket);
});

async function ownHandlers(socket, answer, heard) {
  await socket.emitWithAck("listen", "x");
  await socket.emitWithAck("listen", "x");
  assert.equal(await socket.emitWithAck("count", "x"), 2);
  assert.deepEqual(await answer("x"), ["always"]);
  assert.deepEqual(await heard(), ["always", "always"]);
  assert.equal(await socket.emitWithAck("off"), true);
  assert.equal(await socket.emitWithAck("count", "x"), 1);
  assert.equal(await socket.emitWithAck("off"), true);
  assert.equal(await socket.emitWithAck("off"), false);
  socket.emit("x");
  assert.deepEqual(await heard(), []);
}

async function onceIsOnce(socket, heard) {
  await socket.emitWithAck("listen-once", "y");
  await socket.emitWithAck("listen", "y");
  for (let n = 0; n < 3; n++) socket.emit("y");
  assert.deepEqual(await heard(), ["once", "always", "always", "always"]);
  assert.equal(await socket.emitWithAck("count", "y"), 1);
}

async function theyGoAway(socket, heard) {
  await socket.emitWithAck("off-event", "y");
  socket.emit("y");
  assert.deepEqual(await heard(), []);
  await socket.emitWithAck("listen", "z");
  await socket.emitWithAck("off-all");
  socket.emit("z");
  socket.emit("several");
  assert.deepEqual(await heard(), ["namespace, first", "namespace, second"]);
}
