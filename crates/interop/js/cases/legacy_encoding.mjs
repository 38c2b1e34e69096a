// The trap of the releases 1.1 to 1.7: over polling they write text that is not ASCII in a way that nobody can tell from
// other text, and cannot read the way of the others.
import assert from "node:assert/strict";
import { collect, connect as connectNew, next, run } from "../lib.mjs";
import { ask, connect, each } from "../legacy.mjs";

const TEXT = "äöü €";
const TWICE = Buffer.from(TEXT).toString("latin1");

run(() =>
  each(["1.4.8", "1.7.4"], async (release) => {
    const old = await connect(release);
    const today = await connectNew();
    await ask(old, "join", release);
    await ask(today, "join", release);

    // ASCII is the same for everybody.
    const plain = next(today, "said");
    await ask(old, "say", release, "plain");
    assert.deepEqual(await plain, [release, "plain"]);

    // What it says comes back to itself as it was, but others see each byte as a character.
    assert.deepEqual(await ask(old, "echo-ack", TEXT), [TEXT]);
    const garbled = next(today, "said");
    await ask(old, "say", release, TEXT);
    assert.deepEqual(await garbled, [release, TWICE]);

    // What others say ends its connection: it cannot be read.
    const heard = collect(old, "said");
    const gone = next(old, "disconnect");
    await ask(today, "say", release, TEXT);
    assert.match((await gone)[0], /^(transport|parse) error$/);
    assert.deepEqual(heard, []);
    assert.deepEqual(await ask(today, "add", 1, 2), [3]);
    today.disconnect();
  }),
);
