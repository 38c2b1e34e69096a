// Measures the JavaScript parsers. Writes a line for each result: workload, who, nanoseconds.
//
// `js` begins and ends with strings, as the packages do. `js and utf-8` begins and ends with bytes, as a socket does and
// as all others here do. Event payloads become values in either case: JSON.parse knows nothing less.
import { readFileSync } from "node:fs";
import { decodePacket, decodePayload, encodePacket, encodePayload } from "engine.io-parser";
import v3 from "engine.io-parser-v3";
import { Decoder, Encoder, PacketType } from "socket.io-parser";

const SAMPLES = 101;
// Shorter than what a scheduler hands out, so that most samples are undisturbed on a busy machine.
const SAMPLE_NS = 4e5;
const WARM_UP_NS = 2e8;

const read = (name) => readFileSync(new URL(`../workloads/${name}.txt`, import.meta.url));
const attachment = (seed) => Buffer.from(Array.from({ length: 1024 }, (_, index) => (index * 31 + seed) & 0xff));
const ATTACHMENTS = [attachment(7), attachment(8)];
const [HEARTBEAT, EVENT, OBJECT, BINARY, LONG] = ["heartbeat", "event", "object", "binary", "long"].map(read);
const message = (data) => ({ type: "message", data });
const data = (bytes) => bytes.toString().slice(1);

const MESSAGES = Array.from({ length: 16 }, (_, index) => message(data(index % 2 === 0 ? EVENT : OBJECT)));
const WITH_BYTES = [message(data(BINARY)), ...ATTACHMENTS.map(message)];

/** What becomes of a result does not matter, only that there is one. */
let sink;
const keep = (result) => (sink = result);

measure("decode heartbeat", HEARTBEAT, (text) => keep(decodePacket(text)));
for (const [name, bytes, attachments] of [["event", EVENT, []], ["object", OBJECT, []], ["binary", BINARY, ATTACHMENTS], ["long", LONG, []]]) {
  const decoder = new Decoder();
  decoder.on("decoded", keep);
  measure(`decode ${name}`, bytes, (text) => {
    decoder.add(decodePacket(text).data);
    for (const bytes of attachments) decoder.add(decodePacket(bytes).data);
  });
}
for (const [name, packets] of [["payload", MESSAGES], ["payload with bytes", WITH_BYTES]]) {
  encodePayload(packets, (body) => measure(`decode ${name}`, Buffer.from(body), (text) => keep(decodePayload(text))));
  v3.encodePayload(packets, true, (body) => {
    const decode = typeof body === "string" ? "decodePayload" : "decodePayloadAsBinary";
    measure(`decode v3 ${name}`, Buffer.from(body), (body) => v3[decode](body, "nodebuffer", keep), typeof body);
  });
}

measureEncoder("encode heartbeat", () => encodePacket({ type: "ping" }, true, keep));
const encoder = new Encoder();
for (const [name, bytes, attachments] of [["event", EVENT, []], ["object", OBJECT, []], ["binary", BINARY, ATTACHMENTS], ["long", LONG, []]]) {
  const packet = decoded(bytes, attachments);
  measureEncoder(`encode ${name}`, () => {
    const frames = encoder.encode({ type: PacketType.EVENT, nsp: packet.nsp, id: packet.id, data: packet.data });
    // The text comes last, so that it is what is kept.
    for (const frame of frames.reverse()) encodePacket(message(frame), true, keep);
  });
}
for (const [name, packets] of [["payload", MESSAGES], ["payload with bytes", WITH_BYTES]]) {
  measureEncoder(`encode ${name}`, () => encodePayload(packets, keep));
  measureEncoder(`encode v3 ${name}`, () => v3.encodePayload(packets, true, keep));
}

function decoded(bytes, attachments) {
  let packet;
  const decoder = new Decoder();
  decoder.on("decoded", (decoded) => (packet = decoded));
  for (const frame of [data(bytes), ...attachments]) decoder.add(frame);
  return packet;
}

function measure(workload, bytes, decode, form = "string") {
  const input = form === "string" ? bytes.toString() : bytes;
  report(workload, "js", () => decode(input));
  report(workload, "js and utf-8", () => decode(form === "string" ? bytes.toString() : bytes));
}

function measureEncoder(workload, encode) {
  report(workload, "js", encode);
  report(workload, "js and utf-8", () => {
    encode();
    if (typeof sink === "string") keep(Buffer.from(sink));
  });
}

/** The median of many samples, after the compiler has had its time. */
function report(workload, who, run) {
  let rounds = 1;
  for (let spent = 0; spent < WARM_UP_NS; ) {
    const took = sample(run, rounds) * rounds;
    spent += took;
    if (took < SAMPLE_NS) rounds *= 2;
  }
  const samples = Array.from({ length: SAMPLES }, () => sample(run, rounds)).sort((a, b) => a - b);
  console.log([workload, who, samples[SAMPLES >> 1].toFixed(1)].join("\t"));
}

function sample(run, rounds) {
  const start = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) run();
  return Number(process.hrtime.bigint() - start) / rounds;
}
