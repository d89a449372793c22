// Raises "no desk answers" (值班屏失联) when nobody qualified has had a working screen for the rule's time while a
// control-room shift is on, and clears it with the next report. One durable timer a community looks at what is known: a
// report costs no write to the timer, and a hub that was killed finds the timer when it comes back.
import type { AlarmEngine } from '../alarms/api.ts';
import { keyOf } from '../alarms/row.ts';
import type { Clock } from '../clock.ts';
import type { Db, Tx } from '../db/tx.ts';
import type { CommandContext, Effect } from '../events/api.ts';
import { ownSignal } from '../hub-faults.ts';
import type { HubSignal } from '../ingest/api.ts';
import { textOf } from '../messages/text.ts';
import { communityIds } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { setTimers } from '../timers-store.ts';
import type { TimerKind } from '../timers.ts';
import {
  DESK_RULE,
  DESK_SIGNAL,
  heardAgain,
  judgeDesks,
  type Desk,
  type DeskRule,
  type DeskWord,
  type Finding,
  type SilentReason,
} from './desk.ts';
import { beginGrace, desksSince, noteDesk } from './desk-store.ts';
import { LIVE_LIMITS } from './limits.ts';

/** Timer kind; the key is `desk.silent:{community}`. */
export const DESK_TIMER = 'desk.silent';

export interface DeskWatchParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly engine: AlarmEngine;
  /** Runs alone beside T1. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  /** @throws Error when another hub holds the lease */
  readonly assertLease: (tx: Tx) => Promise<void>;
  /** On a control-room shift with a valid certificate at that moment. */
  readonly qualified: (tx: Tx, user: { readonly id: string }, at: number) => Promise<boolean>;
  /** Since when (ms wall) a control-room shift is on; undefined while none is. */
  readonly onShiftSince: (tx: Tx, community: string, at: number) => Promise<number | undefined>;
  /** Looks at the timers now. */
  readonly poke: () => void;
}

/** A report of a signed-in desk. */
export interface DeskReport {
  readonly community: string;
  readonly person: string;
  readonly word: DeskWord;
}

interface Known {
  /** Times are monotonic ms. */
  readonly desk: Desk;
  notedAt: number;
}

export const deskTimer = (community: string, dueAt: number): Extract<Effect, { effect: 'timer' }> => ({
  effect: 'timer',
  key: `${DESK_TIMER}:${community}`,
  kind: DESK_TIMER,
  community,
  dueAt,
  basis: 'duration',
  payload: {},
});

const signalOf = (community: string, why: SilentReason): HubSignal =>
  ownSignal(community, {
    point: 'desk',
    pointName: textOf('desk.name'),
    signal: DESK_SIGNAL,
    class: 'COMMS',
    latch: 'none',
    text: textOf(`desk.silent-${why}`),
    advice: textOf('desk.advice'),
  });

/** Watches the desks of every community that this hub serves. */
export class DeskWatch {
  readonly #parts: DeskWatchParts;
  readonly #desks = new Map<string, Map<string, Known>>();
  readonly #clearedAt = new Map<string, number>();
  readonly #startedAt: number;
  /** How long a community had waited for its desks when this process began to: before it was started again, ms. */
  readonly #waited = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();
  #wokenAt: number;
  #lookedAt: number;
  #interval: NodeJS.Timeout | undefined;
  readonly counters = { reports: 0, forgotten: 0, unnoted: 0 };

  constructor(parts: DeskWatchParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.monotonic();
    this.#wokenAt = -Infinity;
    this.#lookedAt = this.#startedAt;
  }

  /** Every community is looked at from now on; those that are already keep their time. */
  async start(): Promise<void> {
    const { db, clock } = this.#parts;
    await db.transaction(async (tx) => {
      const now = clock.now();
      const communities = await communityIds(tx);
      for (const id of communities) {
        const { startGraceMs } = (await ruleInForce(tx, id, DESK_RULE)).value;
        this.#waited.set(id, now - (await beginGrace(tx, id, now, startGraceMs)));
      }
      await setTimers(
        tx,
        communities.map((id) => deskTimer(id, now)),
        now,
      );
    });
    this.#interval = setInterval(() => this.look(), LIVE_LIMITS.pauseLookMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#interval);
    await this.written();
  }

  /** Until everything that reports have started to write is written, or has failed. */
  async written(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** Notices that this process itself stood still: what desks said meanwhile is read first. */
  look(): void {
    const now = this.#parts.clock.monotonic();
    if (now - this.#lookedAt > LIVE_LIMITS.ownPauseMs) this.#wokenAt = now;
    this.#lookedAt = now;
  }

  reported({ community, person, word }: DeskReport): void {
    this.counters.reports += 1;
    if (!word.fresh) return;
    const now = this.#parts.clock.monotonic();
    const desks = this.#desks.get(community) ?? new Map<string, Known>();
    this.#desks.set(community, desks);
    const before = desks.get(person);
    // The rule in force may be longer; then a desk that was away begins its time of patience anew a little sooner.
    const desk = heardAgain(before?.desk, person, word, { now, silentMs: DESK_RULE.value.silentMs });
    const known: Known = { desk, notedAt: before?.notedAt ?? -Infinity };
    desks.delete(person);
    desks.set(person, known);
    if (desks.size > LIVE_LIMITS.desksMax) this.#forgetOldest(desks);
    if (now - known.notedAt >= LIVE_LIMITS.deskNoteEveryMs) this.#note(community, known, now);
    if (this.#isRaised(community)) this.#lookSoon(community, now);
  }

  /** The timer's kind: finds out how it stands, raises or clears, and comes back when it may be otherwise. */
  timerKind(): TimerKind {
    const { engine, exclusive, assertLease } = this.#parts;
    return {
      lane: 'ingest',
      exclusive,
      handle: async (c, { community }) => {
        await assertLease(c.tx);
        const rule = (await ruleInForce(c.tx, community, DESK_RULE)).value;
        const found = await this.#find(c, community, rule);
        const forMs = found === undefined || found.state === 'silent' ? rule.silentMs : found.forMs;
        c.emit(deskTimer(community, c.now + Math.ceil(forMs)));
        const silent = found?.state === 'silent';
        if (silent === this.#isRaised(community)) return undefined;
        const stage = engine.begin(c.now);
        stage.hubSignal(signalOf(community, silent ? found.why : 'none'), silent ? 'raise' : 'clear', c.now);
        await stage.write(c.tx);
        return () => stage.commit();
      },
    };
  }

  /** Undefined while no control-room shift is on. */
  async #find(c: CommandContext, community: string, rule: DeskRule): Promise<Finding | undefined> {
    const { clock, qualified, onShiftSince } = this.#parts;
    const since = await onShiftSince(c.tx, community, c.now);
    if (since === undefined) return undefined;
    this.look();
    const mono = clock.monotonic();
    const desks: (Desk & { qualified: boolean })[] = [];
    for (const desk of await this.#known(c, community, rule, mono))
      desks.push({ ...desk, qualified: await qualified(c.tx, { id: desk.person }, c.now) });
    const graceMs = Math.max(
      this.#startedAt + rule.startGraceMs - (this.#waited.get(community) ?? 0) - mono,
      this.#wokenAt + rule.silentMs - mono,
      since + rule.silentMs - c.now,
    );
    return judgeDesks(desks, rule, c.now, graceMs);
  }

  /** Desks that answered of late, here or at another hub, with times in ms wall. */
  async #known(c: CommandContext, community: string, rule: DeskRule, mono: number): Promise<Desk[]> {
    const desks = new Map<string, Desk>();
    for (const desk of await desksSince(c.tx, community, c.now - rule.silentMs))
      // What lies ahead was written before the clock was set back: it says nothing about now.
      if (desk.seenAt <= c.now + LIVE_LIMITS.deskNoteEveryMs) desks.set(desk.person, desk);
    for (const { desk } of this.#desks.get(community)?.values() ?? []) {
      const wall = (at: number): number => c.now - (mono - at);
      const { impaired } = desk;
      desks.set(desk.person, {
        person: desk.person,
        seenAt: wall(desk.seenAt),
        ...(impaired === undefined ? {} : { impaired: { by: impaired.by, since: wall(impaired.since) } }),
      });
    }
    return [...desks.values()];
  }

  #isRaised(community: string): boolean {
    const { device, point, signal } = signalOf(community, 'none');
    return this.#parts.engine.track(keyOf(device, point, signal)).raised;
  }

  #forgetOldest(desks: Map<string, Known>): void {
    const oldest = desks.keys().next();
    if (!oldest.done && desks.delete(oldest.value)) this.counters.forgotten += 1;
  }

  #note(community: string, known: Known, mono: number): void {
    const { clock } = this.#parts;
    known.notedAt = mono;
    const wall = (at: number): number => clock.now() - (mono - at);
    const { person, seenAt, impaired } = known.desk;
    const desk: Desk = {
      person,
      seenAt: wall(seenAt),
      ...(impaired === undefined ? {} : { impaired: { by: impaired.by, since: wall(impaired.since) } }),
    };
    // What is not noted is still remembered here, and noted with the next report.
    this.#write((tx) => noteDesk(tx, community, desk));
  }

  /** A desk is back: the timer looks now instead of when it is due. */
  #lookSoon(community: string, mono: number): void {
    if (mono - (this.#clearedAt.get(community) ?? -Infinity) < LIVE_LIMITS.deskClearEveryMs) return;
    this.#clearedAt.set(community, mono);
    const { clock, poke } = this.#parts;
    const now = clock.now();
    this.#write((tx) => setTimers(tx, [deskTimer(community, now)], now), poke);
  }

  #write(work: (tx: Tx) => Promise<void>, then: () => void = () => undefined): void {
    const writing: Promise<void> = this.#parts.db
      .transaction(work)
      .then(then, () => void (this.counters.unnoted += 1))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}
