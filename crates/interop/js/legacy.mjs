// What the cases about old clients share: every release that is tried, and sockets of each.
import { createRequire } from "node:module";
import { next, transports, url } from "./lib.mjs";

const require = createRequire(import.meta.url);

/** The releases under test: those that speak revision 4 of the protocol, and the first of revision 5. */
export const OLD = ["1.0.6", "1.4.8", "1.7.4", "2.0.4", "2.5.0"];
export const RELEASES = [...OLD, "3.1.3"];

// All at once and early: reading a release takes longer than some heartbeats last.
const clients = new Map(RELEASES.map((release) => [release, require(`sio-${release}`)]));

/** Whether text that is not ASCII passes: the releases 1.x write it as no other does, 1.0 even in WebSockets. */
export function readsEverything(release, socket) {
  if (release === "1.0.6") return false;
  return !release.startsWith("1.") || socket.io.engine.transport.name === "websocket";
}

/** A socket of that release on a connection of its own. */
export function open(release, namespace = "/", { to = url, ...options } = {}) {
  const io = clients.get(release);
  const path = namespace === "/" ? to : to + namespace;
  return io(path, { transports, forceNew: true, reconnection: false, ...options });
}

/** A connected socket of that release on a connection of its own. */
export async function connect(release, namespace, options) {
  const socket = open(release, namespace, options);
  await next(socket, "connect");
  return socket;
}

/** The whole answer of the server to an event: none of these releases has `emitWithAck`. */
export function ask(socket, ...question) {
  const [name] = question;
  const answers = { once: (_, resolve) => socket.emit(...question, resolve) };
  return next(answers, `the answer to ${name}`);
}

/** Plays a part for every release at once; an error says whose it is. */
export async function each(releases, part) {
  const play = async (release) => {
    try {
      await part(release);
    } catch (error) {
      error.stack = `${release}, ${error.stack}`;
      throw error;
    }
  };
  await Promise.all(releases.map(play));
}
