// The metrics count what a client does.
import assert from "node:assert/strict";
import { connect, run, until, url } from "../lib.mjs";

const metrics = async () => {
  const answer = await fetch(`${url}/metrics`);
  assert.match(answer.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
  const lines = (await answer.text()).trim().split("\n").filter((line) => !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => line.split(" ")).map(([name, value]) => [name, Number(value)]));
};

run(async () => {
  const sockets = 'socketio_sockets{namespace="/"}';
  assert.equal((await metrics())[sockets], 0);

  const socket = await connect();
  assert.equal(await socket.emitWithAck("echo", "hello"), "hello");
  await socket.emitWithAck("echo", 1);
  const busy = await metrics();
  assert.equal(busy[sockets], 1);
  assert.equal(busy.socketio_connects_total, 1);
  assert.equal(busy.socketio_events_total, 2);
  assert.equal(busy.socketio_handler_failures_total, 1);
  assert.ok(busy.socketio_sent_bytes_total > 0);

  socket.disconnect();
  let idle;
  const look = setInterval(async () => (idle = await metrics()), 50);
  await until("the end of the connection", () => idle?.[sockets] === 0);
  clearInterval(look);
  assert.equal(idle.socketio_connects_total, 1);
  assert.equal(idle.socketio_queued_bytes, 0);
});
