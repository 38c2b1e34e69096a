// A thousand values leave at once and come back in order, then the server pushes as many at once.
import assert from "node:assert/strict";
import { collect, connect, run, settled, until } from "../lib.mjs";

const COUNT = 1000;
const VALUES = Array.from({ length: COUNT }, (_, n) => (n % 10 === 3 ? Buffer.from([n % 256]) : n));

run(async () => {
  const socket = await connect();
  const back = collect(socket, "echo");
  for (const value of VALUES) socket.emit("echo", value);
  await until("all values", () => back.length >= COUNT);
  assert.deepEqual(back.flat(), VALUES);

  const pushed = collect(socket, "number");
  socket.emit("push", COUNT);
  await until("all numbers of the server", () => pushed.length >= COUNT);
  assert.deepEqual(pushed.flat(), VALUES.map((_, n) => n));
  await settled(socket);
});
