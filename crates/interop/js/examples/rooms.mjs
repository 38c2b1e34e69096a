// Who is in a room hears what is said there, and who leaves; nobody else does.
import assert from "node:assert/strict";
import { collect, connect, next, run } from "../lib.mjs";

run(async () => {
  const [ada, grace, stranger] = await Promise.all([connect(), connect(), connect()]);
  const overheard = collect(stranger, "said");

  assert.equal(await ada.emitWithAck("join", "news"), 1);
  const joined = next(ada, "joined");
  assert.equal(await grace.emitWithAck("join", "news"), 2);
  assert.deepEqual(await joined, ["news", grace.id]);

  const said = next(grace, "said");
  ada.emit("say", "news", "hello");
  assert.deepEqual(await said, ["news", "hello"]);
  assert.equal(await stranger.emitWithAck("say", "news", "me too"), "join the room first");

  // The id of a socket names a room, which must stay its own.
  await stranger.emitWithAck("join", ada.id);
  const { id } = grace;
  const parted = next(ada, "parted");
  grace.disconnect();
  assert.deepEqual(await parted, ["news", id]);

  await ada.emitWithAck("leave", "news");
  assert.equal(await ada.emitWithAck("say", "news", "still here?"), "join the room first");
  assert.deepEqual(overheard, []);
});
