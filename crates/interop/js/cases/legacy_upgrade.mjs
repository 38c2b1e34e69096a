// Old clients: a thousand messages in each direction, begun before the transport changes and ended after it.
import assert from "node:assert/strict";
import { collect, mode, pause, run, settled, until } from "../lib.mjs";
import { connect, each } from "../legacy.mjs";

// One of each way to write text, because a thousand messages take time.
const CHOSEN = ["1.0.6", "1.7.4", "2.5.0"];
const COUNT = 1000;
const NUMBERS = Array.from({ length: COUNT }, (_, n) => n);

run(() =>
  each(CHOSEN, async (release) => {
    const socket = await connect(release);
    // The server lets the WebSocket wait, so this is certain.
    assert.equal(socket.io.engine.transport.name, mode === "websocket" ? "websocket" : "polling");
    const back = collect(socket, "echo");
    const pushed = collect(socket, "number");
    socket.emit("drip", COUNT);
    for (const n of NUMBERS) {
      socket.emit("echo", n);
      await pause(1);
    }
    await until("all that was sent", () => back.length >= COUNT);
    await until("all numbers of the server", () => pushed.length >= COUNT);
    assert.deepEqual(back.flat(), NUMBERS);
    assert.deepEqual(pushed.flat(), NUMBERS);
    await settled(socket);
    socket.disconnect();
  }),
);
