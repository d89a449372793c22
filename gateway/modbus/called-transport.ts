// A line that the device opened (a DTU that called): it is taken when it comes, replaced when the device calls again, and
// closed only when nothing at all has been heard on it for long. A timeout closes nothing.
import type { Socket } from 'node:net';
import type { GatewayClock } from '../drivers/driver.ts';
import type { CalledLine } from '../call-in/listener.ts';
import type { CallInLimits } from '../call-in/limits.ts';
import { PatientFramer, type PatientOptions, type PatientSink } from './patient-framer.ts';
import { exceptionReason, type ReadFailure, type ReadRequest } from './request.ts';
import type { Transport, TransportEvents } from './transport.ts';

export interface CalledTransportOptions extends Omit<PatientOptions, 'owedMax'> {
  readonly registration: Buffer;
  readonly silentMs: number;
  readonly latencyMs: number;
  readonly clock: GatewayClock;
  readonly limits: CallInLimits;
  /** The device has called while its line was there. */
  readonly replaced: (before: string, now: string) => void;
}

interface Call {
  readonly socket: Socket;
  readonly from: string;
  /** Wall time, ms. */
  readonly since: number;
}

export class CalledTransport<T extends ReadRequest> implements Transport<T>, PatientSink<T>, CalledLine {
  readonly maxInFlight = 1;
  /** `early`: bytes that were said before anything was asked on their connection. */
  readonly counters = { calls: 0, replaced: 0, heartbeats: 0, silences: 0, early: 0 };
  readonly #o: CalledTransportOptions;
  readonly #framer: PatientFramer<T>;
  #events: TransportEvents<T> | undefined;
  /** A connection is wanted and has not come. */
  #wanted = false;
  /** Registered and not taken yet. */
  #next: Call | undefined;
  #call: Call | undefined;
  #listening = false;
  #telling = false;
  /** Something has answered on this connection. */
  #answered = false;
  /** Monotonic; wall time of the last bytes on any connection. */
  #heard = 0;
  #heardAt: number | undefined;
  #quietUntil = 0;
  #deadline: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(o: CalledTransportOptions) {
    this.#o = o;
    this.#framer = new PatientFramer({ ...o, owedMax: o.limits.owed });
  }

  get registration(): Buffer {
    return this.#o.registration;
  }

  get between(): readonly Buffer[] {
    return this.#o.between;
  }

  get inFlight(): number {
    return this.#framer.inFlight;
  }

  get open(): boolean {
    return this.#listening && !this.#telling && this.#o.clock.monotonic() >= this.#quietUntil;
  }

  /** How the line stands, for the engineer. */
  get standing(): {
    readonly state: 'waiting' | 'registered' | 'answers';
    readonly from?: string;
    readonly since?: number;
    readonly heardAt?: number;
    readonly noise: number;
  } {
    const call = this.#call ?? this.#next;
    const state = call ? (this.#answered ? 'answers' : 'registered') : 'waiting';
    return {
      state,
      ...(call ? { from: call.from, since: Math.trunc(call.since) } : {}),
      ...(this.#heardAt === undefined ? {} : { heardAt: Math.trunc(this.#heardAt) }),
      noise: this.#framer.noise,
    };
  }

  // The device calls.

  adopt(socket: Socket, from: string, rest: Buffer): void {
    const { clock, replaced } = this.#o;
    this.counters.calls++;
    const before = this.#call ?? this.#next;
    const since = clock.now();
    this.#heardAt = since;
    this.#next?.socket.destroy();
    this.#next = { socket, from, since };
    socket.once('close', () => {
      if (this.#next?.socket === socket) this.#next = undefined;
    });
    if (before) {
      this.counters.replaced++;
      replaced(before.from, from);
    }
    // What came behind the registration was said before anything was asked: nothing in it is an answer to us, nor does
    // it settle what is owed, since it can be the answer to what was given up long ago.
    this.counters.early += rest.length;
    if (this.#call) this.#lose('the device has called again');
    else if (this.#wanted) this.#take();
  }

  // The link asks.

  connect(events: TransportEvents<T>): void {
    this.#events = events;
    this.#wanted = true;
    // Not at once: the link is in the middle of a step of its own.
    process.nextTick(() => this.#take());
  }

  listen(): void {
    this.#framer.reset();
    this.#listening = true;
  }

  waitMs(request: T): number {
    return this.#framer.waitMs(request, this.#o.clock.monotonic());
  }

  send(request: T, timeoutMs: number): void {
    const { clock, latencyMs } = this.#o;
    const inMs = timeoutMs + latencyMs;
    this.#call?.socket.write(this.#framer.ask(request, clock.monotonic() + inMs));
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#expire(), Math.ceil(inMs));
  }

  close(): readonly T[] {
    const call = this.#call;
    this.#call = undefined;
    this.#wanted = false;
    this.#listening = false;
    this.#answered = false;
    for (const timer of [this.#deadline, this.#quiet, this.#silence]) clearTimeout(timer);
    this.#quiet = undefined;
    call?.socket.destroy();
    return this.#framer.reset();
  }

  // What the framer finds.

  reply(request: T, data: Buffer): void {
    this.#answered = true;
    this.#events?.reply(request, data);
  }

  exception(request: T, code: number): void {
    this.#answered = true;
    this.#events?.failed(request, exceptionReason(code));
  }

  refused(request: T, reason: ReadFailure): void {
    this.#events?.failed(request, reason);
  }

  late(): void {
    this.#rest();
    this.#events?.count('late');
  }

  resync(): void {
    this.#rest();
    this.#events?.count('resyncs');
  }

  desync(): void {
    this.#events?.count('desyncs');
  }

  heartbeat(): void {
    this.counters.heartbeats++;
  }

  #take(): void {
    const call = this.#next;
    if (!this.#wanted || !call) return;
    this.#next = undefined;
    this.#wanted = false;
    this.#call = call;
    const { socket } = call;
    const lost = (why: string): void => {
      if (socket === this.#call?.socket) this.#lose(why);
    };
    socket.on('data', (bytes: Buffer) => {
      if (socket === this.#call?.socket) this.#receive(bytes);
    });
    socket.once('end', () => lost('the device has hung up'));
    socket.once('close', () => lost('closed'));
    if (socket.destroyed) {
      lost('closed');
      return;
    }
    this.#heard = this.#o.clock.monotonic();
    this.#armSilence(this.#o.silentMs);
    socket.resume();
    this.#events?.connected();
  }

  #receive(bytes: Buffer): void {
    const { clock } = this.#o;
    this.#heard = clock.monotonic();
    this.#heardAt = clock.now();
    if (!this.#listening) {
      this.counters.early += bytes.length;
      return;
    }
    this.#telling = true;
    try {
      this.#framer.receive(bytes, this);
    } finally {
      this.#telling = false;
    }
    if (this.#listening) this.#events?.settled();
  }

  /** Out of step, or maybe soon: nothing is asked before the line has been quiet. */
  #rest(): void {
    const { clock, limits } = this.#o;
    this.#quietUntil = clock.monotonic() + limits.quietMs;
    this.#quiet ??= setTimeout(() => this.#quietEnds(), limits.quietMs);
  }

  #quietEnds(): void {
    this.#quiet = undefined;
    const left = this.#quietUntil - this.#o.clock.monotonic();
    if (left > 0) this.#quiet = setTimeout(() => this.#quietEnds(), Math.ceil(left));
    else if (this.#listening) this.#events?.settled();
  }

  #expire(): void {
    const { clock, limits } = this.#o;
    const now = clock.monotonic();
    const expired = this.#framer.expire(now);
    const next = this.#framer.nextDeadline();
    if (next !== undefined) this.#deadline = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(next - now)));
    if (expired.length === 0) return;
    this.#rest();
    this.#telling = true;
    for (const { request, reason } of expired) this.#events?.failed(request, reason);
    this.#telling = false;
    if ((this.#call?.socket.writableLength ?? 0) > limits.unsentBytes) this.#lose('the device takes nothing any more');
    else this.#events?.settled();
  }

  #armSilence(inMs: number): void {
    this.#silence = setTimeout(() => {
      const { clock, silentMs } = this.#o;
      const left = this.#heard + silentMs - clock.monotonic();
      if (left > 0) {
        this.#armSilence(left);
        return;
      }
      this.counters.silences++;
      this.#lose(`nothing at all was heard for ${silentMs} ms`);
    }, Math.ceil(inMs));
  }

  #lose(why: string): void {
    const victims = this.close().map((request) => ({ request, reason: 'link-down' as const }));
    this.#events?.lost('link-down', victims, why);
  }
}
