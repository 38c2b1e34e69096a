// Every device of a user is reached, and one that was away for a moment gets what it missed.
import assert from "node:assert/strict";
import { collect, connect, next, open, run, until } from "../lib.mjs";

run(async () => {
  const [error] = await next(open("/", { auth: { user: " " } }), "connect_error");
  assert.equal(error.message, "who are you?");

  const as = (user, options) => connect("/", { auth: { user }, ...options });
  const ada = await as("ada");
  const otherAda = await as("ada");
  const back = { reconnection: true, reconnectionDelay: 500, reconnectionDelayMax: 500 };
  const grace = await as("grace", back);
  const [seen, welcomes] = [collect(grace, "message"), collect(grace, "welcome")];

  const copy = next(otherAda, "message");
  assert.equal(await ada.emitWithAck("message", "grace", "one"), 1);
  // Behind the arguments stands the event's place in the log, as with the JavaScript server.
  assert.deepEqual((await copy).slice(0, 3), ["ada", "grace", "one"]);
  await until("the first message", () => seen.length === 1);

  const { id } = grace;
  const lost = next(grace, "disconnect");
  grace.io.engine.close();
  await lost;
  ada.emit("message", "grace", "two");
  ada.emit("message", "grace", "three");
  await next(grace, "connect");
  assert.equal(grace.recovered, true);
  assert.equal(grace.id, id);
  await until("what was missed", () => seen.length === 3);
  assert.deepEqual(seen.map(([, , text]) => text), ["one", "two", "three"]);

  // Rooms and user are those of before, and nobody is welcomed twice.
  assert.equal(await ada.emitWithAck("message", "grace", "four"), 1);
  assert.equal(await grace.emitWithAck("message", "ada", "five"), 2);
  assert.ok(welcomes.length <= 1);
});
