// However a connection ends, each side learns why, in the words of the reference; the server still knows the rooms.
import assert from "node:assert/strict";
import { alsoConnect, collect, connect, http, mode, next, run, settled, until } from "../lib.mjs";

// With the close of the transport, or over polling also with a request that is refused.
const LOST = /^transport (close|error)$/;

run(async () => {
  await ends((socket) => socket.disconnect(), "io client disconnect", "client namespace disconnect");
  await ends((socket) => socket.emit("leave-me"), "io server disconnect", "server namespace disconnect");
  await ends((socket) => socket.emit("close-me"), "io server disconnect", "server namespace disconnect");
  await ends((socket) => socket.emit("drop-me"), "transport close", "forced close");
  await ends((socket) => socket.io.engine.close(), "forced close", "transport close");
  // The next three are clients that break the rules.
  await ends((socket) => socket.io.engine.write("9"), "transport close", "forced close");
  await ends((socket) => socket.io.engine.write('2["connect"]'), "transport close", "forced close");
  await ends(sendRubbish, LOST, "parse error");
  await ends(goSilent, "transport close", "ping timeout", { path: "/brief" });

  await everyNamespaceEnds();
  await oneNamespaceEnds();
  await lastWordsArrive();
});

/** Ends a fresh connection, and compares what either side says about it. */
async function ends(end, here, there, options) {
  const socket = await connect("/", options);
  await settled(socket);
  await socket.emitWithAck("join", "red");
  const { id } = socket;
  const left = next(socket, "disconnect");
  end(socket);
  const [reason] = await left;
  const seen = await written(id);
  assert.deepEqual(seen, parting(id, there, ["own", "red"]));
  if (here === LOST) assert.match(reason, here);
  else assert.equal(reason, here, `${there}, as the client sees it`);
}

/** What the server writes down about one end. */
function parting(id, reason, rooms) {
  return [
    { id, event: "disconnecting", reason, rooms, connected: false },
    { id, event: "disconnect", reason, rooms: [], connected: false },
  ];
}

/** The two lines about the end of a socket, once they are written. */
async function written(id) {
  let lines = [];
  const look = async () => {
    lines = JSON.parse((await http("GET", "/log")).body).filter((line) => line.id === id);
    if (lines.length < 2) setTimeout(look, 10);
  };
  await look();
  await until("the server has noticed", () => lines.length >= 2);
  return lines;
}

/** Sends what is no packet of Engine.IO. */
function sendRubbish(socket) {
  const { transport, id } = socket.io.engine;
  if (mode !== "polling") return transport.ws.send("x");
  return http("POST", `/socket.io/?EIO=4&transport=polling&sid=${id}`, { body: "x" });
}

/** Sends nothing any more, not even answers to pings. */
function goSilent(socket) {
  socket.io.engine.transport.write = () => {};
  socket.io.engine.transport.send = () => {};
}

async function everyNamespaceEnds() {
  const root = await connect();
  const other = await alsoConnect(root, "/other");
  const ids = [root.id, other.id];
  const left = Promise.all([next(root, "disconnect"), next(other, "disconnect")]);
  root.emit("close-me");
  assert.deepEqual((await left).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
  for (const id of ids) assert.deepEqual(await written(id), parting(id, "server namespace disconnect", ["own"]));
}

async function oneNamespaceEnds() {
  const root = await connect();
  const other = await alsoConnect(root, "/other");
  const { id } = other;
  other.disconnect();
  assert.deepEqual(await written(id), parting(id, "client namespace disconnect", ["own"]));
  await root.emitWithAck("join", "still here");
}

async function lastWordsArrive() {
  const socket = await connect();
  const [numbers, bytes] = [collect(socket, "number"), collect(socket, "bytes")];
  const left = next(socket, "disconnect");
  socket.emit("last-words", 100);
  assert.equal((await left)[0], "io server disconnect");
  assert.deepEqual(numbers.flat(), Array.from({ length: 100 }, (_, n) => n));
  assert.deepEqual(bytes, [[Buffer.from("the end")]]);
}
