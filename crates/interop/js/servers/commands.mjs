// What a test may want of a server, beyond what it asks for as a client.

export const commands = {
  /** Ends it without a word. */
  stop: (running) => running.stop(),
  /** Ends it with a word to everybody. */
  close: (running) => running.close(),
  /** Starts it again at the same port. */
  start: (running) => running.start(),
  /** Cuts every connection, but goes on. */
  cut: (running) => running.cut(),
  /** Changes how it treats its clients. */
  plan: (running, changes) => void Object.assign(running.plan, changes),
  /** What it has seen so far. */
  seen: (running, what) => running.seen[what],
  /** Tells a room, or everybody if there is none. */
  emit: ({ io }, namespace, room, name, ...args) => {
    const everybody = io.of(namespace);
    (room === null ? everybody : everybody.to(room)).emit(name, ...args);
  },
  /** The ids of the sockets of a namespace. */
  sockets: ({ io }, namespace) => [...sockets(io, namespace).keys()],
  /** How many connections there are, whatever the namespaces. */
  clients: ({ io }) => io.engine.clientsCount,
  /** Puts a socket out, from its namespace or altogether. */
  kick: ({ io }, namespace, id, altogether) => void sockets(io, namespace).get(id).disconnect(altogether),
  /** Asks a socket, and returns its whole answer. */
  ask: ({ io }, namespace, id, name, ...args) =>
    new Promise((resolve) => {
      sockets(io, namespace).get(id).emit(name, ...args, (...answer) => resolve(answer));
    }),
};

function sockets(io, namespace) {
  const { sockets } = io.of(namespace);
  return sockets instanceof Map ? sockets : new Map(Object.entries(sockets));
}
