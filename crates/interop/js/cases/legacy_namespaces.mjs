// Clients of every age: credentials in the query of a namespace, refusals with and without data, ids.
import assert from "node:assert/strict";
import { collect, http, mode, next, pause, run } from "../lib.mjs";
import { OLD, ask, connect, each, open } from "../legacy.mjs";

const DENIED = { code: 401, hint: "ask for a token" };

// Those before 1.5 send no query with the name of a namespace.
const QUERYING = OLD.filter((release) => !["1.0.6", "1.4.8"].includes(release));

run(async () => {
  await each(OLD, namespacesShareAConnection);
  await each(QUERYING, theQueryIsTheAuth);
  await each(OLD, theRootRefuses);
  await each(["3.1.3"], theNewProtocolIsUntouched);
  await theWire();
});

async function namespacesShareAConnection(release) {
  const root = await connect(release);
  const other = root.io.socket("/other");
  const welcome = next(other, "welcome");
  assert.deepEqual(await welcome, ["/other"]);
  assert.deepEqual(await ask(other, "echo-ack", 1, "two"), [1, "two"]);
  assert.deepEqual(await ask(root, "add", 1, 2), [3]);

  const unknown = root.io.socket("/unknown");
  assert.deepEqual(await next(unknown, "error"), ["Invalid namespace"]);
  assert.deepEqual(await ask(root, "add", 1, 2), [3]);

  other.disconnect();
  assert.deepEqual(await ask(root, "add", 3, 4), [7]);
  root.disconnect();
}

async function theQueryIsTheAuth(release) {
  const gate = open(release, "/gate?token=secret&name=a%20d%26a");
  assert.deepEqual(await next(gate, "you"), [{ token: "secret", name: "a d&a" }]);
  const [id] = await ask(gate, "who");
  assert.equal(id, `/gate#${gate.io.engine.id}`);
  assert.equal(gate.id, release.startsWith("1.") ? gate.io.engine.id : id);
  assert.deepEqual(await ask(gate, "protocol"), [3]);
  gate.disconnect();

  const guess = open(release, "/gate?token=guess");
  assert.deepEqual(await next(guess, "error"), [DENIED]);
  assert.equal(guess.connected, false);
  guess.disconnect();

  const empty = open(release, "/gate");
  assert.deepEqual(await next(empty, "error"), ["no token"]);
  empty.disconnect();
}

async function theRootRefuses(release) {
  for (const [wish, payload] of [["data", DENIED], ["message", "not today"]]) {
    const socket = open(release, `/?refuse=${wish}`, { query: `refuse=${wish}` });
    const connected = collect(socket, "connect");
    assert.deepEqual(await next(socket, "error"), [payload]);
    await pause(20);
    assert.deepEqual(connected, []);
    socket.disconnect();
  }
}

async function theNewProtocolIsUntouched(release) {
  const guess = open(release, "/gate", { auth: { token: "guess" } });
  const [error] = await next(guess, "connect_error");
  assert.deepEqual([error.message, error.data], ["denied", DENIED]);
  guess.disconnect();
  const gate = open(release, "/gate", { auth: { token: "secret" } });
  assert.deepEqual(await next(gate, "you"), [{ token: "secret" }]);
  assert.deepEqual(await ask(gate, "protocol"), [4]);
  gate.disconnect();
}

/** What the releases above do not show: a name without its comma, and a CONNECT to `/`, which is one too many. */
async function theWire() {
  if (mode !== "polling") return;
  const handshake = await http("GET", "/socket.io/?EIO=3&transport=polling&b64=1");
  const [, sid] = /"sid":"([^"]+)"/.exec(handshake.body.toString());
  const target = `/socket.io/?EIO=3&transport=polling&b64=1&sid=${sid}`;
  const say = (packet) => http("POST", target, { body: `${packet.length}:${packet}` });
  const hear = async () => (await http("GET", target)).body.toString();
  if (!handshake.body.toString().endsWith("2:40")) assert.equal(await hear(), "2:40");
  await say("40/other");
  const joined = await hear();
  assert.ok(joined.startsWith("9:40/other,"), joined);
  await say("41/other");
  await say('420["add",1,2]');
  const answer = await hear();
  assert.ok(answer.endsWith("6:430[3]"), answer);
  await say("40");
  assert.ok((await hear()).endsWith("1:1"), "the session is closed");
  assert.equal((await http("GET", target)).status, 400);
}
