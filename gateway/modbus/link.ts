// One bus: its connection's state machine at work, its queue, one breaker per slave. Link and requests meet here.
import type { GatewayClock } from '../drivers/driver.ts';
import { BusQueue, type Priority } from './bus-queue.ts';
import { CLOSED, abandoned, admits, failed, succeeded, tried, type Breaker } from './breaker.ts';
import { IDLE, nextTick, step, type LinkEvent, type LinkReason, type LinkState, type LinkTimes } from './link-state.ts';
import type { ModbusLimits } from './limits.ts';
import type { ReadFailure, ReadRequest } from './request.ts';
import type { Transport, TransportCount, TransportEvents, Victim } from './transport.ts';

/** A read on its way. The owner keeps it and submits it again for the next poll; exactly one of the three calls comes back. */
export interface Ticket extends ReadRequest {
  readonly priority: Priority;
  readonly timeoutMs: number;
  /** The link's own count of what it tried; 0 when made. */
  attempts: number;
  /** `data` is a view that is valid only during the call. */
  done(data: Buffer): void;
  failed(reason: ReadFailure): void;
  /** The connection went before this read had an answer. Nothing is known; `ready` follows when it can be asked again. */
  interrupted(): void;
}

/** What became of a submitted read at once. Only of a `queued` one something is heard later. */
export type Submitted = 'queued' | 'full' | 'not-ready' | 'link-down' | 'breaker-open';

export interface LinkEvents {
  /** Reads can be submitted: after connecting, and after every reconnect. */
  ready(): void;
  /** The link answers. */
  up(): void;
  /** Nothing has answered for `downAfterMs`. */
  down(reason: LinkReason): void;
  /** A slave's breaker opened, with the reason of the last failure. */
  slaveLost(unit: number, reason: ReadFailure): void;
  /** A slave whose breaker was open has answered. */
  slaveBack(unit: number): void;
}

export interface LinkOptions {
  readonly name: string;
  readonly transport: Transport<Ticket>;
  readonly clock: GatewayClock;
  readonly limits: ModbusLimits;
  /** Pause after connecting before the first request, ms. */
  readonly settleMs: number;
  /** Pause between an answer (or its absence) and the next request, ms. */
  readonly requestGapMs: number;
  readonly events: LinkEvents;
  /** In [0, 1): jitter of the backoff. */
  readonly random: () => number;
  readonly note: (context: object, message: string) => void;
}

const COUNTERS = [
  'requests',
  'replies',
  'failures',
  'timeouts',
  'retries',
  'busyRetries',
  'connects',
  'losses',
  'full',
  'breakerOpens',
  'late',
  'resyncs',
  'desyncs',
] as const;
export type LinkCounters = Record<(typeof COUNTERS)[number], number>;

/** Priority of second tries. */
const LAST: Priority = 3;

/** Failures after which it is not known whether the slave is there. Any other exception is an answer. */
const NO_ANSWER: ReadonlySet<ReadFailure> = new Set<ReadFailure>([
  'timeout',
  'short-reply',
  'wrong-unit',
  'crc',
  'link-down',
  'exception-0A',
  'exception-0B',
]);

interface Slave {
  breaker: Breaker;
  /** When the read that probes went out. */
  probedAt: number;
  /** The last connection on which it answered. */
  answeredOn: number;
}

export class Link implements TransportEvents<Ticket> {
  readonly counters: LinkCounters;
  readonly #o: LinkOptions;
  readonly #times: LinkTimes;
  readonly #queue: BusQueue<Ticket>;
  readonly #slaves = new Map<number, Slave>();
  /** Reads that are not to be sent before their time: their slave is busy, or owes an answer. */
  readonly #held = new Map<Ticket, NodeJS.Timeout>();
  #state: LinkState = IDLE;
  #tick: NodeJS.Timeout | undefined;
  #gapTimer: NodeJS.Timeout | undefined;
  #nextSendAt = 0;
  #noProbesBefore = 0;
  #replies = 0;
  /** Timeouts in a row with no answer from anyone: of any unit, and of units that had answered on this connection. */
  #silent = 0;
  #silentKnown = 0;
  #pumping = false;

  constructor(options: LinkOptions) {
    this.#o = options;
    this.#times = { ...options.limits, settleMs: options.settleMs };
    this.#queue = new BusQueue(options.limits.queueMax, options.limits.starvationPicks);
    this.counters = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as LinkCounters;
  }

  get state(): LinkState {
    return this.#state;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  start(): void {
    this.#step({ type: 'start' });
  }

  stop(): void {
    this.#step({ type: 'stop' });
  }

  /** Queues a read. The caller submits a ticket again only after it has heard what became of it. */
  submit(ticket: Ticket): Submitted {
    if (this.#state.name !== 'ready') return this.#state.declaredDown ? 'link-down' : 'not-ready';
    if (!this.#admits(this.#slave(ticket.unit))) return 'breaker-open';
    // A second try goes behind the others: a dead slave must not be asked twice before a live one is asked once.
    if (!this.#queue.add(ticket, ticket.attempts > 0 ? LAST : ticket.priority)) {
      this.counters.full++;
      return 'full';
    }
    this.#pump();
    return 'queued';
  }

  // What the transport tells.

  connected(): void {
    this.counters.connects++;
    this.#step({ type: 'connected' });
  }

  reply(ticket: Ticket, data: Buffer): void {
    this.#answered(ticket.unit);
    this.counters.replies++;
    ticket.attempts = 0;
    ticket.done(data);
  }

  failed(ticket: Ticket, reason: ReadFailure): void {
    this.#nextSendAt = this.#now() + this.#o.requestGapMs;
    this.counters.failures++;
    if (reason === 'timeout') this.#timedOut(ticket.unit);
    if (NO_ANSWER.has(reason)) {
      // The gateway in between does answer, even when it answers for a slave that does not.
      if (reason.startsWith('exception')) this.#proved();
      if (this.#retry(ticket)) this.#queue.putLast(ticket, LAST);
      else this.#fail(ticket, reason);
      return;
    }
    this.#answered(ticket.unit);
    if (reason === 'exception-06' && ticket.attempts < this.#o.limits.busyRetries) this.#later(ticket);
    else this.#fail(ticket, reason);
  }

  settled(): void {
    if (this.#isHalfOpen()) {
      const victims = this.#o.transport.close().map((request): Victim<Ticket> => ({ request, reason: 'link-down' }));
      this.lost('timeout', victims, `${this.#silent} requests in a row without any answer`);
    } else this.#pump();
  }

  lost(reason: LinkReason, victims: readonly Victim<Ticket>[], why: string): void {
    this.counters.losses++;
    this.#o.note({ link: this.#o.name, reason, why, state: this.#state.name }, 'modbus connection lost');
    // Judged first, told last: whoever is told may submit again, and must meet the state after the loss.
    const told = victims.map(({ request, reason: r }) => this.#judgeVictim(request, r));
    this.#step({ type: 'lost', reason, replies: this.#replies, random: this.#o.random() });
    for (const tell of told) tell();
  }

  count(what: TransportCount): void {
    this.counters[what]++;
    if (what === 'late') this.#release();
  }

  #now(): number {
    return this.#o.clock.monotonic();
  }

  #slave(unit: number): Slave {
    let slave = this.#slaves.get(unit);
    if (!slave) this.#slaves.set(unit, (slave = { breaker: CLOSED, probedAt: 0, answeredOn: 0 }));
    return slave;
  }

  #admits(slave: Slave): boolean {
    if (slave.breaker.state === 'closed') return true;
    const now = this.#now();
    return now >= this.#noProbesBefore && admits(slave.breaker, now);
  }

  /** Whether this failure is met by asking again. A probing slave has one chance only. */
  #retry(ticket: Ticket): boolean {
    if (this.#slave(ticket.unit).breaker.state !== 'closed') return false;
    if (ticket.attempts >= this.#o.limits.readRetries) return false;
    ticket.attempts++;
    this.counters.retries++;
    return true;
  }

  #judgeVictim(ticket: Ticket, reason: ReadFailure): () => void {
    this.counters.failures++;
    if (reason === 'timeout') this.counters.timeouts++;
    // Asked again once on the next connection: its owner submits it when the link is ready.
    if (this.#retry(ticket)) return () => ticket.interrupted();
    ticket.attempts = 0;
    this.#blame(ticket.unit, reason);
    return () => ticket.failed(reason);
  }

  /** Busy (06) is an answer, so the bus goes on; this read alone waits a little. */
  #later(ticket: Ticket): void {
    ticket.attempts++;
    this.counters.busyRetries++;
    this.#hold(ticket, this.#o.limits.busyRetryMs);
  }

  #hold(ticket: Ticket, ms: number): void {
    const timer = setTimeout(() => {
      this.#held.delete(ticket);
      this.#queue.putBack(ticket, ticket.priority);
      this.#pump();
    }, Math.ceil(ms));
    this.#held.set(ticket, timer);
  }

  /** A late answer has come: reads that waited for it go on, with what else is sent when all has been told. */
  #release(): void {
    const { transport } = this.#o;
    if (!transport.waitMs) return;
    for (const [ticket, timer] of this.#held) {
      if (transport.waitMs(ticket) > 0) continue;
      clearTimeout(timer);
      this.#held.delete(ticket);
      this.#queue.putBack(ticket, ticket.priority);
    }
  }

  #answered(unit: number): void {
    const now = this.#now();
    this.#nextSendAt = now + this.#o.requestGapMs;
    this.#proved();
    const slave = this.#slave(unit);
    slave.answeredOn = this.counters.connects;
    const wasOpen = slave.breaker.state !== 'closed';
    slave.breaker = succeeded(slave.breaker);
    if (wasOpen) this.#o.events.slaveBack(unit);
  }

  #timedOut(unit: number): void {
    this.counters.timeouts++;
    this.#silent++;
    if (this.#slave(unit).answeredOn === this.counters.connects) this.#silentKnown++;
  }

  #isHalfOpen(): boolean {
    const { silentTimeouts } = this.#o.limits;
    return this.#replies > 0
      ? this.#silentKnown >= silentTimeouts
      : this.#silent >= silentTimeouts * Math.max(1, this.#slaves.size);
  }

  #proved(): void {
    this.#silent = 0;
    this.#silentKnown = 0;
    if (this.#replies++ === 0) this.#step({ type: 'proved' });
  }

  #fail(ticket: Ticket, reason: ReadFailure): void {
    ticket.attempts = 0;
    if (NO_ANSWER.has(reason)) this.#blame(ticket.unit, reason);
    ticket.failed(reason);
  }

  #blame(unit: number, reason: ReadFailure): void {
    const slave = this.#slave(unit);
    const now = this.#now();
    const before = slave.breaker;
    slave.breaker = failed(before, now, this.#o.limits);
    if (before.state === 'probing') this.#noProbesBefore = now + (now - slave.probedAt) * this.#o.limits.probeCost;
    if (before.state !== 'closed' || slave.breaker.state !== 'open') return;
    this.counters.breakerOpens++;
    this.#o.events.slaveLost(unit, reason);
  }

  /** Sends as much as may be under way. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const { transport } = this.#o;
    while (this.#state.name === 'ready' && transport.open && transport.inFlight < transport.maxInFlight) {
      if (this.#queue.size === 0 || !this.#gapIsOver()) break;
      const ticket = this.#queue.take();
      if (ticket) this.#send(ticket);
    }
    this.#pumping = false;
  }

  #gapIsOver(): boolean {
    if (this.#o.requestGapMs === 0) return true;
    const left = this.#nextSendAt - this.#now();
    if (left <= 0) return true;
    this.#gapTimer ??= setTimeout(() => {
      this.#gapTimer = undefined;
      this.#pump();
    }, Math.ceil(left));
    return false;
  }

  #send(ticket: Ticket): void {
    const slave = this.#slave(ticket.unit);
    // Its breaker may have opened while it waited.
    if (!this.#admits(slave)) {
      ticket.attempts = 0;
      ticket.failed('breaker-open');
      return;
    }
    const waitMs = this.#o.transport.waitMs?.(ticket) ?? 0;
    if (waitMs > 0) {
      this.#hold(ticket, waitMs);
      return;
    }
    if (slave.breaker.state === 'open') slave.probedAt = this.#now();
    slave.breaker = tried(slave.breaker);
    this.counters.requests++;
    if (this.#o.requestGapMs > 0) this.#nextSendAt = this.#now() + this.#o.requestGapMs;
    this.#o.transport.send(ticket, ticket.timeoutMs);
  }

  #step(event: LinkEvent): void {
    const { state, effects } = step(this.#state, event, this.#now(), this.#times);
    this.#state = state;
    for (const effect of effects) {
      if (effect.do === 'open') this.#o.transport.connect(this);
      else if (effect.do === 'close') this.#closed();
      else if (effect.do === 'up') this.#o.events.up();
      else if (effect.do === 'down') this.#o.events.down(effect.reason);
      else this.#becomeReady();
    }
    this.#armTick();
  }

  #becomeReady(): void {
    this.#replies = 0;
    this.#silent = 0;
    this.#silentKnown = 0;
    this.#nextSendAt = 0;
    this.#o.transport.listen();
    this.#o.events.ready();
  }

  #armTick(): void {
    clearTimeout(this.#tick);
    const at = nextTick(this.#state, this.#times);
    if (at === undefined) return;
    this.#tick = setTimeout(() => this.#step({ type: 'tick' }), Math.max(1, Math.ceil(at - this.#now())));
  }

  /** Everything that waits is given back: it will be asked anew on the next connection, or not at all. */
  #closed(): void {
    clearTimeout(this.#gapTimer);
    this.#gapTimer = undefined;
    for (const timer of this.#held.values()) clearTimeout(timer);
    const waiting = [...this.#o.transport.close(), ...this.#held.keys(), ...this.#queue.clear()];
    this.#held.clear();
    const now = this.#now();
    for (const slave of this.#slaves.values()) slave.breaker = abandoned(slave.breaker, now);
    for (const ticket of waiting) ticket.interrupted();
  }
}
