// Old clients of Engine.IO alone: text and bytes come back, in order, and the heartbeat holds.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { collect, mode, next, pause, run, transports, until, url } from "../lib.mjs";
import { each } from "../legacy.mjs";

const require = createRequire(import.meta.url);
const COUNT = 1000;

// Two intervals of the server's heartbeat, and some.
const LONG_ENOUGH = 800;

run(() =>
  each(["1.8.6", "3.5.4"], async (release) => {
    for (const forceBase64 of [false, true]) {
      const socket = require(`eio-${release}`)(url, { path: "/engine.io", transports, forceBase64 });
      const open = next(socket, "open");
      // The releases 1.x write this over polling as no other does.
      const wide = release === "1.8.6" && mode !== "websocket" ? "" : "äöü € 🦀 𝒳";
      const said = ["hello", wide || "plain", "line\nbreak\u001e", Buffer.from([0, 1, 254, 255]), Buffer.alloc(3), '4"2:4'];
      const numbers = Array.from({ length: COUNT }, (_, n) => `${n}`);
      await open;
      const back = collect(socket, "message");
      for (const one of [...said, ...numbers]) socket.send(one);
      await until("all of it", () => back.length >= said.length + COUNT);
      assert.deepEqual(back.flat(), [...said, ...numbers]);
      const last = mode === "polling" ? "polling" : "websocket";
      await until(`the transport ${last}`, () => socket.transport.name === last);

      await pause(LONG_ENOUGH);
      const alive = next(socket, "message");
      socket.send("still here");
      assert.deepEqual(await alive, ["still here"]);
      const closed = next(socket, "close");
      socket.close();
      assert.deepEqual((await closed)[0], "forced close");
    }
  }),
);
