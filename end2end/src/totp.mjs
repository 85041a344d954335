// One-time codes as RFC 6238 makes them: SHA-1, 6 digits, 30 seconds.

import { createHmac } from "node:crypto";

const STEP_SECONDS = 30;
const DIGITS = 6;
/** How long a code is good for at least, so that it can be typed in at leisure. */
const LEISURE_SECONDS = 10;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Bytes of unpadded base32 (RFC 4648 section 6). */
export function fromBase32(text) {
  const bytes = [];
  let bits = 0;
  let value = 0;
  for (const letter of text.replace(/=+$/, "").toUpperCase()) {
    const index = BASE32.indexOf(letter);
    if (index < 0) throw new Error(`not base32: ${JSON.stringify(letter)}`);
    value = (value << 5) | index;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
      value &= (1 << bits) - 1;
    }
  }
  return Buffer.from(bytes);
}

/** The code of a step (whole 30 seconds since 1970). */
export function codeAt(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = mac[mac.length - 1] & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
}

/**
 * Hands out codes that a server takes one after another: it takes each step once, later steps only, and at most one step
 * before or after its own.
 */
export class Authenticator {
  #secret;
  #last = -1;
  #now;

  constructor(base32, now = () => Date.now() / 1000) {
    this.#secret = fromBase32(base32);
    this.#now = now;
  }

  /** The next code; waits for the clock where three codes were taken within one step. */
  async next() {
    const wanted = Math.max(this.#last + 1, this.#step(LEISURE_SECONDS) - 1);
    while (this.#step() + 1 < wanted) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    this.#last = wanted;
    return codeAt(this.#secret, wanted);
  }

  /** The step that it will be in so many seconds. */
  #step(later = 0) {
    return Math.floor((this.#now() + later) / STEP_SECONDS);
  }
}
