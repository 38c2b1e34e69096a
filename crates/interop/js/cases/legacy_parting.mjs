// Clients of every age: who leaves, who is put out, and whose heartbeat stops, in both directions.
import assert from "node:assert/strict";
import { createServer, connect as dial } from "node:net";
import { connect as connectNew, next, run, settled, until, url } from "../lib.mjs";
import { OLD, RELEASES, ask, connect, each } from "../legacy.mjs";

const BRIEF = { path: "/brief" };

run(async () => {
  const log = await watch({});
  await each(RELEASES, async (release) => {
    // The last two requests of 1.0, the goodbye and the close, run for it.
    const gone = release === "1.0.6" ? /^(client namespace disconnect|transport close)$/ : /^client namespace disconnect$/;
    await ends(release, log, gone, /^io client disconnect$/, (socket) => socket.disconnect());
    await ends(release, log, /^server namespace disconnect$/, /^io server disconnect$/, (socket) => socket.emit("kick"));
    await ends(release, log, /^server namespace disconnect$/, /^io server disconnect$/, (socket) => socket.emit("kick-all"));
    await ends(release, log, /^transport close$/, /./, (socket) => socket.io.engine.close());
    await oneNamespaceEnds(release);
  });
  const briefLog = await watch(BRIEF);
  await each(OLD, (release) => theClientFallsSilent(release, briefLog));
  await each(OLD, theServerFallsSilent);
});

/** Who left the server, and why, as a client of today is told. */
async function watch(options) {
  const watcher = await connectNew("/", options);
  await watcher.emitWithAck("watch");
  const left = new Map();
  watcher.on("left", (id, reason) => left.set(id, reason));
  return left;
}

async function ends(release, log, there, here, end, options) {
  const socket = await connect(release, "/", options);
  await settled(socket);
  assert.deepEqual(await ask(socket, "add", 1, 2), [3]);
  // The releases of revision 5 have another id in each namespace.
  const known = release === "3.1.3" ? socket.id : socket.io.engine.id;
  // The releases 1.0 drop what waits when they disconnect, the very goodbye.
  const { engine } = socket.io;
  await until("all is sent", () => engine.writeBuffer.length === 0 && engine.transport.writable);
  const left = next(socket, "disconnect");
  end(socket);
  assert.match((await left)[0], here);
  await until(`the end of ${known}`, () => log.has(known));
  assert.match(log.get(known), there);
}

async function oneNamespaceEnds(release) {
  const socket = await connect(release);
  const other = socket.io.socket("/other");
  await next(other, "welcome");
  const left = next(other, "disconnect");
  socket.emit("kick");
  assert.deepEqual(await next(socket, "disconnect"), ["io server disconnect"]);
  assert.deepEqual(await ask(other, "echo-ack", "still here"), ["still here"]);
  other.disconnect();
  await left;
}

/** It is the client that pings: the server ends a session that does not. */
async function theClientFallsSilent(release, log) {
  const silence = ({ io: { engine } }) => {
    engine.ping = engine.onHeartbeat = () => {};
    // It would give up the server at about the same time.
    engine.off("heartbeat");
    clearTimeout(engine.pingTimeoutTimer);
  };
  await ends(release, log, /^ping timeout$/, /^transport (close|error)$/, silence, BRIEF);
}

/** A server whose packets stop on the way is given up. */
async function theServerFallsSilent(release) {
  const line = await quietLine();
  const socket = await connect(release, "/", { ...BRIEF, to: line.url });
  await settled(socket);
  assert.deepEqual(await ask(socket, "add", 1, 2), [3]);
  const left = next(socket, "disconnect");
  line.mute();
  assert.deepEqual(await left, ["ping timeout"]);
  line.close();
}

/** A way to the server that carries both directions until it is muted, then only that of the client. */
async function quietLine() {
  const { hostname, port } = new URL(url);
  const ends = [];
  let muted = false;
  const proxy = createServer((near) => {
    const far = dial(port, hostname);
    ends.push(near, far);
    near.on("data", (part) => far.write(part));
    far.on("data", (part) => muted || near.write(part));
    near.on("close", () => far.destroy());
    far.on("close", () => muted || near.destroy());
    for (const end of [near, far]) end.on("error", () => {});
  });
  await new Promise((resolve) => proxy.listen(0, hostname, resolve));
  return {
    url: `http://${hostname}:${proxy.address().port}`,
    mute: () => (muted = true),
    close: () => {
      proxy.close();
      ends.forEach((end) => end.destroy());
    },
  };
}
