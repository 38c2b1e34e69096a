// Messages and polls travel compressed when both sides want it, whatever a client offers, and come back as they were.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Socket } from "engine.io-client";
import { WebSocket } from "ws";
import { next, run, until, url, within } from "../lib.mjs";

const ECHO = `${url}/engine.io/?EIO=4&transport=`;
const LONG = "to be or not to be, ".repeat(20_000);
const NOISE = randomBytes(300_000);

run(async () => {
  await messagesOfTheClient();
  await offer(true, "permessage-deflate");
  await offer({ threshold: 0, serverNoContextTakeover: true }, "permessage-deflate; server_no_context_takeover");
  await offer({ threshold: 0, clientNoContextTakeover: true }, "permessage-deflate; client_no_context_takeover");
  await offer({ threshold: 0, clientMaxWindowBits: 9 }, "permessage-deflate");
  await offer({ serverMaxWindowBits: 10 }, "");
  await offer(false, "");
  await polls("gzip, deflate", "gzip");
  await polls("deflate", "deflate");
  await polls("identity", null);
});

async function messagesOfTheClient() {
  const socket = new Socket(url, { path: "/engine.io/", transports: ["polling", "websocket"] });
  const seen = [];
  socket.on("message", (message) => seen.push(message));
  await next(socket, "open");
  await until("the upgrade", () => socket.transport.name === "websocket");
  assert.match(socket.transport.ws.extensions, /^permessage-deflate/);
  const messages = Array.from({ length: 200 }, (_, n) => [String(n), LONG.slice(n * 10, n * 1000), NOISE.subarray(n * 100, n * 200)]);
  const sent = messages.flat().filter((message) => message.length > 0);
  for (const message of sent) socket.send(message);
  await until("all messages", () => seen.length >= sent.length);
  assert.deepEqual(seen, sent);
  const closed = next(socket, "close");
  socket.close();
  assert.deepEqual((await closed)[0], "forced close");
}

/** What the server agrees to if a client offers this, and whether they then understand each other. */
async function offer(perMessageDeflate, agreed) {
  const socket = new WebSocket(`${ECHO}websocket`.replace("http", "ws"), { perMessageDeflate });
  const upgraded = once(socket, "upgrade");
  const received = [];
  socket.on("message", (data, isBinary) => received.push(isBinary ? data : data.toString()));
  await within("a WebSocket", once(socket, "open"));
  const [{ headers }] = await upgraded;
  assert.equal(headers["sec-websocket-extensions"] ?? "", agreed);
  await until("the handshake", () => received.length === 1);
  const messages = ["4", "4short", `4${LONG}`, NOISE, `4${LONG}`, NOISE, "4end"];
  for (const message of messages) socket.send(message);
  await until("the echo", () => received.length > messages.length);
  assert.deepEqual(received.slice(1), messages);
  socket.close();
  const [code] = await within("the close frame", once(socket, "close"));
  assert.equal(code, 1005);
}

/** Which coding a poll comes in, and whether it can be read. */
async function polls(accepted, expected) {
  const headers = { "accept-encoding": accepted };
  const open = await (await fetch(`${ECHO}polling`, { headers })).text();
  const { sid } = JSON.parse(open.slice(1));
  const session = `${ECHO}polling&sid=${sid}`;
  await fetch(session, { method: "POST", body: `4${LONG}` });
  const poll = await fetch(session, { headers });
  assert.equal(poll.headers.get("content-encoding"), expected);
  assert.ok(expected === null || Number(poll.headers.get("content-length")) < LONG.length / 10);
  assert.equal(await poll.text(), `4${LONG}`);
}
