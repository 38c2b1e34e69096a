// Acknowledgements in both directions, with and without a time limit.
import assert from "node:assert/strict";
import { connect, pause, run, settled } from "../lib.mjs";

run(async () => {
  const socket = await connect();
  await theServerAnswers(socket);
  await theServerStaysSilent(socket);
  await theServerAsks(socket);
  await settled(socket);
  assert.equal(await socket.emitWithAck("add", 20, 22), 42);
});

async function theServerAnswers(socket) {
  assert.equal(await socket.emitWithAck("add", 2, 3), 5);
  const all = await Promise.all([1, 2, 3].map((n) => socket.emitWithAck("add", n, n)));
  assert.deepEqual(all, [2, 4, 6]);
  const answer = (...question) => new Promise((resolve) => socket.emit(...question, (...args) => resolve(args)));
  assert.deepEqual(await answer("nothing"), []);
  assert.deepEqual(await answer("pair"), ["first", 2]);
  assert.deepEqual(await answer("echo-ack", 1, { a: [null] }, "x"), [1, { a: [null] }, "x"]);
  assert.deepEqual(await answer("late", 50), ["late"]);
}

async function theServerStaysSilent(socket) {
  await assert.rejects(socket.timeout(100).emitWithAck("silence"), /operation has timed out/);
  await assert.rejects(socket.timeout(50).emitWithAck("late", 200), /operation has timed out/);
  await pause(250);
  assert.equal(await socket.emitWithAck("add", 1, 1), 2);
}

async function theServerAsks(socket) {
  socket.on("double", (n, ack) => ack(n * 2));
  socket.on("double-later", (n, ack) => setTimeout(() => ack(n * 2), 50));
  socket.on("no-answer", () => {});
  assert.deepEqual(await socket.emitWithAck("ask", "double", 21), { answer: 42 });
  assert.deepEqual(await socket.emitWithAck("ask", "double-later", 4), { answer: 8 });
  assert.deepEqual(await socket.emitWithAck("ask", "no-answer", 0), { error: "timeout" });
  const many = await Promise.all([1, 2, 3, 4].map((n) => socket.emitWithAck("ask", "double", n)));
  assert.deepEqual(many, [{ answer: 2 }, { answer: 4 }, { answer: 6 }, { answer: 8 }]);
}
