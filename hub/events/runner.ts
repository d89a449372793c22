// The policy runner (T2): takes events in order, runs every rule that an event matches in a transaction of its own,
// retries what fails and sets aside what keeps failing, while the rest goes on.
//
// Exactly once: a rule's effect and its row in `events.done` commit together. At least once delivery: the cursor moves
// only when every matching rule of an event is done or parked. So a crash at any moment repeats attempts, never effects.
import type { Clock } from '../clock.ts';
import { isDatabaseTrouble } from '../db/trouble.ts';
import type { Db, Tx } from '../db/tx.ts';
import type { Actor, CommandContext, Effect, EventPayloads, EventType, NewEvent, StoredEvent } from './api.ts';
import * as books from './books.ts';
import {
  eventById,
  EVENTS_CHANNEL,
  eventsAfter,
  readPosition,
  rebaseAfterRestore,
  savePosition,
  type PlacedEvent,
} from './store.ts';

export const RUNNER_LIMITS = {
  batchEventsMax: 200,
  /** Longest pause between two looks when nothing wakes the runner, ms. */
  lookMs: 1_000,
  /** Pause while events are stored but an older transaction hides them, ms. */
  hiddenMs: 10,
  /** Pauses before the 2nd, 3rd, … try of a failing rule; after the last one it is set aside. */
  retryMs: [1_000, 5_000, 30_000, 120_000, 600_000],
  /**
   * The database's own trouble (killed, out of time, a lock not to be had) says nothing of the rule: such a try is not
   * counted and follows after this pause, while the event is younger than `troubleForMs`.
   */
  troubleMs: 2_000,
  troubleForMs: 900_000,
  errorChars: 500,
} as const;

/** A stored event of one type. */
export interface EventOf<T extends EventType> {
  readonly id: string;
  readonly type: T;
  readonly community: string;
  readonly subject: string;
  readonly payload: EventPayloads[T];
  /** ms wall */
  readonly at: number;
}

/** One line of the policy table: which event causes which command. */
export interface Policy<Ports> {
  readonly rule: string;
  readonly on: EventType;
  /**
   * Rules of one lane see the events of one subject in order even when one of them has to wait for another try; rules
   * of different lanes don't wait for each other.
   */
  readonly lane: string;
  readonly matches: (event: StoredEvent) => boolean;
  /** The effect happens once for each key, however often the event is told. */
  readonly key: (event: StoredEvent) => string;
  readonly run: (c: CommandContext, event: StoredEvent, ports: Ports) => Promise<void>;
}

/** Writes a line of the table with the payload of its event type. Without `key`, every event has its own effect. */
export function policy<Ports, T extends EventType>(line: {
  readonly rule: string;
  readonly on: T;
  readonly lane: string;
  readonly when?: (payload: EventPayloads[T]) => boolean;
  readonly key?: (payload: EventPayloads[T]) => string;
  readonly run: (c: CommandContext, event: EventOf<T>, ports: Ports) => Promise<void> | void;
}): Policy<Ports> {
  const { rule, on, lane, when, key } = line;
  // The runner hands a rule only events of its own type, so the payload is the one that type has.
  const payload = (event: StoredEvent): EventPayloads[T] => event.payload as EventPayloads[T];
  return {
    rule,
    on,
    lane,
    matches: (event) => event.type === on && (when?.(payload(event)) ?? true),
    key: (event) => key?.(payload(event)) ?? `event:${event.id}`,
    run: async (c, event, ports) => line.run(c, { ...event, type: on, payload: payload(event) }, ports),
  };
}

export interface RunnerDeps<Ports> {
  readonly db: Db;
  readonly clock: Clock;
  /** The one executor of effects. */
  readonly execute: (
    tx: Tx,
    effects: readonly Effect[],
    by: { readonly actor: Actor; readonly now: number },
  ) => Promise<void>;
  readonly policies: readonly Policy<Ports>[];
  readonly ports: Ports;
  readonly log: { error(detail: object, message: string): void; info(detail: object, message: string): void };
}

export const READER = 'policies';
const words = (e: unknown): string => (e instanceof Error ? e.message : String(e)).slice(0, RUNNER_LIMITS.errorChars);

export class PolicyRunner<Ports> {
  readonly #deps: RunnerDeps<Ports>;
  readonly #byType = new Map<EventType, Policy<Ports>[]>();
  readonly #byName = new Map<string, Policy<Ports>>();
  readonly #counters = { events: 0, effects: 0, failures: 0, setAside: 0 };
  #stopping = false;
  #wake: (() => void) | undefined;
  #woken = false;
  #loop: Promise<void> | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  /** @throws Error when two rules have the same name */
  constructor(deps: RunnerDeps<Ports>) {
    this.#deps = deps;
    for (const p of deps.policies) {
      if (this.#byName.has(p.rule)) throw new Error(`policy ${p.rule} is in the table twice`);
      this.#byName.set(p.rule, p);
      this.#byType.set(p.on, [...(this.#byType.get(p.on) ?? []), p]);
    }
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  /** Starts working through events, from where the cursor stands, until `stop`. */
  async start(): Promise<void> {
    const { db, log } = this.#deps;
    this.#stopping = false;
    if (await db.transaction(rebaseAfterRestore)) log.info({}, 'events were put in order after a restore');
    this.#unlisten = await db.listen(EVENTS_CHANNEL, () => this.#poke());
    this.#loop = this.#work();
  }

  /** Finishes the rule at hand and stops. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#poke();
    await this.#loop;
    await this.#unlisten?.();
  }

  /** Deals with everything that is there now. Answers true while events are hidden behind a running transaction. */
  async runAll(): Promise<boolean> {
    for (;;) {
      const released = await this.#retryDue();
      const seen = await this.#batch();
      if ((seen.count === 0 && released === 0) || this.#stopping) return seen.hidden;
    }
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      let pause: number = RUNNER_LIMITS.lookMs;
      this.#woken = false;
      try {
        if (await this.runAll()) pause = RUNNER_LIMITS.hiddenMs;
      } catch (error) {
        this.#deps.log.error({ error: words(error) }, 'policies wait for the database');
      }
      await this.#sleep(pause);
    }
  }

  #poke(): void {
    this.#woken = true;
    this.#wake?.();
  }

  #sleep(ms: number): Promise<void> {
    if (this.#woken || this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #batch(): Promise<{ count: number; hidden: boolean }> {
    const { db } = this.#deps;
    const { events, hidden, waiting } = await db.transaction(async (tx) => {
      const ahead = await eventsAfter(tx, await readPosition(tx, READER), RUNNER_LIMITS.batchEventsMax);
      return { ...ahead, waiting: await books.waitingQueues(tx) };
    });
    let last: PlacedEvent | undefined;
    for (const event of events) {
      if (this.#stopping) break;
      for (const p of this.#byType.get(event.type) ?? []) await this.#first(p, event, waiting);
      last = event;
      this.#counters.events++;
    }
    const reached = last;
    if (reached) await db.transaction((tx) => savePosition(tx, READER, reached));
    return { count: events.length, hidden };
  }

  /** First try of a rule on an event. A failure parks it and all that follow in its queue. */
  async #first(p: Policy<Ports>, event: PlacedEvent, waiting: Set<string>): Promise<void> {
    const { db, clock } = this.#deps;
    const queue = `${p.lane}:${event.subject}`;
    const parked = { rule: p.rule, event, queue };
    try {
      if (!p.matches(event)) return;
      if (waiting.has(queue)) {
        await db.transaction((tx) => this.#parkUnlessDone(tx, p, { ...parked, attempts: 0, error: '', nextAt: 0 }));
        return;
      }
      if ((await this.#apply(p, event, undefined)) === 'waits') waiting.add(queue);
    } catch (error) {
      this.#counters.failures++;
      const nextAt = clock.now() + RUNNER_LIMITS.retryMs[0];
      const attempts = isDatabaseTrouble(error) ? 0 : 1;
      this.#deps.log.error({ rule: p.rule, event: event.id, error: words(error) }, 'a policy failed');
      // If this fails too, the database is the trouble, not the rule: the loop waits, the cursor stays.
      await db.transaction((tx) => books.park(tx, { ...parked, attempts, error: words(error), nextAt }));
      waiting.add(queue);
    }
  }

  /** After a crash a batch is gone through again: what is done by then must not wait for another try. */
  async #parkUnlessDone(tx: Tx, p: Policy<Ports>, parked: books.NewlyParked): Promise<void> {
    if (!(await books.isDone(tx, p.rule, p.key(parked.event)))) await books.park(tx, parked);
  }

  /** One rule on one event in one transaction, with its effects and its row in the books. */
  async #apply(
    p: Policy<Ports>,
    event: StoredEvent,
    ref: books.ParkedRef | undefined,
  ): Promise<'over' | 'waits' | 'busy'> {
    const { db, clock, execute, ports } = this.#deps;
    const outcome = await db.transaction(async (tx) => {
      if (ref) {
        if (!(await books.takeParked(tx, ref))) return 'busy';
        await books.unpark(tx, ref);
      } else {
        const parked = await books.parkedAs(tx, p.rule, event.id);
        if (parked) return parked === 'waiting' ? 'waits' : 'over';
      }
      const now = clock.now();
      if (!(await books.claimEffect(tx, { rule: p.rule, key: p.key(event), event: event.id, now }))) return 'over';
      const actor: Actor = { kind: 'system', id: `policy:${p.rule}`, community: event.community };
      const effects: Effect[] = [];
      await p.run({ tx, now, actor, emit: (effect) => void effects.push(effect) }, event, ports);
      await execute(tx, effects, { actor, now });
      return 'done';
    });
    if (outcome === 'done') this.#counters.effects++;
    return outcome === 'done' ? 'over' : outcome;
  }

  /** Tries what is due again. Answers how many are through, each of which may have others behind it. */
  async #retryDue(): Promise<number> {
    const { db, clock } = this.#deps;
    const due = await db.transaction((tx) => books.dueParked(tx, clock.now(), RUNNER_LIMITS.batchEventsMax));
    let through = 0;
    for (const ref of due) {
      if (this.#stopping) break;
      const event = await db.transaction((tx) => eventById(tx, ref.event));
      if (!event) throw new Error(`event ${ref.event} is parked but not stored`);
      const p = this.#byName.get(ref.rule);
      try {
        if (!p)
          await db.transaction((tx) => books.unpark(tx, ref)); // a rule this version no longer has
        else if ((await this.#apply(p, event, ref)) === 'busy') continue;
        through++;
      } catch (error) {
        // Set aside, it lets those behind it pass.
        if (await this.#failedAgain(ref, event, error)) through++;
      }
    }
    return through;
  }

  /** Notes the failure; true when that was the last try. */
  async #failedAgain(ref: books.ParkedRef, event: PlacedEvent, cause: unknown): Promise<boolean> {
    const { db, clock, execute, log } = this.#deps;
    const now = clock.now();
    const error = words(cause);
    const counts = !isDatabaseTrouble(cause) || now - event.at >= RUNNER_LIMITS.troubleForMs;
    const pause = counts ? RUNNER_LIMITS.retryMs[ref.attempts] : RUNNER_LIMITS.troubleMs;
    const nextAt = pause === undefined ? undefined : now + pause;
    this.#counters.failures++;
    if (nextAt === undefined) this.#counters.setAside++;
    log.error({ rule: ref.rule, event: ref.event, error, nextAt }, 'a policy failed again');
    await db.transaction(async (tx) => {
      await books.noteFailure(tx, ref, { error, now, nextAt, counts });
      // A failure to tell of failures is logged and listed, but not told again: that would never end.
      if (nextAt !== undefined || event.type === 'policy.failed') return;
      const failed: NewEvent = {
        type: 'policy.failed',
        community: event.community,
        subject: `${ref.rule}:${ref.event}`,
        payload: { rule: ref.rule, event: ref.event, error },
      };
      const actor: Actor = { kind: 'system', id: 'policies', community: event.community };
      await execute(tx, [{ effect: 'event', event: failed }], { actor, now });
    });
    return nextAt === undefined;
  }
}
