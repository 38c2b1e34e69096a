// Writes what the JavaScript parsers make of thousands of inputs, good and bad, as data for the tests of our parsers.
//
// `node differential/generate.mjs` writes the files anew; with the same packages and the same seed they are the same.
// The first line of a file says where it comes from; each other line is one input and what became of it.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as engineio from "./engineio.mjs";
import { Random } from "./random.mjs";
import * as socketio from "./socketio.mjs";

const SEED = 4;
const CRATES = new URL("../../../", import.meta.url);
const FILES = [
  ["engine.io-parser", engineio, "engineio-parser/tests/vectors/differential-engineio-v4.jsonl"],
  ["socket.io-parser", socketio, "socketio-parser/tests/vectors/differential-socketio-v5.jsonl"],
];

for (const [name, { lines }, path] of FILES) {
  const cases = [...lines(new Random(SEED))];
  const { version } = createRequire(import.meta.url)(`../node_modules/${name}/package.json`);
  const head = { source: `${name} ${version}`, node: process.versions.node, generator: "crates/interop/js/differential", seed: SEED, cases: cases.length };
  writeFileSync(new URL(path, CRATES), `${[JSON.stringify(head), ...cases].join("\n")}\n`);
  console.log(`${path}: ${cases.length} inputs`);
}
