// Inputs for a decoder of Socket.IO packets, and what the reference makes of them.
import { Decoder, Encoder } from "socket.io-parser";
import { BROKEN, array, arrayOf, depth, json, needsNotation, object, string, written } from "./json.mjs";
import { damaged } from "./random.mjs";

const NAMESPACES = ["", "/,", "/a,", "/a", "/chat,", "/é😀,", "/a/b?c=d&e=%20,", "/1-2,", "/ ,", "a,", ",", "//,", "/[],", '/"a",'];
const NAMES = ['"a"', '"message"', '""', '"error"', '"connection"', '"é"', "1", "-0.5", '"\\u0061"'];
const RESERVED = [
  '"connect"', '"connect_error"', '"disconnect"', '"disconnecting"', '"newListener"', '"removeListener"', '"conn\\u0065ct"',
  '"\\u0064isconnect"',
];
const NAMELESS = ["null", "true", "{}", "[]", '["a"]', '{"_placeholder":true,"num":0}'];
const TYPES = ["", "7", "8", "9", "a", "-1", " ", "\t", "\n", "\u00a0", "\ufeff", "\u0000", "٣", "３", "+2", ".", "[", '"', "é", "😀"];
const COUNTS = [
  "", "0", "00", "1", "01", "2", "3", "10", "11", "12", "99999999999999999999999", "1.0", "1.5", "1e0", "0x1", "0b1", "+1", "-1", " 1",
  "1 ", " ", "Infinity", "NaN", "1,", "٣", "1-", "true", "null",
];
const IDS = [
  "", "", "", "0", "7", "007", "12", "2147483648", "9007199254740991", "9007199254740992", "9007199254740993", "18446744073709551615",
  "99999999999999999999999", "9".repeat(400), "1e3", "-1", "+1", " ", " 1", "1 ", "1 2", "\n", "\u00a0", "\ufeff7", "0x1", "٣", "1.5",
];
const NUMS = ["0", "1", "2", "-1", "-0", "0.0", "1.0", "1e0", "10e-1", "0.5", "1.5", "99", "1e400", '"0"', '""', "null", "true", "[0]", "{}"];
const MARKS = ["true", "true", "true", "true", "true", "true", "false", "1", '"true"', "null", "{}", "[true]"];
const ALPHABET = [
  "0", "1", "2", "5", "9", "-", "/", ",", '"', "\\", "[", "]", "{", "}", ":", " ", "\n", ".", "e", "t", "n", "_", "u", "é", "😀", "\u0000",
];

/** How many inputs of each kind. */
const KINDS = [
  [1100, spelled],
  [600, encoded],
  [1100, headed],
  [1300, damagedText],
  [900, placed],
  [500, interrupted],
  [24, nested],
];

/** The lines of the file. */
export function* lines(random) {
  const seen = new Set();
  for (const [count, make] of KINDS) {
    for (let made = 0; made < count; ) {
      const frames = make(random);
      const line = record(frames);
      if (line === undefined || seen.has(line)) continue;
      seen.add(line);
      made++;
      yield line;
    }
  }
}

/** Packets whose header is right and whose payload is spelled in an unusual way. */
function spelled(random) {
  const type = random.pick(["0", "2", "2", "2", "3", "4"]);
  const id = "23".includes(type) ? random.pick(["", "", "0", "7", "9007199254740991"]) : "";
  return [type + random.pick(NAMESPACES.slice(0, 9)) + id + payload(random, type)];
}

function payload(random, type) {
  if (type === "0") return random.chance(0.2) ? "" : object(random, 3);
  if (type === "4") return random.chance(0.3) ? string(random) : object(random, 3);
  if (type === "3" || type === "6") return array(random, 3);
  return arrayOf(random, [random.pick(NAMES), ...random.list(0, 3, () => json(random, 3))]);
}

/** Packets as the reference writes them, with bytes. */
function encoded(random) {
  const isEvent = random.chance(0.7);
  const data = random.list(0, 3, () => value(random, 3));
  const id = random.chance(0.5) ? random.below(1000) : undefined;
  const packet = isEvent ? { type: 2, data: ["event", ...data], id } : { type: 3, data, id: id ?? 0 };
  return new Encoder().encode({ ...packet, nsp: random.pick(["/", "/", "/chat", "/é"]) });
}

function value(random, depth) {
  if (depth === 0 || random.chance(0.5)) return random.chance(0.6) ? random.bytes(12) : JSON.parse(string(random));
  if (random.chance(0.5)) return random.list(0, 3, () => value(random, depth - 1));
  return Object.fromEntries(random.list(0, 3, () => [random.pick(["a", "b", "é", "0", "num"]), value(random, depth - 1)]));
}

/** Headers put together from good and bad parts; some have attachments. */
function headed(random) {
  const type = random.chance(0.12) ? random.pick(TYPES) : String(random.below(7));
  const isBinary = type === "5" || type === "6";
  const count = isBinary ? (random.chance(0.5) ? random.pick(["1-", "2-"]) : random.pick(COUNTS) + random.pick(["-", "-", ""])) : "";
  const id = random.chance(0.8) ? random.pick(IDS) : "";
  const text = type + count + random.pick(NAMESPACES) + id + anyPayload(random, type);
  return isBinary ? [text, ...attachments(random, 2)] : [text];
}

function anyPayload(random, type) {
  const kind = random.below(10);
  if (kind < 4) return payload(random, type);
  if (kind < 5) return "";
  if (kind < 6) return arrayOf(random, [random.pick(RESERVED), json(random, 1)]);
  if (kind < 7) return arrayOf(random, [random.pick(NAMELESS), json(random, 1)]);
  if (kind < 8) return arrayOf(random, [random.pick(NAMES), random.pick(BROKEN)]);
  if (kind < 9) return random.pick(BROKEN) + random.pick(BROKEN);
  return json(random, 2) + random.pick(["", "", " ", "\n", "\u00a0", "x"]);
}

function attachments(random, most) {
  return random.list(0, most, () => random.bytes(3));
}

/** A good input whose text is broken. */
function damagedText(random) {
  const [text, ...rest] = random.pick([spelled, encoded, placed])(random);
  return [damaged(random, text, ALPHABET), ...rest];
}

/** Placeholders where they belong and where they do not. */
function placed(random) {
  const count = 1 + random.below(3);
  const type = random.pick(["5", "5", "6", "2", "3"]);
  const head = "56".includes(type) ? `${type}${count}-` : type;
  const items = random.list(1, 3, () => around(random, placeholder(random, 2), 2));
  const name = "25".includes(type) && random.chance(0.95) ? [random.pick(NAMES)] : [];
  return [head + random.pick(["", "/chat,"]) + arrayOf(random, [...name, ...items]), ...Array.from({ length: count }, () => random.bytes(3))];
}

/** Mostly a right one; else with members missing, repeated, in company, or of another type. */
function placeholder(random, depth) {
  if (random.chance(0.6)) return `{"_placeholder":true,"num":${random.below(3)}}`;
  const inner = () => (depth > 0 && random.chance(0.5) ? placeholder(random, depth - 1) : json(random, 1));
  const members = random.list(1, 4, () =>
    random.pick([
      () => `"_placeholder":${random.pick(MARKS)}`,
      () => `"\\u005fplaceholder":${random.pick(MARKS)}`,
      () => `"num":${random.pick(NUMS)}`,
      () => `"num":${random.below(2)}`,
      () => `"n\\u0075m":${random.pick(NUMS)}`,
      () => `"${random.pick(["a", "b", "__proto__", "_Placeholder"])}":${inner()}`,
    ])(),
  );
  return `{${members.join(",")}}`;
}

function around(random, inner, depth) {
  if (depth === 0 || random.chance(0.4)) return inner;
  if (random.chance(0.5)) return arrayOf(random, [around(random, inner, depth - 1), json(random, 1)]);
  const key = random.pick(["a", "num", "_placeholder", "__proto__"]);
  // The last of equal keys counts; what stands before it must not.
  const overridden = random.chance(0.2) ? `"${key}":${placeholder(random, 1)},` : "";
  return `{${overridden}"${key}":${around(random, inner, depth - 1)},"b":${json(random, 0)}}`;
}

/** Several packets one behind the other, with frames missing, repeated, exchanged or out of place. */
function interrupted(random) {
  const frames = random.list(1, 4, () => random.pick([spelled, encoded, encoded, placed])(random)).flat();
  const at = random.below(frames.length);
  switch (random.below(7)) {
    case 0:
      frames.splice(at, 1);
      break;
    case 1:
      frames.splice(at, 0, random.bytes(3));
      break;
    case 2:
      frames.splice(at, 0, random.pick(["0", '2["a"]', "", "7", '51-["a",{"_placeholder":true,"num":0}]']));
      break;
    case 3:
      frames.splice(at, 0, frames[at]);
      break;
    case 4:
      frames.push(...frames.splice(at, 1));
      break;
    default:
  }
  return frames;
}

/** Arrays or objects far inside each other. */
function nested(random) {
  const levels = random.pick([100, 127, 128, 129, 200, 500, 1000, 1022, 1023, 1024, 1025, 1500, 3000]);
  const [open, close] = random.pick([["[", "]"], ['{"a":', "}"], ['[{"a":', "}]"]]);
  const count = Math.floor(levels / (open === '[{"a":' ? 2 : 1));
  return [`${random.pick(["2", "2/chat,7"])}["a",${open.repeat(count)}1${close.repeat(count)}]`];
}

/** One line: the frames, the packets that they make, and the error that ends them. */
function record(frames) {
  const packets = [];
  let at = 0;
  let error = "";
  const decoder = new Decoder();
  decoder.on("decoded", (packet) => packets.push({ at, packet }));
  try {
    for (; at < frames.length; at++) decoder.add(frames[at]);
  } catch (thrown) {
    if (packets.some(({ packet }) => needsNotation(packet.data))) return undefined;
    error = `,"error":{"at":${at},"message":${written(thrown.message)}}`;
  }
  if (packets.some(({ packet }) => depth(packet.data) < 100 && needsNotation(packet.data))) return undefined;
  const made = packets.length > 0 ? `,"packets":[${packets.map(recorded).join(",")}]` : "";
  return `{"frames":[${frames.map(frame).join(",")}]${made}${error}}`;
}

function frame(frame) {
  return typeof frame === "string" ? JSON.stringify(frame) : written(frame);
}

/** What is nested deeper than parsers like is not written down, only how deep it is. */
function recorded({ at, packet: { type, nsp, id, data } }) {
  const levels = depth(data);
  const rest = levels > 100 ? `,"levels":${levels}` : data === undefined ? "" : `,"data":${written(data)}`;
  return `{"after":${at},"type":${type},"nsp":${written(nsp)}${id === undefined ? "" : `,"id":${written(id)}`}${rest}}`;
}
