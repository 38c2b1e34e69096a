// Catch-alls see every event, in and out, before anybody else does and even if it goes no further.
import assert from "node:assert/strict";
import { collect, connect, next, run, settled, until } from "../lib.mjs";

const INCOMING = ["any", "own any, first", "own any, second", "middleware"];
const OUTGOING = ["out", "own out, first", "own out, second"];
const about = (words, event) => words.map((word) => `${word} ${event}`);

run(async () => {
  const [ada, bob] = [await connect(), await connect()];
  const notes = (socket, keep = false) => socket.emitWithAck("notes", keep);

  assert.equal(await ada.emitWithAck("hello"), "answered");
  // The answer itself is not an event, so nobody sees it leave.
  assert.deepEqual(await notes(ada), [...about(INCOMING, "hello"), "handler hello"]);

  assert.equal(await ada.emitWithAck("blocked"), "blocked");
  assert.deepEqual(await notes(ada), about(INCOMING, "blocked"));
  ada.emit("nobody handles this");
  assert.deepEqual(await notes(ada), about(INCOMING, "nobody handles this"));

  const two = next(ada, "one");
  await ada.emitWithAck("emit");
  await two;
  assert.deepEqual(await notes(ada), [...about(INCOMING, "emit"), ...about(OUTGOING, "one"), ...about(OUTGOING, "two")]);

  ada.on("question", (ack) => ack(42));
  assert.equal(await ada.emitWithAck("ask"), 42);
  assert.deepEqual(await notes(ada), [...about(INCOMING, "ask"), ...about(OUTGOING, "question")]);

  await broadcastsAreSeenByEachRecipient(ada, bob, notes);

  assert.equal(await ada.emitWithAck("unwatch"), 4);
  await notes(ada);
  await ada.emitWithAck("emit");
  assert.deepEqual(await notes(ada), ["any emit", "middleware emit", "out one", "out two"]);
  await settled(ada);
});

async function broadcastsAreSeenByEachRecipient(ada, bob, notes) {
  await notes(bob);
  const heard = [collect(ada, "news"), collect(bob, "news")];
  await ada.emitWithAck("broadcast");
  await until("both have heard", () => heard.every((news) => news.length === 1));
  assert.deepEqual(await notes(bob), about(OUTGOING, "news"));
  assert.deepEqual(await notes(ada), [...about(INCOMING, "broadcast"), ...about(OUTGOING, "news")]);
}
