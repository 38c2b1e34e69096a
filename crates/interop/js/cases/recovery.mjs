// A client that was lost returns as who it was and is told what it has missed; one that left, or stayed away too long,
// begins anew.
import assert from "node:assert/strict";
import { alsoConnect, collect, connect, next, pause, refusal, run, settled, until } from "../lib.mjs";

run(async () => {
  const watcher = await connect();
  await whatWasMissedIsTold(watcher);
  await aNamespaceIsRecoveredForItself(watcher);
  await onlyAccidentsAreRecovered(watcher);
  await middlewareIsAskedIfItWantsToBe();
  await whoIsLateBeginsAnew();
});

/** Loses the connection of a socket, and returns when the server has noticed. */
async function lose(socket, watcher) {
  const { id } = socket;
  const lost = next(socket, "disconnect");
  socket.io.engine.close();
  await lost;
  await absent(id, watcher);
}

async function absent(id, watcher) {
  let present = true;
  const look = async () => {
    present = await watcher.emitWithAck("present", id);
    if (present) setTimeout(look, 10);
  };
  await look();
  await until("the server has noticed", () => !present);
}

async function back(socket) {
  socket.connect();
  await next(socket, "connect");
}

async function whatWasMissedIsTold(watcher) {
  const ada = await connect();
  await settled(ada);
  assert.deepEqual([ada.recovered, typeof ada._pid], [false, "string"]);
  await ada.emitWithAck("join", "red");
  await ada.emitWithAck("set-data", { name: "ada" });
  const told = collect(ada, "told");
  await watcher.emitWithAck("tell", "red", "before");
  await until("the first event", () => told.length === 1);
  // The offset is a further argument.
  const [number, text, offset] = told.pop();
  assert.deepEqual([number, text, typeof offset], [1, "before", "string"]);

  const { id } = ada;
  for (const round of [1, 2]) {
    await lose(ada, watcher);
    await watcher.emitWithAck("tell", "red", "one");
    await watcher.emitWithAck("tell-volatile", "lost");
    await watcher.emitWithAck("tell", "blue", "not for you");
    await watcher.emitWithAck("tell-all", "two");
    await watcher.emitWithAck("tell", id, "three");
    const came = [];
    ada.once("connect", () => came.push(...told.map(([, text]) => text)));
    await back(ada);
    assert.deepEqual(came, ["one", "two", "three"], `round ${round}`);
    assert.deepEqual([ada.recovered, ada.id], [true, id]);
    assert.deepEqual(await ada.emitWithAck("rooms"), ["red", id].sort());
    assert.deepEqual(await ada.emitWithAck("data"), { name: "ada" });
    // Middleware was not asked again, and what was kept with the socket is still there.
    assert.deepEqual(await both(ada, "came"), [true, 1]);
    told.splice(0);
    await watcher.emitWithAck("tell", "red", "after");
    await until("what comes later", () => told.length === 1);
    assert.equal(told.pop()[1], "after");
  }
}

const both = (socket, event) => new Promise((resolve) => socket.emit(event, (...answer) => resolve(answer)));

async function aNamespaceIsRecoveredForItself(watcher) {
  const root = await connect();
  const other = await alsoConnect(root, "/other");
  const ids = [root.id, other.id];
  const told = collect(other, "told");
  await other.emitWithAck("tell-all", "hello");
  await until("hello", () => told.length === 1);
  await lose(root, watcher);
  const arrived = Promise.all([next(root, "connect"), next(other, "connect")]);
  root.connect();
  other.connect();
  await arrived;
  assert.deepEqual([root.id, other.id], ids);
  assert.deepEqual([root.recovered, other.recovered], [true, true]);
}

async function onlyAccidentsAreRecovered(watcher) {
  for (const leave of [(socket) => socket.disconnect(), (socket) => socket.emit("kick")]) {
    const socket = await connect();
    const { id } = socket;
    await socket.emitWithAck("join", "red");
    const left = next(socket, "disconnect");
    leave(socket);
    await left;
    await absent(id, watcher);
    await back(socket);
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, id);
    assert.deepEqual(await socket.emitWithAck("rooms"), [socket.id]);
    assert.deepEqual(await both(socket, "came"), [false, 1]);
  }
}

async function middlewareIsAskedIfItWantsToBe() {
  const options = { path: "/strict" };
  const [watcher, socket] = [await connect("/", options), await connect("/", options)];
  const told = collect(socket, "told");
  await watcher.emitWithAck("tell-all", "hello");
  await until("hello", () => told.length === 1);
  const { id } = socket;
  await lose(socket, watcher);
  await back(socket);
  assert.deepEqual([socket.recovered, socket.id], [true, id]);
  assert.deepEqual(await both(socket, "came"), [true, 2]);
  await lose(socket, watcher);
  socket.auth = { refused: true };
  socket.connect();
  assert.equal((await refusal(socket)).message, "refused");
}

async function whoIsLateBeginsAnew() {
  const options = { path: "/brief" };
  const [watcher, socket] = [await connect("/", options), await connect("/", options)];
  const told = collect(socket, "told");
  await watcher.emitWithAck("tell-all", "hello");
  await until("hello", () => told.length === 1);
  const { id } = socket;
  await lose(socket, watcher);
  await pause(200);
  await back(socket);
  assert.equal(socket.recovered, false);
  assert.notEqual(socket.id, id);
}
