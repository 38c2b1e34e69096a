// Pseudorandom choices: the same on every run and every machine.

/** A stream of numbers that follows from its seed alone (mulberry32). */
export class Random {
  constructor(seed) {
    this.state = seed;
  }

  /** A number from 0 on, below 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 on, below `bound`. */
  below(bound) {
    return Math.floor(this.next() * bound);
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** So many results of `make`, at least `least` and at most `most`. */
  list(least, most, make) {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }

  bytes(most) {
    return Buffer.from(this.list(0, most, () => this.below(256)));
  }
}

/** Breaks a text in one to three places, or cuts it. What is no UTF-8 any more is replaced, as at the end of a socket. */
export function damaged(random, text, alphabet) {
  let broken = text;
  for (let count = 1 + random.below(3); count > 0; count--) broken = damagedOnce(random, broken, alphabet);
  return broken.toWellFormed();
}

function damagedOnce(random, text, alphabet) {
  const at = random.below(text.length + 1);
  const until = Math.min(text.length, at + 1 + random.below(3));
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(until);
    case 2:
      return text.slice(0, at) + random.pick(alphabet) + text.slice(at);
    case 3:
      return text.slice(0, at) + random.pick(alphabet) + text.slice(until);
    case 4:
      return text.slice(0, until) + text.slice(at);
    case 5:
      return text.slice(until) + text.slice(0, at);
    default:
      return flipped(random, text);
  }
}

function flipped(random, text) {
  const bytes = Buffer.from(text);
  if (bytes.length > 0) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  return bytes.toString();
}
