// A server that serves clients of today alone tells old ones so.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { connect as connectNew, http, next, run, url, UPGRADE } from "../lib.mjs";
import { OLD, each, open } from "../legacy.mjs";

const require = createRequire(import.meta.url);
const REFUSAL = '{"code":5,"message":"Unsupported protocol version"}';

run(async () => {
  for (const revision of ["EIO=3&", "EIO=2&", ""]) {
    const answer = await http("GET", `/socket.io/?${revision}transport=polling`);
    assert.deepEqual([answer.status, answer.body.toString()], [400, REFUSAL]);
    assert.equal(answer.headers["content-type"], "application/json");
    const upgrade = await http("GET", `/socket.io/?${revision}transport=websocket`, { headers: UPGRADE });
    assert.deepEqual([upgrade.status, upgrade.body.toString()], [400, "Unsupported protocol version"]);
  }
  await each(OLD, async (release) => {
    const socket = open(release);
    const [error] = await next(socket, "connect_error");
    assert.match(String(error), /xhr poll error|websocket error/);
    socket.disconnect();
  });
  const engine = require("eio-3.5.4")(url, { path: "/socket.io", transports: ["polling"] });
  const [error] = await next(engine, "error");
  assert.deepEqual([error.type, error.description], ["TransportError", 400]);
  const today = await connectNew();
  assert.equal(await today.emitWithAck("add", 1, 2), 3);
});
