// The browser client is served beside the engine: whole, compressed, and not twice to who has it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { connect, http, run, settled } from "../lib.mjs";

const PACKAGE = new URL("../node_modules/socket.io-client/", import.meta.url);
const BUNDLES = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];
const { version } = JSON.parse(readFileSync(new URL("package.json", PACKAGE)));

run(async () => {
  for (const name of BUNDLES.flatMap((bundle) => [bundle, `${bundle}.map`])) {
    const answer = await http("GET", `/socket.io/${name}`);
    assert.equal(answer.status, 200, name);
    assert.equal(answer.headers.etag, `"${version}"`);
    assert.equal(answer.headers["cache-control"], "public, max-age=0");
    const type = name.endsWith(".map") ? "application/json" : "application/javascript";
    assert.equal(answer.headers["content-type"], `${type}; charset=utf-8`);
    assert.ok(answer.body.equals(readFileSync(new URL(`dist/${name}`, PACKAGE))), name);
  }
  for (const tag of [`"${version}"`, `W/"${version}"`]) {
    const known = await http("GET", "/socket.io/socket.io.js?v=1", { headers: { "if-none-match": tag } });
    assert.deepEqual([known.status, known.body.length], [304, 0]);
  }
  const whole = readFileSync(new URL("dist/socket.io.js", PACKAGE));
  for (const [coding, inflate] of [["gzip", gunzipSync], ["deflate", inflateSync], ["br", brotliDecompressSync]]) {
    const answer = await http("GET", "/socket.io/socket.io.js", { headers: { "accept-encoding": coding } });
    assert.equal(answer.headers["content-encoding"], coding);
    assert.ok(answer.body.length < whole.length / 2 && inflate(answer.body).equals(whole));
  }
  // Other names belong to the engine, which does not know them.
  const other = await http("GET", "/socket.io/socket.io.txt");
  assert.deepEqual([other.status, JSON.parse(other.body).code], [400, 0]);
  await settled(await connect());
});
