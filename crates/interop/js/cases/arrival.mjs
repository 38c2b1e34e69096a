// What the server knows about a client: handshake, connection, ids, rooms, and the data kept with it.
import assert from "node:assert/strict";
import { alsoConnect, connect, mode, run, settled } from "../lib.mjs";

run(async () => {
  await theHandshakeIsTold();
  await secureAndCrossDomain();
  await theConnectionIsShared();
  await dataIsKept();
});

async function theHandshakeIsTold() {
  const before = Date.now();
  const socket = await connect("/", {
    extraHeaders: { "X-Custom": "for you" },
    query: { name: "ada lovelace", twice: "ä&=" },
    auth: { token: "secret", deep: { list: [1, null, "x"] } },
  });
  const told = await socket.emitWithAck("handshake");
  assert.equal(told.headers["x-custom"], "for you");
  const first = mode === "websocket" ? "websocket" : "polling";
  assert.equal(told.query.EIO, "4");
  assert.equal(told.query.transport, first);
  assert.equal(told.query.name, "ada lovelace");
  assert.equal(told.last, "ä&=");
  assert.match(told.url, new RegExp(`^/socket.io/\\?.*EIO=4&transport=${first}`));
  assert.equal(told.address, "127.0.0.1");
  assert.deepEqual([told.secure, told.xdomain], [false, false]);
  assert.ok(told.issued > before - 1000 && told.issued < Date.now() + 1000);
  assert.deepEqual(told.auth, { token: "secret", deep: { list: [1, null, "x"] } });

  // Fixed when the client came: it does not change with the transport.
  await settled(socket);
  const again = await socket.emitWithAck("handshake");
  assert.deepEqual(again, told);
  const bare = await connect("/");
  assert.deepEqual((await bare.emitWithAck("handshake")).auth, {});
}

async function secureAndCrossDomain() {
  const extraHeaders = { "X-Forwarded-Proto": "https", Origin: "https://elsewhere.example" };
  const socket = await connect("/", { extraHeaders });
  const told = await socket.emitWithAck("handshake");
  assert.deepEqual([told.secure, told.xdomain], [true, true]);
}

async function theConnectionIsShared() {
  const root = await connect();
  await settled(root);
  const other = root.io.socket("/other", { auth: { who: "the other" } });
  await new Promise((resolve) => other.once("connect", resolve));
  const [one, two] = [await root.emitWithAck("connection"), await other.emitWithAck("connection")];
  assert.deepEqual(one, two);
  const transport = mode === "polling" ? "polling" : "websocket";
  assert.deepEqual(one, { session: root.io.engine.id, protocol: 4, transport, open: true, path: "/socket.io/" });
  // Each namespace has an id and an auth payload of its own.
  assert.deepEqual((await other.emitWithAck("handshake")).auth, { who: "the other" });
  for (const [socket, namespace] of [[root, "/"], [other, "/other"]]) {
    const told = await socket.emitWithAck("socket");
    assert.deepEqual(told, { id: socket.id, namespace, connected: true, rooms: [socket.id] });
  }
  assert.equal(new Set([root.id, other.id, root.io.engine.id]).size, 3);
}

async function dataIsKept() {
  const socket = await connect();
  assert.deepEqual(await socket.emitWithAck("data"), {});
  for (const data of [{ user: "ada", list: [1, [2]] }, "text", 7, [1, 2], null, true]) {
    await socket.emitWithAck("set-data", data);
    assert.deepEqual(await socket.emitWithAck("data"), data);
  }
  assert.equal((await socket.emitWithAck("user")).error, "internal error");
  await socket.emitWithAck("set-user", "ada");
  assert.equal(await socket.emitWithAck("user"), "ada");
  const other = await alsoConnect(socket, "/other");
  assert.deepEqual(await other.emitWithAck("data"), {});
  assert.equal(await other.emitWithAck("clients"), 5);
}
