// Tells this process of events as they are committed, for screens: at most once, from now on, and never in the way of
// what must happen (that is the policy runner's).
import type { Db } from '../db/tx.ts';
import type { EventPayloads, EventType } from './api.ts';
import { EVENTS_CHANNEL, eventsAfter, latestPosition, type PlacedEvent, type Position } from './store.ts';

export const TAIL_LIMITS = { batchMax: 500, lookMs: 1_000, hiddenMs: 10 } as const;

interface Heard<T extends EventType> {
  readonly community: string;
  readonly subject: string;
  readonly payload: EventPayloads[T];
}
type Listener = (event: PlacedEvent) => void;

export interface TailDeps {
  readonly db: Db;
  readonly log: { error(detail: object, message: string): void };
}

export class EventTail {
  readonly #deps: TailDeps;
  readonly #listeners = new Map<EventType, Listener[]>();
  #at: Position | undefined;
  #stopping = false;
  #woken = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  constructor(deps: TailDeps) {
    this.#deps = deps;
  }

  /** Before `start`. A listener that throws is logged and hurts no other. */
  on<T extends EventType>(type: T, heard: (event: Heard<T>) => void): void {
    // Only events of that type are handed to it, so the payload is the one that type has.
    const listener: Listener = ({ community, subject, payload }) =>
      heard({ community, subject, payload: payload as EventPayloads[T] });
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  async start(): Promise<void> {
    const { db } = this.#deps;
    this.#stopping = false;
    this.#at = await db.read(latestPosition);
    this.#unlisten = await db.listen(EVENTS_CHANNEL, () => this.#poke());
    this.#loop = this.#work();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#poke();
    await this.#loop;
    await this.#unlisten?.();
  }

  #poke(): void {
    this.#woken = true;
    this.#wake?.();
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      let pause: number = TAIL_LIMITS.lookMs;
      this.#woken = false;
      try {
        pause = await this.#read();
      } catch (error) {
        this.#deps.log.error({ err: error }, 'screens wait for events');
      }
      if (pause > 0 && !this.#woken && !this.#stopping) await this.#sleep(pause);
    }
  }

  /** Hands out what is new; answers how long to wait before the next look, ms. */
  async #read(): Promise<number> {
    const from = this.#at;
    if (from === undefined) return TAIL_LIMITS.lookMs;
    const { events, hidden } = await this.#deps.db.read((tx) => eventsAfter(tx, from, TAIL_LIMITS.batchMax));
    for (const event of events) {
      this.#at = event;
      for (const listener of this.#listeners.get(event.type) ?? []) this.#tell(listener, event);
    }
    if (events.length > 0) return 0;
    return hidden ? TAIL_LIMITS.hiddenMs : TAIL_LIMITS.lookMs;
  }

  #tell(listener: Listener, event: PlacedEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#deps.log.error({ err: error, event: event.id }, 'a listener of events failed');
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
