// GB/T 26875.3 framing: bytes of a stream to frames whose length, checksum and end are right, however they are split or
// glued together; and frames to bytes. No socket and no clock: bytes and times are handed in.
import { GB26875_FRAME } from './limits.ts';
import { readTime, writeTime } from './time.ts';

/** Command byte (GB/T 26875.3-2011, 6.2.7). 0 and 7–127 are reserved, 128–255 are the vendor's. */
export const COMMANDS = { control: 1, send: 2, confirm: 3, request: 4, reply: 5, deny: 6 } as const;

/** What stands before the application data unit. */
export interface FrameHead {
  /** Serial number of the message; an answer carries that of what it answers. */
  readonly serial: number;
  /** Main version of the protocol; the 2011 edition is 1, and devices in the field say others too. */
  readonly version: number;
  /** The user's own version number. */
  readonly userVersion: number;
  /** Time tag as ms since 1970 UTC; undefined when it names no moment. */
  readonly time: number | undefined;
  /** 48-bit addresses, little-endian on the wire. */
  readonly source: number;
  readonly destination: number;
  readonly command: number;
}

export interface Frame extends FrameHead {
  /** The application data unit, 0–1,024 bytes. Its own copy. */
  readonly adu: Buffer;
}

/**
 * Why bytes were thrown away. `noise`: outside any frame; `torn`: a frame that broke off; the others are whole frames
 * that can't be believed.
 */
export type FrameRefusal = 'noise' | 'torn' | 'length' | 'end' | 'checksum';

/** What a framer hears, in the order of the stream. */
export interface FrameSink {
  frame(frame: Frame): void;
  /**
   * Bytes that were thrown away. `head` is there when they began where a frame had to begin, so that it is worth a
   * denial; after noise a header is as doubtful as the rest.
   */
  refused(reason: FrameRefusal, bytes: Buffer, head: FrameHead | undefined): void;
}

const START = 0x40;
const END = 0x23;
const EMPTY = Buffer.alloc(0);
const { aduBytes, headBytes, tailBytes } = GB26875_FRAME;
export const FRAME_BYTES_MAX = headBytes + aduBytes + tailBytes;

/** Sum of bytes 2…26+L modulo 256: everything between start and checksum. */
function checksum(bytes: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum += bytes[at] ?? 0;
  return sum & 0xff;
}

function readHead(bytes: Buffer, at: number, utcOffsetMinutes: number): FrameHead {
  return {
    serial: bytes.readUInt16LE(at + 2),
    version: bytes[at + 4] ?? 0,
    userVersion: bytes[at + 5] ?? 0,
    time: readTime(bytes, at + 6, utcOffsetMinutes),
    source: bytes.readUIntLE(at + 12, 6),
    destination: bytes.readUIntLE(at + 18, 6),
    command: bytes[at + 26] ?? 0,
  };
}

/** What stands at `at`: a whole frame, the beginning of one, or something that is none. */
type Judged = { readonly whole: number } | 'partial' | 'length' | 'end' | 'checksum';

function judge(bytes: Buffer, at: number): Judged {
  if (bytes.length - at < headBytes) return 'partial';
  const length = bytes.readUInt16LE(at + 24);
  if (length > aduBytes) return 'length';
  const whole = headBytes + length + tailBytes;
  if (bytes.length - at < whole) return 'partial';
  const sumAt = at + headBytes + length;
  if (bytes[sumAt + 1] !== END || bytes[sumAt + 2] !== END) return 'end';
  return checksum(bytes, at + 2, sumAt) === bytes[sumAt] ? { whole } : 'checksum';
}

/** Index of the next `40 40` from `from` on (a lone last `40` may be half of one), or -1. */
function nextStart(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(START, from); at !== -1; at = bytes.indexOf(START, at + 1))
    if (at + 1 >= bytes.length || bytes[at + 1] === START) return at;
  return -1;
}

/**
 * Frames of one connection (or of one datagram). After anything that is no frame it looks on one byte later, so a false
 * start never swallows a frame that is whole, and holds at most one frame's length of bytes.
 */
export class Gb26875Framer {
  readonly #utcOffsetMinutes: number;
  #held: Buffer = EMPTY;
  /** What went before was a whole frame, or nothing. */
  #inStep = true;

  constructor(utcOffsetMinutes: number) {
    this.#utcOffsetMinutes = utcOffsetMinutes;
  }

  /** Bytes that wait for the rest of their frame. */
  get waiting(): number {
    return this.#held.length;
  }

  /** Takes received bytes. Never throws on what a device sends. */
  receive(chunk: Buffer, sink: FrameSink): void {
    this.#walk(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), sink);
  }

  /** The rest of a frame did not come in time: what waits is given up, save whole frames behind a false start. */
  expire(sink: FrameSink): void {
    while (this.#held.length > 0) {
      const bytes = this.#held;
      const next = nextStart(bytes, 1);
      const upTo = next === -1 ? bytes.length : next;
      this.#refuse('torn', bytes, 0, upTo, sink);
      this.#walk(bytes.subarray(upTo), sink);
    }
  }

  #walk(bytes: Buffer, sink: FrameSink): void {
    let at = 0;
    while (at < bytes.length) {
      const start = nextStart(bytes, at);
      if (start !== at) this.#refuse('noise', bytes, at, start === -1 ? bytes.length : start, sink);
      if (start === -1) {
        at = bytes.length;
        break;
      }
      const judged = judge(bytes, start);
      if (judged === 'partial') {
        const later = this.#laterFrame(bytes, start);
        if (later === -1) {
          at = start;
          break;
        }
        this.#refuse('torn', bytes, start, later, sink);
        at = later;
      } else if (typeof judged === 'object') {
        this.#inStep = true;
        at = start + judged.whole;
        const adu = Buffer.from(bytes.subarray(start + headBytes, at - tailBytes));
        sink.frame({ ...readHead(bytes, start, this.#utcOffsetMinutes), adu });
      } else {
        const next = nextStart(bytes, start + 1);
        at = next === -1 ? bytes.length : next;
        this.#refuse(judged, bytes, start, at, sink);
      }
    }
    // A copy: the caller may use its buffer again.
    this.#held = at < bytes.length ? Buffer.from(bytes.subarray(at)) : EMPTY;
  }

  /** Start of a whole frame behind a beginning that lacks its rest, or -1: then that beginning was cut off. */
  #laterFrame(bytes: Buffer, start: number): number {
    for (let at = nextStart(bytes, start + 1); at !== -1; at = nextStart(bytes, at + 1))
      if (typeof judge(bytes, at) === 'object') return at;
    return -1;
  }

  #refuse(reason: FrameRefusal, bytes: Buffer, from: number, to: number, sink: FrameSink): void {
    const deniable = this.#inStep && reason !== 'noise' && reason !== 'torn';
    this.#inStep = false;
    const head = deniable ? readHead(bytes, from, this.#utcOffsetMinutes) : undefined;
    sink.refused(reason, Buffer.from(bytes.subarray(from, to)), head);
  }
}

/** A frame to send; `time` is now, ms UTC. */
export interface OutgoingFrame extends Omit<FrameHead, 'time'> {
  readonly time: number;
  readonly adu?: Buffer;
}

/** @throws RangeError when the data unit is longer than the standard allows, or an address has more than 48 bits */
export function encodeFrame(frame: OutgoingFrame, utcOffsetMinutes: number): Buffer {
  const adu = frame.adu ?? EMPTY;
  if (adu.length > aduBytes) throw new RangeError(`data unit of ${adu.length} bytes, at most ${aduBytes} are allowed`);
  const bytes = Buffer.alloc(headBytes + adu.length + tailBytes);
  bytes.fill(START, 0, 2);
  bytes.writeUInt16LE(frame.serial, 2);
  bytes.writeUInt8(frame.version, 4);
  bytes.writeUInt8(frame.userVersion, 5);
  writeTime(bytes, 6, frame.time, utcOffsetMinutes);
  bytes.writeUIntLE(frame.source, 12, 6);
  bytes.writeUIntLE(frame.destination, 18, 6);
  bytes.writeUInt16LE(adu.length, 24);
  bytes.writeUInt8(frame.command, 26);
  adu.copy(bytes, headBytes);
  bytes.writeUInt8(checksum(bytes, 2, headBytes + adu.length), headBytes + adu.length);
  bytes.fill(END, bytes.length - 2);
  return bytes;
}

/** Confirms (or denies) a message: same serial and versions, addresses turned round, no data (GB/T 26875.3-2011, 5.2). */
export function answerTo(head: FrameHead, command: 'confirm' | 'deny', now: number): OutgoingFrame {
  const { serial, version, userVersion, source, destination } = head;
  return {
    serial,
    version,
    userVersion,
    time: now,
    source: destination,
    destination: source,
    command: COMMANDS[command],
  };
}
