// Inputs for decoders of Engine.IO packets and payloads, and what the reference makes of them.
import { decodePacket, decodePayload, encodePayload } from "engine.io-parser";
import { damaged } from "./random.mjs";

const SEPARATOR = "\u001e";
const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const TEXTS = [
  "", "", "probe", "hello", '2["a"]', '{"sid":"x"}', "é", "€uro", "😀", "\u0000", "\u2028", "\ufeff", " ", "4", "b", "1:2", "a\nb",
  "eight bytes and more",
];
const FIRST = ["", "7", "8", "9", "a", "B", "-", " ", "\t", "\n", "+", "\u0000", "\u0004", "٣", "４", "é", "😀", "\ufeff4", "__proto__", "\ufffd"];
const DIGITS = [..."ABCXYZabcxyz0189+/"];
const FOREIGN = ["-", "_", "=", "==", " ", "\n", "\r\n", ".", "*", "é", "€", "😀", "\u0000", "\u00a0", "Ａ", "Ł", "b"];
const ALPHABET = [..."0123456789bAQ=+/:", SEPARATOR, SEPARATOR, "é", "😀", "\u0000", " "];

/** How many inputs of each kind. */
const KINDS = [
  [250, "packet", text],
  [1000, "packet", base64],
  [1150, "packet", (random) => damaged(random, random.pick([text, base64])(random), ALPHABET)],
  [300, "packet", (random) => random.bytes(20)],
  [700, "payload", payload],
  [900, "payload", joined],
  [1300, "payload", (random) => damaged(random, random.pick([payload, joined])(random), ALPHABET)],
];

/** The lines of the file. */
export function* lines(random) {
  const seen = new Set();
  for (const [count, level, make] of KINDS) {
    for (let made = 0; made < count; ) {
      const line = record(level, make(random));
      if (seen.has(line)) continue;
      seen.add(line);
      made++;
      yield line;
    }
  }
}

/** A packet of text, mostly of a type that exists. */
function text(random) {
  const type = random.chance(0.75) ? String(random.below(7)) : random.pick(FIRST);
  return type + random.list(0, 2, () => random.pick(TEXTS)).join("");
}

/** Bytes as base64, written well, or with what does not belong there. */
function base64(random) {
  if (random.chance(0.3)) return `b${random.bytes(24).toString(random.pick(["base64", "base64", "base64url"]))}`;
  const digit = () => (random.chance(0.08) ? random.pick(FOREIGN) : random.pick(DIGITS));
  return `b${random.list(0, 24, digit).join("")}${random.pick(["", "", "=", "==", "===", "==\n", "=="])}`;
}

/** A payload as the reference writes it. */
function payload(random) {
  const packet = () => {
    if (random.chance(0.3)) return { type: "message", data: random.bytes(12) };
    return { type: random.pick(TYPES), data: random.chance(0.7) ? random.pick(TEXTS) : undefined };
  };
  let body;
  encodePayload(random.list(1, 5, packet), (encoded) => (body = encoded));
  return body;
}

/** Anything between separators, some of them one too many. */
function joined(random) {
  const parts = random.list(0, 5, () => {
    if (random.chance(0.06)) return "";
    return random.chance(0.5) ? String(random.below(7)) + random.pick(TEXTS) : random.pick([text, base64])(random);
  });
  return parts.join(random.chance(0.05) ? SEPARATOR + SEPARATOR : SEPARATOR);
}

/** One line: the input, and the packets that it makes. */
function record(level, input) {
  const packets = level === "packet" ? [decodePacket(input)] : decodePayload(input);
  const encoded = Buffer.isBuffer(input) ? hex(input) : JSON.stringify(input);
  return `{"${level}":${encoded},"is":[${packets.map(recorded).join(",")}]}`;
}

function recorded({ type, data }) {
  if (type === "error" || data === undefined) return `["${type}"]`;
  return `["${type}",${Buffer.isBuffer(data) ? hex(data) : JSON.stringify(data.toWellFormed())}]`;
}

function hex(bytes) {
  return `{"$bin":"${bytes.toString("hex")}"}`;
}
