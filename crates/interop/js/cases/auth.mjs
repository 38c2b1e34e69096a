// A middleware refuses with a message and data, and lets in who knows the secret.
import assert from "node:assert/strict";
import { next, open, run, settled } from "../lib.mjs";

run(async () => {
  for (const auth of [undefined, {}, { token: "guess" }]) {
    const socket = open("/admin", { auth });
    const [error] = await next(socket, "connect_error");
    assert.equal(error.message, "denied");
    assert.deepEqual(error.data, { code: 401, hint: "ask for a token" });
    assert.equal(socket.connected, false);

    // The refused client may try again on the same connection.
    socket.auth = { token: "secret", user: { name: "ada" } };
    const welcome = next(socket, "you");
    socket.connect();
    assert.deepEqual(await welcome, ["ada"]);
    assert.equal(socket.connected, true);
    await settled(socket);
  }
});
