// What every server does: one event for each thing that a test tries.

const GATE = { code: 401, hint: "ask for a token" };

/** Registers everything with the server that runs. */
export function application(running) {
  const { io, isOld, seen, plan } = running;
  // In revision 4 of the protocol the query is all that a client can bring.
  const brought = ({ handshake }) => (isOld ? handshake.query : handshake.auth);

  const door = (socket, next) => {
    seen.arrivals.push({ namespace: socket.nsp.name, auth: brought(socket) });
    next(plan.closed ? refusal("closed for today", { until: "tomorrow" }) : undefined);
  };
  const gate = (socket, next) => {
    next(brought(socket).token === "secret" ? undefined : refusal("denied", GATE));
  };

  const enter = (socket) => {
    socket.on("disconnect", (reason) => {
      seen.departures.push({ id: socket.id, namespace: socket.nsp.name, reason });
    });
    echoes(socket);
    answers(socket);
    rooms(socket, io.of(socket.nsp.name));
    pushes(socket);
    parts(socket);
    keeps(socket, running);
  };

  // Without middleware a server of release 2 lets its clients into `/` with its very first answer.
  const withDoor = running.doorless ? ["/other", "/gate"] : ["/", "/other", "/gate"];
  for (const name of withDoor) io.of(name).use(door);
  io.of("/gate").use(gate);
  io.of("/").on("connection", enter);
  for (const name of ["/other", "/gate"]) {
    io.of(name).on("connection", (socket) => {
      socket.emit("welcome", name);
      enter(socket);
    });
  }
}

function refusal(message, data) {
  return Object.assign(new Error(message), { data });
}

function echoes(socket) {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("echo-ack", (...args) => args.pop()(...args));
  socket.on("message", (...args) => socket.send(...args));
}

function answers(socket) {
  socket.on("add", (a, b, answer) => answer(a + b));
  socket.on("nothing", (answer) => answer());
  socket.on("pair", (answer) => answer("first", 2));
  socket.on("silence", () => {});
  socket.on("twice", (answer) => [1, 2].forEach((n) => answer(n)));
  // The client is asked what it wants to be asked, and told what it answered.
  socket.on("ask", (name, ...args) => {
    const tell = args.pop();
    socket.emit(name, ...args, (...answer) => tell(answer));
  });
  socket.on("who", (answer) => answer(socket.id));
  socket.on("transport", (answer) => answer(socket.conn.transport.name));
  socket.on("extensions", (answer) => {
    const extensions = socket.conn.transport.socket?.extensions ?? "";
    answer(typeof extensions === "string" ? extensions : Object.keys(extensions).join());
  });
}

function rooms(socket, namespace) {
  socket.on("join", (room, answer) => {
    socket.join(room);
    answer();
  });
  socket.on("leave", (room, answer) => {
    socket.leave(room);
    answer();
  });
  socket.on("say", (room, text) => namespace.to(room).emit("said", room, text));
}

function pushes(socket) {
  socket.on("push", (count) => {
    for (let n = 0; n < count; n++) socket.emit("number", n);
  });
  // Some at a time, so that they are spread over what the client does meanwhile.
  socket.on("drip", (count, atOnce) => {
    let n = 0;
    const drip = () => {
      for (const end = Math.min(count, n + atOnce); n < end; n++) socket.emit("number", n);
      if (n < count) setTimeout(drip, 1);
    };
    drip();
  });
  // Binary first, then text: the one must not be overtaken by the other.
  socket.on("picture", (size) => {
    socket.emit("picture", Buffer.alloc(size, 7), "and", Buffer.from([4, 5]));
    socket.emit("after-picture");
  });
}

function parts(socket) {
  socket.on("kick", () => socket.disconnect());
  socket.on("kick-all", () => socket.disconnect(true));
  socket.on("close-engine", () => socket.conn.close());
  // No packet of the protocol.
  socket.on("nonsense", () => socket.conn.write("7 nonsense"));
}

/** Remembers what arrived, in the order of arrival. */
function keeps(socket, { seen, plan }) {
  let expected = 0;
  let surprise = null;
  socket.on("ordered", (n) => {
    if (n !== expected) surprise ??= [expected, n];
    expected++;
  });
  socket.on("ordered-so-far", (answer) => answer(expected, surprise));
  socket.on("deliver", (key, answer) => {
    seen.delivered.push(key);
    if (answer) answer(key);
  });
  socket.on("weigh", (key, _, answer) => {
    seen.delivered.push(key);
    answer(key);
  });
  // Answers not before it was asked often enough.
  socket.on("stubborn", (key, answer) => {
    seen.tries[key] = (seen.tries[key] ?? 0) + 1;
    seen.delivered.push(key);
    if (seen.tries[key] > plan.stubborn) answer(seen.tries[key]);
  });
}
