// Old and new clients in the same rooms: a broadcast reaches all of them, once and in the same order.
import assert from "node:assert/strict";
import { collect, connect as connectNew, next, run, settled, until } from "../lib.mjs";
import { RELEASES, ask, connect } from "../legacy.mjs";

const COUNT = 50;

run(async () => {
  const olds = await Promise.all(RELEASES.map((release) => connect(release)));
  const news = await Promise.all([connectNew(), connectNew()]);
  const everybody = [...olds, ...news];
  const outsider = await connectNew();
  const heard = new Map([...everybody, outsider].map((socket) => [socket, collect(socket, "said")]));
  await Promise.all(everybody.map((socket) => ask(socket, "join", "red")));

  // The transports change while they talk.
  for (let n = 0; n < COUNT; n++) {
    const speaker = everybody[n % everybody.length];
    await ask(speaker, "announce", "red", `sentence ${n}`);
  }
  const sentences = Array.from({ length: COUNT }, (_, n) => ["red", `sentence ${n}`]);
  for (const socket of everybody) {
    await until("all sentences", () => heard.get(socket).length >= COUNT);
    assert.deepEqual(heard.get(socket), sentences);
    await settled(socket);
  }
  assert.deepEqual(heard.get(outsider), []);

  await nobodyHearsThemselves(everybody, heard);
  await bytesReachAll(everybody);
});

async function nobodyHearsThemselves(everybody, heard) {
  heard.forEach((seen) => seen.splice(0));
  for (const speaker of everybody) await ask(speaker, "say", "red", "hello");
  for (const socket of everybody) {
    await until("the others", () => heard.get(socket).length >= everybody.length - 1);
    assert.equal(heard.get(socket).length, everybody.length - 1);
  }
}

async function bytesReachAll(everybody) {
  const all = everybody.map((socket) => next(socket, "picture"));
  await ask(everybody.at(-1), "show", "red");
  for (const [first, text, second] of await Promise.all(all)) {
    assert.deepEqual([[...Buffer.from(first)], text, [...Buffer.from(second)]], [[1, 2, 3], "and", [4, 5]]);
  }
}
