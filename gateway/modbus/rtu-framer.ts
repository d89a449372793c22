// RTU framing over a byte stream (serial-to-TCP converters): no ids, so one request at a time and no second chances.
import {
  EXCEPTION_BIT,
  READ_FUNCTIONS,
  REQUEST_PDU_BYTES,
  dataBytes,
  writeRequestPdu,
  type ReadFailure,
  type ReadRequest,
} from './request.ts';
import type { FrameSink, Framer } from './framer.ts';
import { PROTOCOL_LIMITS } from './limits.ts';
import { crc16 } from './crc16.ts';

const CRC_BYTES = 2;
const EXCEPTION_BYTES = 3 + CRC_BYTES;
const REQUEST_BYTES = 1 + REQUEST_PDU_BYTES + CRC_BYTES;
const EMPTY = Buffer.alloc(0);

const crcHolds = (bytes: Buffer, from: number, size: number): boolean =>
  crc16(bytes, from, from + size - CRC_BYTES) === bytes.readUInt16LE(from + size - CRC_BYTES);

/**
 * RTU frames carry no id: a late answer to the same unit and function with the same length would be taken for the
 * present one. So after a timeout, a CRC error or anything unexpected the framer is spent and the connection replaced,
 * and what arrives while nothing is asked is thrown away before the next request (drain before send).
 */
export class RtuFramer<T extends ReadRequest> implements Framer<T> {
  #request: T | undefined;
  #deadline = 0;
  #held: Buffer = EMPTY;
  #broken = false;
  #drained = 0;
  #idleBytes = 0;

  get inFlight(): number {
    return this.#request ? 1 : 0;
  }

  get spent(): boolean {
    return this.#broken;
  }

  /** Bytes thrown away because nothing had been asked. */
  get drained(): number {
    return this.#drained;
  }

  ask(request: T, deadline: number): Buffer {
    if (this.#request) throw new RangeError('RTU framing takes one request at a time');
    const bytes = Buffer.allocUnsafe(REQUEST_BYTES);
    bytes[0] = request.unit;
    writeRequestPdu(bytes, 1, request);
    bytes.writeUInt16LE(crc16(bytes, 0, REQUEST_BYTES - CRC_BYTES), REQUEST_BYTES - CRC_BYTES);
    this.#held = EMPTY;
    this.#idleBytes = 0;
    this.#request = request;
    this.#deadline = deadline;
    return bytes;
  }

  receive(chunk: Buffer, sink: FrameSink<T>): void {
    const request = this.#request;
    if (!request || this.#broken) {
      this.#drain(chunk.length);
      return;
    }
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    if (this.#find(bytes, request, sink)) return;
    const why = this.#hopeless(bytes, request);
    if (why !== undefined) {
      this.#finish();
      this.#broken = true;
      sink.refused(request, why);
      sink.desync(why, 'no frame that answers the request');
    } else this.#held = Buffer.from(bytes);
  }

  nextDeadline(): number | undefined {
    return this.#request ? this.#deadline : undefined;
  }

  expire(now: number): readonly { request: T; reason: ReadFailure }[] {
    const request = this.#request;
    if (!request || this.#deadline > now) return [];
    // Something came, but never a whole frame: not the silence of a timeout.
    const reason = this.#held.length > 0 ? 'short-reply' : 'timeout';
    this.#finish();
    this.#broken = true;
    return [{ request, reason }];
  }

  reset(): readonly T[] {
    const abandoned = this.#request ? [this.#request] : [];
    this.#finish();
    this.#idleBytes = 0;
    this.#broken = false;
    return abandoned;
  }

  /**
   * Throws away what nobody asked for. A stray byte or two is line noise; as much as a frame means that answers and
   * requests are out of step, and the next one could be taken for an answer to the next request.
   */
  #drain(bytes: number): void {
    this.#drained += bytes;
    this.#idleBytes += bytes;
    if (this.#idleBytes >= EXCEPTION_BYTES) this.#broken = true;
  }

  #finish(): void {
    this.#request = undefined;
    this.#held = EMPTY;
  }

  /** Looks for the answer at any offset: RS-485 drivers often leave a stray byte before a frame. */
  #find(bytes: Buffer, request: T, sink: FrameSink<T>): boolean {
    const code = READ_FUNCTIONS[request.table];
    const data = dataBytes(request);
    for (let at = 0; at + EXCEPTION_BYTES <= bytes.length; at++) {
      if (bytes[at] !== request.unit) continue;
      const isException = bytes[at + 1] === (code | EXCEPTION_BIT);
      if (!isException && (bytes[at + 1] !== code || bytes[at + 2] !== data)) continue;
      const size = isException ? EXCEPTION_BYTES : 3 + data + CRC_BYTES;
      // What may still become the answer is not searched for another one inside.
      if (at + size > bytes.length) return false;
      if (!crcHolds(bytes, at, size)) continue;
      this.#finish();
      if (at > 0) sink.resync(at);
      // A second frame behind it: which of the two is the answer can't be known.
      this.#drain(bytes.length - at - size);
      if (this.#broken) sink.refused(request, 'wrong-unit');
      else if (isException) sink.exception(request, bytes[at + 2] ?? 0);
      else sink.reply(request, bytes.subarray(at + 3, at + 3 + data));
      return true;
    }
    return false;
  }

  /** Why these bytes can't become the answer any more, or undefined while they still can. */
  #hopeless(bytes: Buffer, request: T): ReadFailure | undefined {
    const whole = 3 + dataBytes(request) + CRC_BYTES;
    if (bytes.length >= EXCEPTION_BYTES) {
      // A sound frame that is not the answer, judged by its own length.
      const own = (bytes[1] ?? 0) & EXCEPTION_BIT ? EXCEPTION_BYTES : 3 + (bytes[2] ?? 0) + CRC_BYTES;
      if (own <= PROTOCOL_LIMITS.rtuFrame && bytes.length >= own && crcHolds(bytes, 0, own))
        return bytes[0] === request.unit ? 'short-reply' : 'wrong-unit';
    }
    const ours = bytes[0] === request.unit && bytes[1] === READ_FUNCTIONS[request.table];
    if (ours && bytes[2] === dataBytes(request) && bytes.length >= whole) return 'crc';
    return bytes.length > PROTOCOL_LIMITS.rtuFrame ? 'crc' : undefined;
  }
}
