// Throws away what has served its time: ended sessions, old sign-in failures, old idempotency keys, events long dealt
// with, and the oldest records beyond their limit once a backup holds them. Takes over what figures count.
import type { Logger } from 'pino';
import { catchUpFacts } from './alarms/api.ts';
import type { Clock } from './clock.ts';
import { HOUSEKEEPING_LIMITS, HTTP_LIMITS, STAFF_LIMITS } from './config.ts';
import type { Db, Tx } from './db/tx.ts';
import { pruneEvents, pruneKeys, RETENTION_LIMITS } from './events/retention.ts';
import { forgetKeys } from './http/idempotency-store.ts';
import { communityIds } from './property/api.ts';
import { keepRecords, type Round } from './records/api.ts';
import { forgetOldSessions } from './staff/api.ts';

export interface Housekeeping {
  /** Once, now. */
  run(): Promise<void>;
  counters(): Readonly<{ rounds: number; failures: number; events: number; keys: number; records: number }>;
  stop(): Promise<void>;
}

export interface HousekeepingParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells people what the records lack. */
  readonly tellRecords: (round: Round) => Promise<void>;
}

export function startHousekeeping({ db, clock, log, tellRecords }: HousekeepingParts): Housekeeping {
  const counters = { rounds: 0, failures: 0, events: 0, keys: 0, records: 0 };
  let stopping = false;
  /** In small transactions, so that nobody waits for them. */
  const inBatches = async (prune: (tx: Tx) => Promise<number>, count: (n: number) => void): Promise<void> => {
    for (let batch = 0; batch < RETENTION_LIMITS.batchesMax; batch++) {
      const gone = await db.transaction(prune);
      count(gone);
      if (gone < RETENTION_LIMITS.batchRows || stopping) return;
    }
  };
  const run = async (): Promise<void> => {
    const now = clock.now();
    const { eventKeepMs, keyKeepMs, batchRows } = RETENTION_LIMITS;
    await db.transaction(async (tx) => {
      await forgetKeys(tx, now - HTTP_LIMITS.idempotencyKeepMs);
      await forgetOldSessions(tx, now, now - STAFF_LIMITS.loginWindowMs);
    });
    await inBatches(
      (tx) => pruneEvents(tx, now - eventKeepMs, batchRows),
      (n) => (counters.events += n),
    );
    await inBatches(
      (tx) => pruneKeys(tx, now - keyKeepMs, batchRows),
      (n) => (counters.keys += n),
    );
    for (const community of await db.read(communityIds)) await catchUpFacts(db, community);
    const round = await keepRecords(db, now);
    counters.records += round.dropped;
    await tellRecords(round);
    counters.rounds++;
  };
  let current: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    current = run().catch((error: unknown) => {
      counters.failures++;
      log.warn({ err: error }, 'housekeeping waits for its next turn');
    });
  }, HOUSEKEEPING_LIMITS.everyMs);
  timer.unref();
  return {
    run,
    counters: () => counters,
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      await current;
    },
  };
}
