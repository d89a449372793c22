// Reads the fixed headers of MQTT packets as they pass (MQTT 3.1.1, 2.2), so that a broker can refuse one that is too long
// before it has come.

/** Follows packet borders in a byte stream. */
export class PacketMeter {
  readonly #maxBytes: number;
  /** Bytes of the current packet still to come; −1: its type byte is next, −2: its length is being read. */
  #left = -1;
  #length = 0;
  #shift = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false when these bytes begin a packet that is too long, or whose length is none */
  pass(bytes: Uint8Array): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        if (this.#left === 0) this.#left = -1;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (this.#left === -1) {
        this.#left = -2;
        this.#length = 0;
        this.#shift = 0;
        continue;
      }
      this.#length += (byte & 127) * 2 ** this.#shift;
      this.#shift += 7;
      if (this.#length > this.#maxBytes || (byte >= 128 && this.#shift >= 28)) return false;
      if (byte < 128) this.#left = this.#length === 0 ? -1 : this.#length;
    }
    return true;
  }
}
