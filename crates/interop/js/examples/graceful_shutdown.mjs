// The server is interrupted while a handler works: the client is put out, nobody new comes in.
//
// The line `interrupt` tells the harness to do so; it then looks at what the server has printed.
import assert from "node:assert/strict";
import { connect, next, pause, run, url } from "../lib.mjs";

run(async () => {
  const socket = await connect();
  socket.emit("work", 1.5);
  await pause(200);

  const lost = next(socket, "disconnect");
  console.log("interrupt");
  const [reason] = await lost;
  assert.match(reason, /^transport (close|error)$/);
  const late = await fetch(`${url}/socket.io/?EIO=4&transport=polling`).catch((error) => error);
  assert.ok(late instanceof Error || late.status === 503, `a late client got ${late.status}`);
});
