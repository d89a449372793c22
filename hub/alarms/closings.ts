// Tells the engine of alarms that were closed outside T1: by people, modes and timers, whichever process they were in.
import type { Logger } from 'pino';
import type { Db } from '../db/tx.ts';
import type { AlarmEngine } from './engine.ts';
import { keyOf } from './row.ts';
import { ALARMS_CHANNEL, closedSince, lastSeqs } from './store.ts';

export interface ClosingsParts {
  readonly db: Db;
  readonly engine: AlarmEngine;
  readonly log: Logger;
}

/** Most closings read at once. */
const PAGE = 1_000;

export class Closings {
  readonly #parts: ClosingsParts;
  #seen = new Map<string, number>();
  #unlisten: (() => Promise<void>) | undefined;
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(parts: ClosingsParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { db } = this.#parts;
    // Listening first: what is closed between the two is then read twice rather than never.
    this.#unlisten = await db.listen(ALARMS_CHANNEL, () => this.#look());
    this.#seen = await db.read((tx) => lastSeqs(tx));
    this.#look();
  }

  async stop(): Promise<void> {
    await this.#unlisten?.();
    await this.#reading;
  }

  /** One reader at a time; a notice during a read makes it read once more. */
  #look(): void {
    this.#again = true;
    this.#reading ??= this.#read()
      .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'closed alarms could not be read'))
      .finally(() => {
        this.#reading = undefined;
      });
  }

  async #read(): Promise<void> {
    const { db, engine } = this.#parts;
    while (this.#again) {
      this.#again = false;
      const last = await db.read((tx) => lastSeqs(tx));
      for (const [community, seq] of last) {
        let from = this.#seen.get(community) ?? 0;
        while (from < seq) {
          const closed = await db.read((tx) => closedSince(tx, community, from, seq, PAGE));
          for (const row of closed) engine.closed(keyOf(row.device, row.point, row.signal), row.id);
          from = closed.length < PAGE ? seq : (closed.at(-1)?.seq ?? seq);
        }
        this.#seen.set(community, seq);
      }
    }
  }
}
