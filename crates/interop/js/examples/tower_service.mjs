// The layers see every request and every answer, and the server works beneath them.
import assert from "node:assert/strict";
import { connect, run, settled, url } from "../lib.mjs";

run(async () => {
  const socket = await connect();
  await settled(socket);
  assert.equal(await socket.emitWithAck("echo", "hello"), "hello");

  const handshake = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  assert.equal(handshake.status, 200);
  assert.equal(handshake.headers.get("x-served-by"), "socketio");
  const elsewhere = await fetch(`${url}/elsewhere`);
  assert.equal(elsewhere.status, 404);
  assert.equal(elsewhere.headers.get("x-served-by"), "socketio");
});
