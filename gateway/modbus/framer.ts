// Modbus TCP framing: requests out with 16-bit transaction ids, replies in, each matched to its own request or to none.
import {
  EXCEPTION_BIT,
  READ_FUNCTIONS,
  REQUEST_PDU_BYTES,
  dataBytes,
  writeRequestPdu,
  type ReadFailure,
  type ReadRequest,
} from './request.ts';
import { PROTOCOL_LIMITS } from './limits.ts';

/** What a framer hears. `data` is a view that is valid only during the call. */
export interface FrameSink<T extends ReadRequest> {
  reply(request: T, data: Buffer): void;
  exception(request: T, code: number): void;
  /** An answer that claims to be this request's and can't be believed. */
  refused(request: T, reason: ReadFailure): void;
  /** An answer to a request that has timed out: recognised and thrown away. */
  late(): void;
  /** Stray bytes were skipped before a reply that is surely ours. */
  resync(bytes: number): void;
  /** The stream can't be trusted any more: the connection must be replaced. Says what a waiting request is to be told. */
  desync(reason: ReadFailure, why: string): void;
}

/** Framing of one connection at a time. No socket, no clock: bytes and times are handed in. */
export interface Framer<T extends ReadRequest> {
  /** Requests that wait for their answer. */
  readonly inFlight: number;
  /** Takes the request as waiting until `deadline` (monotonic ms) and gives the bytes to send. */
  ask(request: T, deadline: number): Buffer;
  /** Takes received bytes, however they are split. Never throws on what a device sends. */
  receive(chunk: Buffer, sink: FrameSink<T>): void;
  /** Earliest deadline, or undefined when nothing waits. */
  nextDeadline(): number | undefined;
  /** Gives up and returns what is past its deadline; its answer will not be matched to anything. */
  expire(now: number): readonly { readonly request: T; readonly reason: ReadFailure }[];
  /** True when the connection must be replaced before more is asked (too much that could still come late). */
  readonly spent: boolean;
  /** For a new connection: forgets all bytes and returns the requests that will have no answer. */
  reset(): readonly T[];
}

/** Transaction, protocol, length, unit: Messaging on TCP/IP V1.0b 3.1.3. */
const HEADER_BYTES = 7;
/** Header, function and byte count (or exception code): enough to judge whether a frame is what it says. */
const JUDGED_BYTES = 9;
const REQUEST_BYTES = HEADER_BYTES + REQUEST_PDU_BYTES;
const ID_COUNT = 0x1_0000;

interface Pending<T> {
  readonly request: T;
  readonly deadline: number;
}

const EMPTY = Buffer.alloc(0);

/**
 * Ids run through all 65,536 and go on over reconnects. An id that timed out is not given again on its connection
 * until its late answer has come, and a stray answer replaces the connection, so an answer can't reach a later request.
 */
export class TcpFramer<T extends ReadRequest> implements Framer<T> {
  readonly #pending = new Map<number, Pending<T>>();
  readonly #late = new Set<number>();
  readonly #lateMax: number;
  #lastId: number;
  #held: Buffer = EMPTY;
  /** Changes when a sink call resets this framer in the middle of `receive`. */
  #generation = 0;
  #broken = false;

  constructor(lateIdsMax: number, firstId = 0) {
    this.#lateMax = lateIdsMax;
    this.#lastId = (firstId - 1) & 0xffff;
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  get spent(): boolean {
    return this.#broken || this.#late.size > this.#lateMax;
  }

  ask(request: T, deadline: number): Buffer {
    const bytes = Buffer.allocUnsafe(REQUEST_BYTES);
    writeRequestPdu(bytes, HEADER_BYTES, request);
    const id = this.#freeId();
    bytes.writeUInt16BE(id, 0);
    bytes.writeUInt16BE(0, 2);
    bytes.writeUInt16BE(REQUEST_PDU_BYTES + 1, 4);
    bytes[6] = request.unit;
    this.#pending.set(id, { request, deadline });
    return bytes;
  }

  receive(chunk: Buffer, sink: FrameSink<T>): void {
    if (this.#broken) return;
    const generation = this.#generation;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const taken = this.#take(bytes, at, sink);
      if (generation !== this.#generation || this.#broken) return;
      if (taken === 0) break;
      at += taken;
    }
    // A copy: the caller may use its buffer again. Never longer than one frame, because a whole one is always taken.
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
  }

  nextDeadline(): number | undefined {
    // Deadlines of one connection can differ by unit, and few wait at once.
    let next: number | undefined;
    for (const { deadline } of this.#pending.values()) if (next === undefined || deadline < next) next = deadline;
    return next;
  }

  expire(now: number): readonly { request: T; reason: ReadFailure }[] {
    const expired: { request: T; reason: ReadFailure }[] = [];
    for (const [id, { request, deadline }] of this.#pending) {
      if (deadline > now) continue;
      this.#pending.delete(id);
      this.#late.add(id);
      expired.push({ request, reason: 'timeout' });
    }
    // Half a frame at a deadline is a length that lied: what follows would be swallowed as its rest.
    if (expired.length > 0 && this.#held.length > 0) this.#broken = true;
    return expired;
  }

  reset(): readonly T[] {
    const abandoned = [...this.#pending.values()].map((p) => p.request);
    this.#pending.clear();
    this.#late.clear();
    this.#held = EMPTY;
    this.#broken = false;
    this.#generation++;
    return abandoned;
  }

  #freeId(): number {
    for (let tries = 0; tries < ID_COUNT; tries++) {
      this.#lastId = (this.#lastId + 1) & 0xffff;
      if (!this.#pending.has(this.#lastId) && !this.#late.has(this.#lastId)) return this.#lastId;
    }
    throw new RangeError('no transaction id is free');
  }

  /** Takes what stands at `at`; returns its bytes, or 0 when more must arrive first. */
  #take(bytes: Buffer, at: number, sink: FrameSink<T>): number {
    const id = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 4);
    const pending = this.#pending.get(id);
    const ours = pending !== undefined || this.#late.has(id);
    const plausible = bytes.readUInt16BE(at + 2) === 0 && length >= 3 && length <= PROTOCOL_LIMITS.mbapLength;
    if (!ours || !plausible)
      return this.#resync(
        bytes,
        at,
        sink,
        plausible ? 'an answer to nothing that was asked' : 'bytes that are no header',
      );
    if (bytes.length - at < JUDGED_BYTES) return 0;

    const code = bytes[at + 7] ?? 0;
    const isException = (code & EXCEPTION_BIT) !== 0;
    const bodyLength = isException ? 3 : 3 + (bytes[at + 8] ?? 0);
    if (length !== bodyLength) {
      this.#pending.delete(id);
      if (pending) sink.refused(pending.request, 'short-reply');
      this.#break(sink, 'short-reply', `a frame of length ${length} whose content has ${bodyLength}`);
      return 0;
    }
    const size = HEADER_BYTES - 1 + length;
    if (bytes.length - at < size) return 0;
    if (!pending) {
      this.#late.delete(id);
      sink.late();
      return size;
    }
    if (this.#pending.size > 1) {
      const verdict = this.#endsWhereItSays(bytes, at, at + size, id);
      if (verdict === 'unknown') return 0;
      if (verdict !== 'yes') {
        this.#pending.delete(id);
        sink.refused(pending.request, 'short-reply');
        return this.#resync(bytes, at, sink, 'a frame that ends inside another one');
      }
    }
    this.#pending.delete(id);
    this.#deliver(pending.request, bytes.subarray(at + HEADER_BYTES - 1, at + size), sink);
    return size;
  }

  /**
   * With several requests under way, a frame that was cut short is completed by the bytes of the next one, and nothing in
   * itself would tell. So none may begin inside it, and what follows it must be a frame's beginning, or nothing.
   */
  #endsWhereItSays(bytes: Buffer, at: number, end: number, id: number): 'yes' | 'no' | 'unknown' {
    for (let from = at + JUDGED_BYTES; from < end && from + JUDGED_BYTES <= bytes.length; from++)
      if (bytes[from + 2] === 0 && bytes[from + 3] === 0 && this.#beginsFrame(bytes, from)) return 'no';
    if (end === bytes.length) return 'yes';
    if (bytes.length - end < HEADER_BYTES) return 'unknown';
    const next = bytes.readUInt16BE(end);
    const known = next === id || this.#pending.has(next) || this.#late.has(next);
    return known && bytes.readUInt16BE(end + 2) === 0 ? 'yes' : 'no';
  }

  /** A header with an id that is out, whose length agrees with what follows it. */
  #beginsFrame(bytes: Buffer, at: number): boolean {
    const id = bytes.readUInt16BE(at);
    if (!this.#pending.has(id) && !this.#late.has(id)) return false;
    const isException = ((bytes[at + 7] ?? 0) & EXCEPTION_BIT) !== 0;
    return bytes.readUInt16BE(at + 4) === (isException ? 3 : 3 + (bytes[at + 8] ?? 0));
  }

  /** `frame`: unit, function, byte count or exception code, data; its length agrees with its content. */
  #deliver(request: T, frame: Buffer, sink: FrameSink<T>): void {
    const code = frame[1] ?? 0;
    if (frame[0] !== request.unit) sink.refused(request, 'wrong-unit');
    else if ((code & ~EXCEPTION_BIT) !== READ_FUNCTIONS[request.table]) sink.refused(request, 'short-reply');
    else if ((code & EXCEPTION_BIT) !== 0) sink.exception(request, frame[2] ?? 0);
    else if (frame.length !== 3 + dataBytes(request)) sink.refused(request, 'short-reply');
    else sink.reply(request, frame.subarray(3));
  }

  /** Looks further on for the reply to a waiting request: eight bytes must be exactly those that it begins with. */
  #resync(bytes: Buffer, at: number, sink: FrameSink<T>, why: string): number {
    for (let from = at + 1; from + JUDGED_BYTES <= bytes.length; from++) {
      if (!this.#beginsReply(bytes, from)) continue;
      sink.resync(from - at);
      return from - at;
    }
    this.#break(sink, 'wrong-unit', why);
    return 0;
  }

  #beginsReply(bytes: Buffer, at: number): boolean {
    const request = this.#pending.get(bytes.readUInt16BE(at))?.request;
    if (!request || bytes.readUInt16BE(at + 2) !== 0 || bytes[at + 6] !== request.unit) return false;
    const length = bytes.readUInt16BE(at + 4);
    const code = READ_FUNCTIONS[request.table];
    if (bytes[at + 7] === (code | EXCEPTION_BIT)) return length === 3;
    return bytes[at + 7] === code && length === 3 + dataBytes(request) && bytes[at + 8] === dataBytes(request);
  }

  #break(sink: FrameSink<T>, reason: ReadFailure, why: string): void {
    this.#broken = true;
    this.#held = EMPTY;
    sink.desync(reason, why);
  }
}
