// A server that is told how the releases 1.1 to 1.7 write text understands it over polling, and is understood.
import assert from "node:assert/strict";
import { connect as connectNew, next, run } from "../lib.mjs";
import { ask, connect, each } from "../legacy.mjs";

const TEXT = "äöü €";
const first = { path: "/first" };

run(() =>
  each(["1.4.8", "1.7.4"], async (release) => {
    const old = await connect(release, "/", first);
    const today = await connectNew("/", first);
    await ask(old, "join", release);
    await ask(today, "join", release);

    const fromOld = next(today, "said");
    await ask(old, "say", release, TEXT);
    assert.deepEqual(await fromOld, [release, TEXT]);

    const fromNew = next(old, "said");
    await ask(today, "say", release, TEXT);
    assert.deepEqual(await fromNew, [release, TEXT]);

    const bytes = Buffer.from([0, 128, 255]);
    assert.deepEqual(await ask(old, "echo-ack", [TEXT, bytes]), [[TEXT, bytes]]);
    old.disconnect();
    today.disconnect();
  }),
);
