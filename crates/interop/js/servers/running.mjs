// The server of one release, which can go away and come back at the same port.
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createRequire } from "node:module";
import msgpack from "socket.io-msgpack-parser";
import { application } from "./application.mjs";

const require = createRequire(import.meta.url);

/** No more requests than these are kept: some tests make thousands. */
const MOST_REQUESTS = 200;

export class Running {
  /** What the tests ask about afterwards; a restart does not forget it. */
  seen = { requests: [], arrivals: [], departures: [], delivered: [], tries: {} };
  /** What the tests may change in between: whether everybody is refused, and how often an event is left unanswered. */
  plan = { closed: false, stubborn: 0 };
  port = 0;

  constructor(release, { tls, messagePack, upgradeDelay, doorless, ...options }) {
    this.release = release;
    this.isOld = release.startsWith("2.");
    this.tls = tls;
    this.upgradeDelay = upgradeDelay;
    this.doorless = doorless;
    // A short heartbeat, so that a test sees several; patient, so that a busy machine is not mistaken for a dead client.
    this.options = { pingInterval: 300, pingTimeout: 20_000, serveClient: false, ...options };
    if (messagePack) this.options.parser = msgpack;
  }

  async start() {
    this.connections = new Set();
    this.doomed = new Set();
    const nobody = (_, response) => response.writeHead(404).end();
    this.http = this.tls ? createSecureServer(this.tls, nobody) : createServer(nobody);
    this.http.on("connection", (connection) => {
      this.connections.add(connection);
      connection.on("close", () => this.connections.delete(connection));
    });
    this.io = create(this.release, this.http, this.options);
    application(this);
    this.watch();
    await new Promise((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen(this.port, "127.0.0.1", resolve);
    });
    this.port = this.http.address().port;
  }

  /** Cuts every connection as if the network had done it, also that of the next poll of whoever has none now. */
  cut() {
    this.doomed = new Set(Object.keys(this.io.engine.clients));
    for (const connection of this.connections) connection.destroy();
  }

  /** Ends as a killed process ends: nothing is said, and nothing is remembered of the sessions. */
  async stop() {
    const ended = new Promise((resolve) => this.http.close(resolve));
    this.cut();
    await ended;
    this.io.close();
  }

  /** Ends as a process ends that is asked to: every client is told. */
  async close() {
    await new Promise((resolve) => this.io.close(resolve));
  }

  /** Notes the requests, and lets the second transport of a client wait if a test wants it to. */
  watch() {
    const note = ({ method, url, headers }) => {
      if (this.seen.requests.length < MOST_REQUESTS) this.seen.requests.push({ method, url, headers });
    };
    this.http.prependListener("request", (request) => {
      note(request);
      const { searchParams } = new URL(request.url, "http://localhost");
      // Not before the server knows of the poll: it shall notice.
      if (this.doomed.has(searchParams.get("sid"))) setImmediate(() => request.socket.destroy());
    });
    const upgrade = this.http.listeners("upgrade");
    // Who has none answers such requests as all others.
    if (upgrade.length === 0) return;
    this.http.removeAllListeners("upgrade");
    this.http.on("upgrade", (...args) => {
      const [request, socket] = args;
      note(request);
      // While it waits nobody else listens, and an error that nobody hears ends the program.
      socket.on("error", () => {});
      const joins = request.url.includes("sid=");
      const go = () => upgrade.forEach((listener) => listener.apply(this.http, args));
      if (joins && this.upgradeDelay) setTimeout(go, this.upgradeDelay);
      else go();
    });
  }
}

function create(release, http, options) {
  const package_ = require(`server-${release}`);
  return release.startsWith("2.") ? package_(http, options) : new package_.Server(http, options);
}
