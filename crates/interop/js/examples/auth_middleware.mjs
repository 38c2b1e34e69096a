// A wrong token is refused with a message and data; a good one says who the client is.
import assert from "node:assert/strict";
import { connect, next, open, run } from "../lib.mjs";

run(async () => {
  const refusals = [
    [undefined, { code: 401, hint: "log in first" }],
    [{ token: "weed" }, { code: 403, hint: "the token is not known" }],
  ];
  for (const [auth, data] of refusals) {
    const [error] = await next(open("/", { auth }), "connect_error");
    assert.equal(error.message, "not authorised");
    assert.deepEqual(error.data, data);
  }
  for (const [token, name] of [["tulip", "ada"], ["daisy", "grace"]]) {
    const socket = await connect("/", { auth: { token } });
    assert.equal(await socket.emitWithAck("whoami"), name);
  }
});
