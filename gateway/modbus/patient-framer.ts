// Framing on a line that the device opened and that we may not close for a late answer: what is late is recognised and
// thrown away, heartbeats between frames are taken out, and a unit that owes an answer is not asked meanwhile.
import type { FrameSink, Framer } from './framer.ts';
import type { Answer, FrameShape } from './frame-shape.ts';
import type { ReadFailure, ReadRequest } from './request.ts';

export interface PatientSink<T extends ReadRequest> extends FrameSink<T> {
  /** A heartbeat, or the registration packet again. */
  heartbeat(): void;
}

export interface PatientOptions {
  readonly shape: FrameShape;
  /** What the line says between frames: heartbeats, the registration packet. */
  readonly between: readonly Buffer[];
  /** How long after its deadline an answer may still come, ms. */
  readonly lateMs: number;
  /** Most answers that may still come. */
  readonly owedMax: number;
}

interface Asked<T> {
  readonly request: T;
  readonly id: number;
  readonly deadline: number;
}

const EMPTY = Buffer.alloc(0);

/**
 * RTU frames have no id: an answer is known by unit, function, length and CRC alone, and a late one can't be told from
 * that to the unit's next request. So a unit whose answer did not come in time owes it: it is not asked again before the
 * answer has come, or `lateMs` after the deadline (`waitMs`). This outlasts the connection, since a DTU may keep what
 * its serial side said and send it after calling anew. With Modbus TCP's ids no waiting is needed.
 */
export class PatientFramer<T extends ReadRequest> implements Framer<T> {
  readonly #o: PatientOptions;
  readonly #between: readonly Buffer[];
  #asked: Asked<T> | undefined;
  #owed: Asked<T>[] = [];
  #held: Buffer = EMPTY;
  #damaged = false;
  #lastId = 0;
  #noise = 0;

  constructor(o: PatientOptions) {
    this.#o = o;
    this.#between = o.between.toSorted((a, b) => b.length - a.length);
  }

  get inFlight(): number {
    return this.#asked ? 1 : 0;
  }

  /** Never: the line is the device's. */
  get spent(): boolean {
    return false;
  }

  /** Bytes that are neither an answer nor known to come between. */
  get noise(): number {
    return this.#noise;
  }

  /** Bytes that wait for the rest of a frame. */
  get waiting(): number {
    return this.#held.length;
  }

  /** How long this request must not be asked, ms: its unit owes an answer that could be taken for this one's. */
  waitMs(request: ReadRequest, now: number): number {
    if (this.#o.shape.hasIds) return 0;
    this.#prune(now);
    const owed = this.#owed.findLast((o) => o.request.unit === request.unit);
    return owed ? owed.deadline + this.#o.lateMs - now : 0;
  }

  ask(request: T, deadline: number): Buffer {
    if (this.#asked) throw new RangeError('a line takes one request at a time');
    this.#lastId = (this.#lastId + 1) & 0xffff;
    const bytes = this.#o.shape.encode(request, this.#lastId);
    this.#asked = { request, id: this.#lastId, deadline };
    this.#damaged = false;
    return bytes;
  }

  receive(chunk: Buffer, sink: PatientSink<T>): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    let skipped = 0;
    let at = 0;
    while (at < bytes.length) {
      const taken = this.#take(bytes, at, sink);
      if (taken === 0) break;
      if (taken > 0) at += taken;
      else {
        at++;
        skipped++;
      }
    }
    // A copy: the caller may use its buffer again. Shorter than one frame, or than what may come between.
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
    if (skipped === 0) return;
    this.#noise += skipped;
    sink.resync(skipped);
  }

  nextDeadline(): number | undefined {
    return this.#asked?.deadline;
  }

  expire(now: number): readonly { request: T; reason: ReadFailure }[] {
    const asked = this.#asked;
    if (!asked || asked.deadline > now) return [];
    const reason = this.#damaged ? 'crc' : this.#held.length > 0 ? 'short-reply' : 'timeout';
    this.#owe(asked);
    this.#prune(now);
    return [{ request: asked.request, reason }];
  }

  /** Another connection: half a frame is gone, but an answer may still come on it. */
  reset(): readonly T[] {
    const asked = this.#asked;
    this.#held = EMPTY;
    if (!asked) return [];
    this.#owe(asked);
    return [asked.request];
  }

  #owe(asked: Asked<T>): void {
    this.#asked = undefined;
    this.#owed.push(asked);
    if (this.#owed.length > this.#o.owedMax) this.#owed.shift();
  }

  #prune(now: number): void {
    this.#owed = this.#owed.filter((o) => o.deadline + this.#o.lateMs > now);
  }

  /** @returns bytes taken at `at`, 0 when more must come first, −1 when what stands there begins nothing */
  #take(bytes: Buffer, at: number, sink: PatientSink<T>): number {
    let waits = false;
    const { shape } = this.#o;
    const asked = this.#asked;
    if (asked) {
      const found = shape.look(bytes, at, asked.request, asked.id);
      if (found.is === 'whole') return this.#answered(asked, found, bytes, sink);
      if (found.is === 'damaged') this.#damaged = true;
      waits = found.is === 'part';
    }
    for (const owed of this.#owed) {
      const found = shape.look(bytes, at, owed.request, owed.id);
      if (found.is === 'whole') {
        this.#owed = this.#owed.filter((o) => o !== owed);
        sink.late();
        return found.size;
      }
      waits ||= found.is === 'part';
    }
    // A heartbeat of one byte can be the beginning of an answer: the answer goes first.
    if (waits) return 0;
    for (const packet of this.#between) {
      const there = bytes.subarray(at, at + packet.length);
      if (!packet.subarray(0, there.length).equals(there)) continue;
      if (there.length < packet.length) return 0;
      sink.heartbeat();
      return packet.length;
    }
    return -1;
  }

  #answered({ request }: Asked<T>, found: Answer, bytes: Buffer, sink: PatientSink<T>): number {
    this.#asked = undefined;
    if (found.exception !== undefined) sink.exception(request, found.exception);
    else sink.reply(request, bytes.subarray(found.from, found.to));
    return found.size;
  }
}
