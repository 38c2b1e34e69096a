// A login over HTTP is known to the socket, and HTTP handlers reach the sockets.
import assert from "node:assert/strict";
import { connect, next, open, run, url } from "../lib.mjs";

run(async () => {
  const [error] = await next(open("/"), "connect_error");
  assert.equal(error.message, "log in first");
  const forged = open("/", { extraHeaders: { cookie: "session=0123456789abcdef" } });
  await next(forged, "connect_error");

  const login = await fetch(`${url}/login/ada`, { method: "POST" });
  assert.equal(login.status, 204);
  const [cookie] = login.headers.get("set-cookie").split(";");
  const socket = await connect("/", { extraHeaders: { cookie: `theme=dark; ${cookie}` } });
  assert.equal(await socket.emitWithAck("whoami"), "ada");

  const news = next(socket, "news");
  await fetch(`${url}/news`, { method: "POST", body: "hello" });
  assert.deepEqual(await news, ["hello"]);
});
