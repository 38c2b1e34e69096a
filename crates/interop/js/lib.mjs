// What the cases share: connecting with the transports under test, and waiting with a limit.
import assert from "node:assert/strict";
import { request } from "node:http";
import { io } from "socket.io-client";
import msgpack from "socket.io-msgpack-parser";

/** The server under test, the transports of this run (`polling`, `websocket` or `upgrade`), and how packets are written. */
export const [url, mode, wire = "json"] = process.argv.slice(2);

export const transports = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] }[mode];

const PATIENCE = 10_000;
const LONGEST_CASE = 60_000;
const sockets = [];

/** A socket on a connection of its own. */
export function open(namespace = "/", options = {}) {
  const path = namespace === "/" ? url : url + namespace;
  const parser = wire === "msgpack" ? { parser: msgpack } : {};
  const socket = io(path, { transports, forceNew: true, reconnection: false, ...parser, ...options });
  sockets.push(socket);
  return socket;
}

/** A connected socket on a connection of its own. */
export async function connect(namespace, options) {
  const socket = open(namespace, options);
  await next(socket, "connect");
  return socket;
}

/** A connected socket for another namespace on the connection of `socket`. */
export async function alsoConnect(socket, namespace) {
  const other = socket.io.socket(namespace, {});
  await next(other, "connect");
  return other;
}

/** The arguments of the next event of that name. */
export function next(emitter, event) {
  return within(`waiting for "${event}"`, new Promise((resolve) => emitter.once(event, (...args) => resolve(args))));
}

/** The promise, or an error that says what did not happen. */
export function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${PATIENCE} ms`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** All events of that name from now on, as they come. */
export function collect(socket, event) {
  const seen = [];
  socket.on(event, (...args) => seen.push(args));
  return seen;
}

/** Returns when the condition holds. */
export function until(what, condition) {
  const poll = async () => {
    while (!condition()) await pause(5);
  };
  return within(what, poll());
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The reason of the next refusal, with its message and data. */
export async function refusal(socket) {
  const [error] = await next(socket, "connect_error");
  return error;
}

/** One HTTP request: its status, headers and body. */
export function http(method, target, { headers = {}, body } = {}) {
  const answer = new Promise((resolve, reject) => {
    const sent = request(url + target, { method, headers, agent: false }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) });
      });
    });
    sent.on("error", reject);
    // A server that is asked to become a WebSocket and does so.
    sent.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.alloc(0) });
    });
    sent.end(body);
  });
  return within(`${method} ${target}`, answer);
}

/** The headers of a request that asks for a WebSocket. */
export const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "AAECAwQFBgcICQoLDA0ODw==",
};

/** Returns when the connection uses the transport that this run must end with. */
export async function settled(socket) {
  const expected = mode === "polling" ? "polling" : "websocket";
  await until(`the transport ${expected}`, () => socket.io.engine.transport.name === expected);
}

/** Runs a case, closes its sockets and ends the process with its outcome. */
export async function run(body) {
  setTimeout(() => {
    console.error(`not done in ${LONGEST_CASE} ms`);
    process.exit(1);
  }, LONGEST_CASE).unref();
  try {
    assert.ok(url && transports, "say: node <case> <url> polling|websocket|upgrade");
    await body();
    sockets.forEach((socket) => socket.disconnect());
    process.exit(0);
  } catch (error) {
    // A failed comparison prints both values, and some are a megabyte long.
    console.error(String(error.stack).slice(0, 3000));
    process.exit(1);
  }
}
