// JSON in all its spellings, some of them wrong; and how results are written down.

const NUMBERS = [
  "0", "-0", "1", "-1", "7", "42", "1.0", "1e0", "1E+2", "0.1", "-0.5e-3", "2e-1", "9007199254740991", "9007199254740993",
  "18446744073709551615", "18446744073709551616", "-9223372036854775809", "123456789012345678901234567890", "1e400", "-1e400",
  "1e-400", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "0.30000000000000004", "100000000000000000000000e-23",
];

const STRING_PARTS = [
  "a", "b", "message", " ", "é", "€", "😀", "\u2028", "\u007f", "\ufeff", "\ufffd", "/", ",", "-", "[", "}", "'", "\\n", "\\t",
  '\\"', "\\\\", "\\/", "\\b", "\\f", "\\r", "\\u0000", "\\u001E", "\\u00e9", "\\ud83d\\ude00", "\\uD83D\\uDE00",
  "eight bytes and more of plain text, some of it é",
];
const LONE_SURROGATES = ["\\ud83d", "\\uDE00", "\\ude00\\ud83d", "\\ud83d\\n", "\\ud83d\\ud83d\\ude00"];

const KEYS = [
  "a", "b", "c", "", "0", "10", "é", "😀", "a\\nb", "num", "_placeholder", "\\u006eum", "__proto__", "constructor", "length",
  "hasOwnProperty",
];

/** What is no JSON value, each in its own way. */
export const BROKEN = [
  "", "01", "-01", "1.", ".5", "+1", "-", "1e", "1e+", "0x1", "1_000", "NaN", "Infinity", "-Infinity", "undefined", "nul", "nulll",
  "True", "'a'", '"a', 'a"', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\', '"\n"', '"\t"', '"\u0000"', '"\u001f"', "[1,]", "[,1]", "[1 2]",
  "[1}", "{]", "[", "{", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "{1:2}", '{"a" 1}', '{"a":1 "b":2}', "//", "/**/", "\u00a0", "\u2003",
  "\ufeff", "1 1", "[] []", "]",
];

/** The text of a JSON value, nested at most `depth` deep. */
export function json(random, depth) {
  const kind = random.below(depth > 0 ? 8 : 5);
  if (kind < 2) return string(random);
  if (kind < 4) return random.pick(NUMBERS);
  if (kind < 5) return random.pick(["null", "true", "false"]);
  return kind < 7 ? array(random, depth) : object(random, depth);
}

/** An object, in which keys may be repeated. */
export function object(random, depth) {
  const member = () => `${space(random)}"${random.pick(KEYS)}"${space(random)}:${padded(random, json(random, depth - 1))}`;
  return `{${random.list(0, 3, member).join(",") || space(random)}}`;
}

export function array(random, depth) {
  return arrayOf(random, random.list(0, 3, () => json(random, depth - 1)));
}

export function arrayOf(random, items) {
  return `[${items.map((item) => padded(random, item)).join(",") || space(random)}]`;
}

export function string(random) {
  const parts = random.chance(0.05) ? [...STRING_PARTS, ...LONE_SURROGATES, ...LONE_SURROGATES] : STRING_PARTS;
  return `"${random.list(0, 3, () => random.pick(parts)).join("")}"`;
}

function padded(random, text) {
  return space(random) + text + space(random);
}

function space(random) {
  return random.chance(0.08) ? random.pick([" ", "\n", "\t", "\r", " \r\n\t "]) : "";
}

/** A value as it is written down: as JSON, and what JSON cannot say as objects with one key that begins with `$`. */
export function written(value) {
  if (value === undefined) return '{"$undefined":true}';
  if (Buffer.isBuffer(value)) return `{"$bin":"${value.toString("hex")}"}`;
  if (typeof value === "number" && !Number.isFinite(value)) return `{"$number":"${value}"}`;
  if (typeof value === "string") return JSON.stringify(value.toWellFormed());
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const member = (key) => `${JSON.stringify(key.toWellFormed())}:${written(value[key])}`;
  return `{${Object.keys(value).map(member).join(",")}}`;
}

/** How many arrays and objects are inside each other. Does not recurse. */
export function depth(value) {
  let level = [value];
  for (let deepest = 0; ; deepest++) {
    level = level.filter((item) => item !== null && typeof item === "object" && !Buffer.isBuffer(item));
    if (level.length === 0) return deepest;
    level = level.flatMap((item) => Object.values(item));
  }
}

/** Whether a value has a key that the notation keeps for itself. */
export function needsNotation(value) {
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return false;
  return Object.keys(value).some((key) => key.startsWith("$") || key === "toJSON" || needsNotation(value[key]));
}
