// The pen: one hub at a time commits T1. A row with a token that grows with every holder; a hub that was paused and
// wakes finds another token and can't commit.
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { Db } from '../db/tx.ts';
import { INGEST_LIMITS } from './limits.ts';
import { readLease, releaseLease, renewLease, takeLease, type LeaseRow } from './store.ts';

/** True while a process of this machine lives; of others nothing is known. */
function livesHere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export class Lease {
  readonly #db: Db;
  readonly #me = { holder: randomUUID(), host: hostname(), pid: process.pid };
  #token: number | undefined;

  constructor(db: Db) {
    this.#db = db;
  }

  get token(): number | undefined {
    return this.#token;
  }

  /** Takes the lease if nobody holds it any more. @returns whether this hub holds it now */
  async tryTake(): Promise<boolean> {
    const taken = await this.#db.ingest(async (tx) => {
      const seen = await readLease(tx);
      return seen && this.#isHeld(seen) ? undefined : takeLease(tx, seen?.token, this.#me, INGEST_LIMITS.leaseMs);
    });
    this.#token = taken;
    return taken !== undefined;
  }

  /** @returns false when another hub has it now */
  async renew(): Promise<boolean> {
    const token = this.#token;
    if (token === undefined) return false;
    const held = await this.#db.ingest((tx) => renewLease(tx, token, INGEST_LIMITS.leaseMs));
    if (!held) this.#token = undefined;
    return held;
  }

  lost(): void {
    this.#token = undefined;
  }

  async release(): Promise<void> {
    const token = this.#token;
    this.#token = undefined;
    if (token !== undefined) await this.#db.ingest((tx) => releaseLease(tx, token));
  }

  /** A holder of this machine whose process is gone need not be waited for. */
  #isHeld(row: LeaseRow): boolean {
    if (!row.live) return false;
    if (row.host !== this.#me.host) return true;
    return row.pid !== process.pid && livesHere(row.pid);
  }
}
