// Rooms decide who hears what.
import assert from "node:assert/strict";
import { collect, connect, run, until } from "../lib.mjs";

run(async () => {
  const [ada, bob, cleo] = await Promise.all([connect(), connect(), connect()]);
  const heard = new Map([ada, bob, cleo].map((socket) => [socket, collect(socket, "said")]));
  const texts = (socket) => heard.get(socket).map(([, text]) => text).filter((text) => text !== "end");
  /** Everybody has heard everything that was said before. */
  const quiet = async () => {
    await ada.emitWithAck("announce", null, "end");
    await until("the end", () => [...heard.values()].every((seen) => seen.at(-1)?.[1] === "end"));
    const result = [ada, bob, cleo].map(texts);
    heard.forEach((seen) => seen.splice(0));
    return result;
  };

  await Promise.all([ada.emitWithAck("join", "red"), bob.emitWithAck("join", "red"), cleo.emitWithAck("join", "blue")]);

  await ada.emitWithAck("say", "red", "others in red");
  assert.deepEqual(await quiet(), [[], ["others in red"], []]);

  await cleo.emitWithAck("say", "red", "from outside");
  assert.deepEqual(await quiet(), [["from outside"], ["from outside"], []]);

  await ada.emitWithAck("announce", "red", "the server to red");
  assert.deepEqual(await quiet(), [["the server to red"], ["the server to red"], []]);

  await ada.emitWithAck("shout", "everybody else");
  assert.deepEqual(await quiet(), [[], ["everybody else"], ["everybody else"]]);

  await bob.emitWithAck("join", "blue");
  await ada.emitWithAck("say-except", "red", "blue", "red, not blue");
  assert.deepEqual(await quiet(), [[], [], []]);

  await bob.emitWithAck("leave", "blue");
  await ada.emitWithAck("say-except", "red", "blue", "red, not blue");
  assert.deepEqual(await quiet(), [[], ["red, not blue"], []]);

  await bob.emitWithAck("leave", "red");
  await ada.emitWithAck("say", "red", "nobody");
  await ada.emitWithAck("say", bob.id, "to one id");
  assert.deepEqual(await quiet(), [[], ["to one id"], []]);
});
