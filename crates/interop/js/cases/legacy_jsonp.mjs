// JSONP as old browsers speak it: answers are scripts, what is said comes in a form.
import assert from "node:assert/strict";
import { http, run } from "../lib.mjs";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

run(async () => {
  for (const index of ["0", "7"]) await converse(index);
  // Whatever is no digit is dropped from the name of the function.
  const answer = await http("GET", `/socket.io/?EIO=3&transport=polling&b64=1&j=${encodeURIComponent("0](alert(1))//")}`);
  assert.ok(answer.body.toString().startsWith('___eio[01]("'), answer.body.toString());
});

async function converse(index) {
  const base = `/socket.io/?EIO=3&transport=polling&b64=1&j=${index}`;
  const { packet: handshake, type, more } = await heard(await http("GET", base), index);
  assert.match(type, /^text\/(plain|javascript); charset=UTF-8$/i);
  const { sid } = JSON.parse(handshake.slice(1));
  const target = `${base}&sid=${sid}`;
  const hear = async () => heard(await http("GET", target), index);
  if (more === "") assert.equal((await hear()).packet, "40");
  else assert.equal(more, "2:40");

  await say(target, '420["echo-ack","äöü € 🦀","a\\nb","quote \\" and \\\\"]');
  assert.equal((await hear()).packet, '430["äöü € 🦀","a\\nb","quote \\" and \\\\"]');
  await say(target, '421["echo-ack","\u2028\u2029 </script>"]');
  const raw = await http("GET", target);
  assert.ok(raw.body.toString().includes("\\u2028\\u2029"), "both end a line in old JavaScript");
  assert.equal(heard(raw, index).packet, '431["\u2028\u2029 </script>"]');

  // Bytes are base64 in both directions.
  await sayAll(target, ['451-2["echo-ack",{"_placeholder":true,"num":0}]', "b4AQID"]);
  const bytes = await hear();
  assert.equal(bytes.packet, '461-2[{"_placeholder":true,"num":0}]');
  assert.equal(bytes.more === "" ? (await hear()).packet : bytes.more.replace(/^6:/, ""), "b4AQID");

  await say(target, "1");
  assert.equal((await http("GET", target)).status, 400);
}

function say(target, packet) {
  return sayAll(target, [packet]);
}

/** Posts what the hidden form of an old browser posts. */
async function sayAll(target, packets) {
  const payload = packets.map((packet) => `${packet.length}:${packet}`).join("");
  // A pair of backslash and n gets a second backslash; then line feeds become such pairs.
  const value = payload.replaceAll("\\n", "\\\n").replaceAll("\n", "\\n");
  const answer = await http("POST", target, { headers: FORM, body: `d=${encodeURIComponent(value)}` });
  assert.deepEqual([answer.status, answer.body.toString()], [200, "ok"]);
}

/** The first packet of a script, and what follows it. */
function heard(answer, index) {
  assert.equal(answer.status, 200, answer.body.toString());
  const script = new RegExp(`^___eio\\[${index}\\]\\((".*")\\);$`, "s").exec(answer.body.toString());
  assert.ok(script, answer.body.toString());
  const [, length, rest] = /^(\d+):(.*)$/s.exec(JSON.parse(script[1]));
  return { packet: rest.slice(0, length), more: rest.slice(length), type: answer.headers["content-type"] };
}
