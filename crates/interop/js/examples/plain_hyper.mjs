// The hand-written service answers its own paths and leaves the others to the server.
import assert from "node:assert/strict";
import { connect, run, settled, url } from "../lib.mjs";

run(async () => {
  const socket = await connect();
  assert.equal(await socket.emitWithAck("echo", "hello"), "hello");
  await settled(socket);
  assert.equal(await socket.emitWithAck("echo", "again"), "again");

  const health = await fetch(`${url}/health`);
  assert.equal(await health.text(), "1 clients\n");
  assert.equal((await fetch(`${url}/nowhere`)).status, 404);
});
