// Clients of every age: the server goes away and comes back, and they return by themselves.
//
// Lines on the standard output tell the harness what to do: `stop`, then `start`.
import assert from "node:assert/strict";
import { next, run, settled, until, within } from "../lib.mjs";
import { RELEASES, ask, each, open } from "../legacy.mjs";

const OPTIONS = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 };

run(async () => {
  const everybody = new Map();
  await each(RELEASES, async (release) => {
    const socket = open(release, "/", OPTIONS);
    await next(socket, "connect");
    await settled(socket);
    everybody.set(release, { socket, first: socket.io.engine.id, lost: next(socket, "disconnect") });
  });

  console.log("stop");
  await each(RELEASES, async (release) => {
    const seen = everybody.get(release);
    assert.match((await seen.lost)[0], /^transport (close|error)$/);
    seen.buffered = ask(seen.socket, "add", 40, 2);
    seen.failed = next(seen.socket.io, "reconnect_error");
    await seen.failed;
    seen.back = next(seen.socket, "connect");
  });

  console.log("start");
  await each(RELEASES, async (release) => {
    const { socket, first, back, buffered } = everybody.get(release);
    await back;
    assert.notEqual(socket.io.engine.id, first);
    assert.deepEqual(await within("the buffered emit", buffered), [42]);
    assert.deepEqual(await ask(socket, "add", 1, 2), [3]);
    await settled(socket);
  });
  await until("all are connected", () => [...everybody.values()].every(({ socket }) => socket.connected));
});
