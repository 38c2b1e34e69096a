// Middleware: several decide in order who is let in, others which events get through and with which arguments.
import assert from "node:assert/strict";
import { collect, connect, next, open, refusal, run, settled } from "../lib.mjs";

run(async () => {
  await allAreAskedInOrder();
  await anyOfThemRefuses();
  await everyKindOfDataTravels();
  await eventsAreGuarded();
});

async function allAreAskedInOrder() {
  const socket = open();
  const steps = collect(socket, "step");
  const welcome = next(socket, "welcome");
  await next(socket, "connect");
  // What they have emitted to the joining socket is there, and so is what they have kept with it.
  assert.deepEqual(steps, [[1, [1]], [2, [1, 2]], [3, [1, 2, 3]]]);
  // Three rooms of the steps and its own.
  assert.deepEqual(await welcome, [[1, 2, 3], 4]);
  await settled(socket);
}

async function anyOfThemRefuses() {
  for (const refuse of [1, 2, 3]) {
    // The client would give up a connection without a namespace.
    const { io } = await connect("/open");
    const socket = io.socket("/", { auth: { refuse } });
    const error = await refusal(socket);
    assert.equal(error.message, `refused by ${refuse}`);
    assert.equal(error.data, undefined);
    assert.deepEqual([socket.connected, socket.active, socket.id], [false, false, undefined]);

    // It may try again on the same connection.
    const { engine } = io;
    socket.auth = {};
    socket.connect();
    await next(socket, "connect");
    assert.ok(io.engine === engine);
  }
}

async function everyKindOfDataTravels() {
  for (const data of [null, 0, "", false, "text", [1, [2]], { code: 401, more: { deep: [null] } }]) {
    const error = await refusal(open("/", { auth: { refuse: 2, data } }));
    assert.equal(error.message, "refused by 2");
    assert.deepEqual(error.data, data);
  }
}

async function eventsAreGuarded() {
  const socket = open();
  await next(socket, "connect");
  const answer = (...event) => new Promise((resolve) => socket.emit(...event, (...words) => resolve(words)));
  assert.deepEqual(await answer("say", "hello"), ["hello"]);
  // Other arguments took the place of those that were sent.
  const [text, length] = await answer("shout", "hello");
  assert.deepEqual([text, length], ["HELLO", '["HELLO"]'.length]);
  // Stopped: whoever asked is told, whoever did not is not.
  assert.deepEqual(await answer("secret"), ["not for you"]);
  socket.emit("secret");
  assert.deepEqual(await answer("shout", 7), ["not a text"]);
  assert.deepEqual(await answer("say", "still here"), ["still here"]);

  const [passed] = await answer("passed");
  assert.deepEqual(passed, ["say", "shout", "say", "passed"]);
  const [failures] = await answer("failures");
  assert.equal(failures.filter((line) => line.includes("secret")).length, 2);
  assert.equal(failures.filter((line) => line.includes("shout")).length, 1);
}
