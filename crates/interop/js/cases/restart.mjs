// The server goes away and comes back; the client returns by itself.
//
// Lines on the standard output tell the harness what to do: `stop`, then `start`.
import assert from "node:assert/strict";
import { next, open, run, settled, within } from "../lib.mjs";

run(async () => {
  const socket = open("/", { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
  await next(socket, "connect");
  await settled(socket);
  const first = socket.id;

  const lost = next(socket, "disconnect");
  console.log("stop");
  const [reason] = await lost;
  assert.match(reason, /^transport (close|error)$/);
  assert.equal(socket.active, true);
  const buffered = socket.emitWithAck("add", 40, 2);

  await next(socket.io, "reconnect_error");
  const back = next(socket, "connect");
  console.log("start");
  await back;
  assert.notEqual(socket.id, first);
  assert.equal(await within("the buffered emit", buffered), 42);
  assert.equal(await socket.emitWithAck("add", 1, 2), 3);
  await settled(socket);
});
