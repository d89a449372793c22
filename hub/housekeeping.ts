// Throws away what has served its time: ended sessions, old sign-in failures, old idempotency keys.
import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { HOUSEKEEPING_LIMITS, HTTP_LIMITS, STAFF_LIMITS } from './config.ts';
import type { Db } from './db/tx.ts';
import { forgetKeys } from './http/idempotency-store.ts';
import { forgetOldSessions } from './staff/api.ts';

export interface Housekeeping {
  /** Once, now. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

export function startHousekeeping({ db, clock, log }: { db: Db; clock: Clock; log: Logger }): Housekeeping {
  const run = (): Promise<void> =>
    db.transaction(async (tx) => {
      const now = clock.now();
      await forgetKeys(tx, now - HTTP_LIMITS.idempotencyKeepMs);
      await forgetOldSessions(tx, now, now - STAFF_LIMITS.loginWindowMs);
    });
  let current: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    current = run().catch((error: unknown) => log.warn({ err: error }, 'housekeeping waits for its next turn'));
  }, HOUSEKEEPING_LIMITS.everyMs);
  timer.unref();
  return {
    run,
    stop: async () => {
      clearInterval(timer);
      await current;
    },
  };
}
