// What the cases share: connecting with the transports under test, and waiting with a limit.
import assert from "node:assert/strict";
import { io } from "socket.io-client";

/** The server under test and the transports of this run: `polling`, `websocket` or `upgrade`. */
export const [url, mode] = process.argv.slice(2);

export const transports = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] }[mode];

const PATIENCE = 10_000;
const LONGEST_CASE = 60_000;
const sockets = [];

/** A socket on a connection of its own. */
export function open(namespace = "/", options = {}) {
  const path = namespace === "/" ? url : url + namespace;
  const socket = io(path, { transports, forceNew: true, reconnection: false, ...options });
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
