// The options below Socket.IO: who may connect, what answers carry, where the server is, how large and how slow one may be.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { Socket } from "engine.io-client";
import { connect, http, mode, next, open, refusal, run, settled, transports, UPGRADE, until, url } from "../lib.mjs";

const first = mode === "websocket" ? "websocket" : "polling";
const handshake = (path, transport = "polling") => `${path}?EIO=4&transport=${transport}`;
const WORD = { "x-word": "friend" };

run(async () => {
  await requestsAreAllowed();
  await cookiesAndHeaders();
  await refusalsAreReported();
  await idsAreMade();
  await theFirstPacket();
  await paths();
  await sizes();
  await haste();
  await transportsOnOffer();
  await pagesOfOtherOrigins();
  await compression();
});

async function requestsAreAllowed() {
  const [none, wrong] = [await http("GET", handshake("/guarded/")), await http("GET", handshake("/guarded/"), { headers: { "x-word": "foe" } })];
  assert.deepEqual([none.status, JSON.parse(none.body)], [403, { code: 4, message: "Forbidden" }]);
  assert.deepEqual([wrong.status, JSON.parse(wrong.body)], [403, { code: 4, message: "wrong word" }]);
  const upgrade = await http("GET", handshake("/guarded/", "websocket"), { headers: { ...UPGRADE, "x-word": "foe" } });
  assert.deepEqual([upgrade.status, String(upgrade.body)], [400, "wrong word"]);

  const stranger = open("/", { path: "/guarded" });
  assert.equal((await refusal(stranger)).type, "TransportError");
  const friend = await connect("/", { path: "/guarded", extraHeaders: WORD });
  // Asked once, when the client came: the word is not needed for the upgrade.
  await settled(friend);
}

async function cookiesAndHeaders() {
  const opened = await http("GET", handshake("/guarded/"), { headers: WORD });
  const { sid } = JSON.parse(String(opened.body).slice(1));
  assert.deepEqual(opened.headers["set-cookie"], [`io=${sid}; Path=/; HttpOnly; SameSite=Lax`]);
  assert.equal(opened.headers["x-first"], "yes");
  const next = await http("POST", `${handshake("/guarded/")}&sid=${sid}`, { body: "40" });
  assert.deepEqual([next.headers["x-first"], next.headers["set-cookie"]], [undefined, undefined]);
  assert.ok(Number(next.headers["x-answer"]) > Number(opened.headers["x-answer"]));
  const socket = await http("GET", handshake("/guarded/", "websocket"), { headers: { ...UPGRADE, ...WORD } });
  assert.deepEqual([socket.status, socket.headers["x-first"], socket.headers["set-cookie"]], [101, "yes", undefined]);
}

async function refusalsAreReported() {
  const paths = [
    ["/guarded/?EIO=4&transport=carrier-pigeon", {}, 400, 0, "Transport unknown"],
    ["/guarded/?EIO=4&transport=polling&sid=nobody", {}, 400, 1, "Session ID unknown"],
    ["/guarded/?EIO=4&transport=polling&method", { method: "POST", headers: WORD }, 400, 2, "Bad handshake method"],
    ["/guarded/?EIO=4&transport=websocket&plain", { headers: WORD }, 400, 3, "Bad request"],
    ["/guarded/?EIO=4&transport=polling&word", {}, 403, 4, "Forbidden"],
    ["/guarded/?EIO=3&transport=polling", { headers: WORD }, 400, 5, "Unsupported protocol version"],
  ];
  for (const [target, { method = "GET", headers }, status, code, message] of paths) {
    const answer = await http(method, target, { headers });
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [status, { code, message }], target);
  }
  const told = JSON.parse((await http("GET", "/refusals")).body);
  const last = told.slice(-paths.length).map(({ url, code, message }) => [url, code, message]);
  assert.deepEqual(last, paths.map(([target, , , code, message]) => [target, code, message]));
  assert.equal(told.find((line) => line.refusal)?.refusal, "wrong word");
}

async function idsAreMade() {
  const socket = await connect("/", { path: "/named" });
  assert.match(socket.io.engine.id, /^session-\d+$/);
  assert.equal(await socket.emitWithAck("session"), socket.io.engine.id);
  // The ids of sockets are none of the application's business.
  assert.ok(!socket.id.includes("session"));
  const failed = await http("GET", handshake("/named/"), { headers: { "x-fail": "yes" } });
  assert.deepEqual([failed.status, JSON.parse(failed.body)], [400, { code: 3, message: "Bad request" }]);
  await settled(socket);
}

async function theFirstPacket() {
  const engine = new Socket(url, { path: "/greeting/", transports });
  const hello = next(engine, "message");
  await next(engine, "open");
  assert.deepEqual(await hello, ["hello"]);
  engine.close();
}

async function paths() {
  for (const path of ["/custom/deep", "/custom/deep/"]) {
    await settled(await connect("/", { path }));
  }
  // Whatever follows the path belongs to the server too.
  assert.equal((await http("GET", handshake("/custom/deep/er/"))).status, 200);
  assert.equal((await http("GET", handshake("/custom/"))).status, 404);
  await settled(await connect("/", { path: "/bare", addTrailingSlash: false }));
  assert.equal((await http("GET", handshake("/bare"))).status, 200);
}

async function sizes() {
  const socket = await connect("/", { path: "/small" });
  await settled(socket);
  const echo = next(socket, "echo");
  socket.emit("echo", "x".repeat(900));
  assert.equal((await echo)[0].length, 900);
  const left = next(socket, "disconnect");
  socket.emit("echo", "x".repeat(1100));
  const [reason] = await left;
  assert.match(reason, /^transport (close|error)$/);

  const opened = JSON.parse(String((await http("GET", handshake("/small/"))).body).slice(1));
  assert.equal(opened.maxPayload, 1000);
  const target = `${handshake("/small/")}&sid=${opened.sid}`;
  assert.equal((await http("POST", target, { body: "4".repeat(1001) })).status, 413);
  // The session is unharmed.
  assert.equal((await http("POST", target, { body: "40" })).status, 200);
}

async function haste() {
  const engine = new Socket(url, { path: "/hasty/", transports });
  await next(engine, "open");
  const [reason] = await next(engine, "close");
  assert.match(reason, /^transport (close|error)$/);
  const joined = await connect("/", { path: "/hasty" });
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(joined.connected, true);
}

async function transportsOnOffer() {
  for (const [path, offered] of [["/polling", ["polling"]], ["/websocket", ["websocket"]], ["/stay", ["polling", "websocket"]]]) {
    const socket = open("/", { path });
    if (!offered.includes(first)) {
      assert.equal((await refusal(socket)).type, "TransportError");
      const answer = await http("GET", handshake(`${path}/`, first), { headers: first === "websocket" ? UPGRADE : {} });
      assert.equal(answer.status, 400);
      continue;
    }
    await next(socket, "connect");
    const echo = next(socket, "echo");
    socket.emit("echo", 1);
    await echo;
    // Nobody was told of another transport.
    const { upgrading, transport } = socket.io.engine;
    assert.deepEqual([Boolean(upgrading), transport.name], [false, first]);
  }
}

async function pagesOfOtherOrigins() {
  const headers = { origin: "https://two.example" };
  const answer = await http("GET", handshake("/pages/"), { headers });
  assert.equal(answer.headers["access-control-allow-origin"], "https://two.example");
  assert.equal(answer.headers["access-control-allow-credentials"], "true");
  assert.equal(answer.headers["access-control-expose-headers"], "x-seen");
  const stranger = await http("GET", handshake("/pages/"), { headers: { origin: "https://evil.example" } });
  assert.deepEqual([stranger.status, stranger.headers["access-control-allow-origin"]], [200, undefined]);

  const asks = { ...headers, "access-control-request-method": "POST", "access-control-request-headers": "x-a,x-b" };
  const preflight = await http("OPTIONS", handshake("/pages/"), { headers: asks });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers["access-control-allow-methods"], "GET,POST");
  assert.equal(preflight.headers["access-control-allow-headers"], "x-a,x-b");
  assert.equal(preflight.headers["access-control-max-age"], "600");
  const without = await http("OPTIONS", handshake("/named/"), { headers: asks });
  assert.deepEqual([without.status, JSON.parse(without.body).code], [400, 2]);
  assert.equal(without.headers["access-control-allow-origin"], undefined);
}

async function compression() {
  const text = "compress me ".repeat(100);
  for (const [path, coding] of [["/compressed/", "gzip"], ["/uncompressed/", undefined]]) {
    const opened = await http("GET", handshake(path), { headers: { "accept-encoding": "gzip" } });
    assert.equal(opened.headers["content-encoding"], undefined);
    const { sid } = JSON.parse(String(opened.body).slice(1));
    const target = `${handshake(path)}&sid=${sid}`;
    await http("POST", target, { body: "40" });
    await http("GET", target);
    await http("POST", target, { body: `42${JSON.stringify(["echo", text])}` });
    const answer = await http("GET", target, { headers: { "accept-encoding": "gzip" } });
    assert.equal(answer.headers["content-encoding"], coding);
    const body = String(coding ? gunzipSync(answer.body) : answer.body);
    assert.equal(body, `42${JSON.stringify(["echo", text])}`);
  }
}
