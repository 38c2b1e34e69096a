// The server asks many clients at once: all answer, some do, some leave, some say what it does not understand.
import assert from "node:assert/strict";
import { connect, next, run, settled } from "../lib.mjs";

run(async () => {
  const people = await Promise.all([connect(), connect(), connect()]);
  const [ada, bob, cleo] = people;
  await Promise.all([ada, bob].map((socket) => socket.emitWithAck("join", ["council"])));
  people.forEach((socket, n) => socket.on("question", (text, number, ack) => ack(number * (n + 1), "ignored", text)));
  const council = { rooms: ["council"] };

  const all = { answers: [14, 21, 7], missing: 0, invalid: 0, complete: true };
  assert.deepEqual(await ada.emitWithAck("survey", {}, 5000), all);
  assert.deepEqual(await cleo.emitWithAck("survey", council, 5000), { ...all, answers: [14, 7] });
  assert.deepEqual(await ada.emitWithAck("survey", { ...council, others: true }, 5000), { ...all, answers: [14] });
  assert.deepEqual(await ada.emitWithAck("survey", { rooms: ["nobody"] }, 5000), { ...all, answers: [] });
  assert.deepEqual(await ada.emitWithAck("ask-each", {}), [7, 14, 21]);

  await someStaySilent(ada, bob, council);
  await someLeave(ada, cleo);
  await someAnswerSomethingElse(ada, bob, council);
  await Promise.all([ada, bob].map(settled));
});

/** Has a socket answer the question in another way. */
function change(socket, answer) {
  socket.off("question");
  socket.on("question", (text, number, ack) => answer(ack));
}

async function someStaySilent(ada, bob, council) {
  let late;
  change(bob, (ack) => (late = ack));
  const partial = { answers: [7], missing: 1, invalid: 0, complete: false };
  assert.deepEqual(await ada.emitWithAck("survey", council, 300), partial);
  // The answer that comes too late disturbs nobody, and neither does one that comes twice.
  late(99);
  change(bob, (ack) => (ack(1), ack(2)));
  assert.deepEqual(await ada.emitWithAck("survey", council, 5000), { answers: [1, 7], missing: 0, invalid: 0, complete: true });
}

async function someLeave(ada, cleo) {
  change(cleo, () => cleo.disconnect());
  const start = Date.now();
  const answers = await ada.emitWithAck("survey", {}, 8000);
  assert.deepEqual(answers, { answers: [1, 7], missing: 1, invalid: 0, complete: false });
  // Nobody waits for one who has gone.
  assert.ok(Date.now() - start < 5000);
}

async function someAnswerSomethingElse(ada, bob, council) {
  change(bob, (ack) => ack({ bytes: Buffer.from([1]) }));
  const numbers = await ada.emitWithAck("survey-numbers", council);
  assert.deepEqual(numbers, { answers: [7], missing: 0, invalid: 1, complete: false });
  change(bob, (ack) => ack());
  assert.deepEqual(await ada.emitWithAck("survey-numbers", council), numbers);
  const asked = next(bob, "question");
  await ada.emitWithAck("survey-numbers", { ...council, others: true });
  assert.deepEqual((await asked).slice(0, 2), ["how many?", 7]);
}
