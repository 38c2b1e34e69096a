// Two servers of a cluster are one to their clients: rooms, questions, sockets that are fetched, words between servers.
import assert from "node:assert/strict";
import { collect, connect, next, run, settled, until } from "../lib.mjs";

run(async () => {
  // Two on the first server, one on the second.
  const people = [await connect("/", { path: "/one" }), await connect("/", { path: "/one" }), await connect("/", { path: "/two" })];
  const [ada, bob, cleo] = people;
  await Promise.all(people.map(settled));
  const heard = people.map((socket) => collect(socket, "told"));
  people.forEach((socket, n) => socket.on("question", (ack) => ack(n)));
  await bob.emitWithAck("join", "red");
  await cleo.emitWithAck("join", "red");

  await roomsReachBothServers(ada, cleo, heard);
  await socketsAreFetched(ada, bob, cleo);
  await serversTalk(ada, people);
  await fetchedSocketsAreUsed(ada, bob, cleo, heard);
});

const answer = (socket, ...event) => new Promise((resolve) => socket.emit(...event, (...words) => resolve(words)));

async function roomsReachBothServers(ada, cleo, heard) {
  await ada.emitWithAck("tell", "red", "from one");
  await until("both members", () => heard[1].length === 1 && heard[2].length === 1);
  await cleo.emitWithAck("tell-local", "nobody else is here");
  await ada.emitWithAck("tell-local", "on one");
  await cleo.emitWithAck("tell", ada.id, "to ada");
  await until("ada", () => heard[0].length === 1);
  await until("bob", () => heard[1].length === 2);
  assert.deepEqual(heard, [[["to ada"]], [["from one"], ["on one"]], [["from one"]]]);
  heard.forEach((texts) => texts.splice(0));
  assert.deepEqual(await answer(ada, "survey"), [[1, 2], 0]);
  assert.deepEqual(await answer(cleo, "survey"), [[0, 1], 0]);
}

async function socketsAreFetched(ada, bob, cleo) {
  await cleo.emitWithAck("set-data", { name: "cleo" });
  const found = await ada.emitWithAck("fetch", "red");
  const transport = found[0].transport;
  const of = (socket, local, data) => ({ id: socket.id, local, rooms: ["red", socket.id].sort(), data, transport });
  const expected = [of(bob, true, {}), of(cleo, false, { name: "cleo" })];
  assert.deepEqual(found, expected.sort((one, two) => (one.id < two.id ? -1 : 1)));
}

async function serversTalk(ada, people) {
  const words = people.map((socket) => collect(socket, "word"));
  await ada.emitWithAck("word", "psst");
  await until("the other server", () => words[2].length === 1);
  // The server that speaks does not hear itself.
  assert.deepEqual(words, [[], [], [["/two", "psst"]]]);
  assert.deepEqual(await answer(ada, "loads"), [["/two"], 0]);
}

async function fetchedSocketsAreUsed(ada, bob, cleo, heard) {
  assert.deepEqual(await ada.emitWithAck("greet-each", "red"), [1, 2]);
  await until("both", () => heard[1].length === 1 && heard[2].length === 1);
  assert.deepEqual(heard, [[], [["you alone"]], [["you alone"]]]);
  for (const socket of [bob, cleo]) {
    assert.deepEqual(await socket.emitWithAck("rooms"), ["greeted", "red", socket.id].sort());
  }
  const left = Promise.all([next(bob, "disconnect"), next(cleo, "disconnect")]);
  await ada.emitWithAck("put-out-each", "greeted");
  assert.deepEqual((await left).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
  assert.deepEqual(await ada.emitWithAck("fetch", "red"), []);
}
