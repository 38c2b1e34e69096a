// Choices of sockets: rooms and exceptions, told and moved and put out, kept and used again.
import assert from "node:assert/strict";
import { alsoConnect, collect, connect, next, run, settled, until } from "../lib.mjs";

run(async () => {
  const people = await Promise.all([connect(), connect(), connect(), connect()]);
  const [ada, bob, cleo, dan] = people;
  const heard = people.map((socket) => collect(socket, "told"));
  /** Who has heard what since the last time. */
  const told = async () => {
    await ada.emitWithAck("tell", {}, "end");
    await until("the end", () => heard.every((texts) => texts.at(-1)?.[0] === "end"));
    return heard.map((texts) => texts.splice(0).flat().filter((text) => text !== "end"));
  };
  await ada.emitWithAck("join", ["red", "green"]);
  await bob.emitWithAck("join", ["red", "green", "blue"]);
  await cleo.emitWithAck("join", ["blue"]);

  await roomsAndExceptions(people, told);
  await everyNamespaceHasItsOwn(ada, told);
  await membersAreMoved(people, told);
  await Promise.all(people.map(settled));
  await membersArePutOut(people);
});

async function roomsAndExceptions([ada, bob, cleo, dan], told) {
  // Several rooms are one choice, and nobody hears a thing twice.
  await ada.emitWithAck("tell", { rooms: ["red", "green"] }, "a");
  assert.deepEqual(await told(), [["a"], ["a"], [], []]);
  await ada.emitWithAck("tell", { rooms: ["red", "green"], others: true }, "b");
  assert.deepEqual(await told(), [[], ["b"], [], []]);
  await dan.emitWithAck("tell", { rooms: ["red", "blue"], except: ["green"] }, "c");
  assert.deepEqual(await told(), [[], [], ["c"], []]);
  await ada.emitWithAck("tell", { except: ["green"] }, "d");
  assert.deepEqual(await told(), [[], [], ["d"], ["d"]]);
  await ada.emitWithAck("tell", { except: ["red", "blue"], others: true }, "e");
  assert.deepEqual(await told(), [[], [], [], ["e"]]);
  await ada.emitWithAck("tell", { rooms: ["nobody"] }, "f");
  await ada.emitWithAck("tell", { rooms: [cleo.id, dan.id], except: [dan.id] }, "g");
  assert.deepEqual(await told(), [[], [], ["g"], []]);
  await ada.emitWithAck("tell-bytes", { rooms: ["red"] }, Buffer.from([1, 2]));
  const bytes = ["bytes", Buffer.from([1, 2])];
  assert.deepEqual(await told(), [bytes, bytes, [], []]);
  // A choice that was narrowed is another choice.
  await dan.emitWithAck("tell-twice", { rooms: ["red"] });
  assert.deepEqual(await told(), [["the kept choice"], ["the kept choice"], [], []]);
  // Who listens hears what may get lost, sooner or later: between two polls nobody listens.
  const news = next(bob, "told");
  let heard = false;
  news.then(() => (heard = true));
  while (!heard) await ada.emitWithAck("tell", { rooms: ["blue"], volatile: true }, "h");
  assert.deepEqual(await news, ["h"]);
  await told();
  for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
    const refused = await new Promise((resolve) => ada.emit("reserved", name, (...answer) => resolve(answer)));
    assert.deepEqual(refused, [true, true, true, true], name);
  }
}

async function everyNamespaceHasItsOwn(ada, told) {
  const other = await alsoConnect(ada, "/other");
  const heard = collect(other, "told");
  await other.emitWithAck("join", ["red"]);
  await other.emitWithAck("tell", { rooms: ["red"] }, "in /other");
  assert.deepEqual(heard, [["in /other"]]);
  assert.deepEqual(await told(), [[], [], [], []]);
  assert.deepEqual(heard, [["in /other"]]);
  other.disconnect();
}

async function membersAreMoved([ada, bob, cleo, dan], told) {
  const ids = (...sockets) => sockets.map((socket) => socket.id).sort();
  assert.deepEqual(await ada.emitWithAck("who", {}), ids(ada, bob, cleo, dan));
  assert.deepEqual(await ada.emitWithAck("who", { rooms: ["blue"] }), ids(bob, cleo));
  assert.deepEqual(await ada.emitWithAck("rooms"), ["green", "red", ada.id].sort());

  await ada.emitWithAck("join-them", { rooms: ["blue"] }, "violet");
  assert.deepEqual(await ada.emitWithAck("who", { rooms: ["violet"] }), ids(bob, cleo));
  await ada.emitWithAck("leave-them", { rooms: ["red"] }, "violet");
  assert.deepEqual(await ada.emitWithAck("who", { rooms: ["violet"] }), ids(cleo));
  await ada.emitWithAck("leave-them", {}, "violet");
  assert.deepEqual(await ada.emitWithAck("who", { rooms: ["violet"] }), []);

  // The room of its own id can be left, unknown rooms too, and joining twice is joining once.
  await dan.emitWithAck("join", ["x", "x"]);
  await dan.emitWithAck("leave", "never joined");
  await dan.emitWithAck("leave", dan.id);
  assert.deepEqual(await dan.emitWithAck("rooms"), ["x"]);
  await ada.emitWithAck("tell", { rooms: [dan.id] }, "nobody");
  await ada.emitWithAck("tell", { rooms: ["x"] }, "dan");
  assert.deepEqual(await told(), [[], [], [], ["dan"]]);
  await dan.emitWithAck("leave", "x");
  assert.deepEqual(await dan.emitWithAck("rooms"), []);
}

async function membersArePutOut([ada, bob, cleo, dan]) {
  // The client would give up a connection without a namespace.
  await alsoConnect(bob, "/other");
  const left = Promise.all([bob, cleo].map((socket) => next(socket, "disconnect")));
  await ada.emitWithAck("put-out", { rooms: ["blue"] });
  assert.deepEqual((await left).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
  // Their connections stay, and they may come back.
  const engine = bob.io.engine;
  bob.connect();
  await next(bob, "connect");
  assert.ok(bob.io.engine === engine);
  assert.deepEqual(await bob.emitWithAck("rooms"), [bob.id]);

  const closed = Promise.all([bob, dan].map((socket) => next(socket.io.engine, "close")));
  await ada.emitWithAck("close-them", { others: true });
  await closed;
  assert.deepEqual(await ada.emitWithAck("who", {}), [ada.id]);
}
