// A thousand messages in each direction at the same time, begun before the transport changes and ended after it.
import assert from "node:assert/strict";
import { collect, connect, mode, pause, run, settled, until } from "../lib.mjs";

const COUNT = 1000;

run(async () => {
  const socket = await connect();
  const transport = () => socket.io.engine.transport.name;
  // The server lets the WebSocket wait, so this is certain.
  assert.equal(transport(), mode === "websocket" ? "websocket" : "polling");
  const sent = [];
  const sentBy = new Set();
  const back = collect(socket, "echo");
  const numbers = collect(socket, "number");
  const receivedBy = new Set();
  socket.on("number", () => receivedBy.add(transport()));

  // One number about every millisecond, there and here: the change takes less than the whole.
  socket.emit("drip", COUNT);
  for (let n = 0; n < COUNT; n++) {
    sent.push(n % 10 === 3 ? Buffer.from([n % 256]) : n);
    sentBy.add(transport());
    socket.emit("echo", sent[n]);
    await pause(1);
  }
  await until("all that was sent", () => back.length >= COUNT);
  await until("all numbers of the server", () => numbers.length >= COUNT);
  assert.deepEqual(back.flat(), sent);
  assert.deepEqual(numbers.flat(), sent.map((_, n) => n));
  await settled(socket);

  const expected = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] }[mode];
  assert.deepEqual([...sentBy], expected);
  assert.deepEqual([...receivedBy], expected);
});
