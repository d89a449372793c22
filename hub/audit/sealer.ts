// Seals committed entries into each community's chain every 100 ms, in a transaction of its own so that no commit ever
// waits for it, and publishes the new heads.
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { AUDIT_LIMITS } from '../config.ts';
import type { Db, Tx } from '../db/tx.ts';
import { GENESIS, linkHash, type ChainEntry, type Head } from './chain.ts';
import type { HeadsLog } from './heads.ts';
import * as store from './store.ts';

/** Joins entries to their communities' chains. Pure: heads in, seals and new heads out. */
export function joinLinks(
  entries: readonly ChainEntry[],
  heads: ReadonlyMap<string, { readonly seq: number; readonly hash: Buffer }>,
): { readonly seals: readonly store.Seal[]; readonly heads: ReadonlyMap<string, { seq: number; hash: Buffer }> } {
  const now = new Map(heads);
  const seals = entries.map((entry): store.Seal => {
    const head = now.get(entry.community) ?? { seq: 0, hash: GENESIS };
    const seq = head.seq + 1;
    const hash = linkHash(seq, head.hash, entry);
    now.set(entry.community, { seq, hash });
    return { community: entry.community, seq, entry: entry.id, hash };
  });
  return { seals, heads: now };
}

/** What became of one round: how many entries were sealed, and which are gone that should have been. */
interface Sealed {
  readonly count: number;
  readonly lost: readonly store.LostEntries[];
}

async function sealBatch(tx: Tx, now: number): Promise<Sealed> {
  if (!(await store.lockSealing(tx))) return { count: 0, lost: [] };
  const entries = await store.takeUnsealed(tx, AUDIT_LIMITS.sealBatchMax);
  if (entries.length > 0) await seal(tx, entries, now);
  return { count: entries.length, lost: await store.noteLost(tx) };
}

async function seal(tx: Tx, entries: readonly ChainEntry[], now: number): Promise<void> {
  const heads = await store.headsOf(tx);
  const before = new Map(heads.map((h) => [h.community, { seq: h.seq, hash: Buffer.from(h.hash, 'hex') }]));
  await store.insertSeals(tx, joinLinks(entries, before).seals, now);
  await store.noteSealed(
    tx,
    entries.map((e) => e.id),
  );
}

export interface Sealer {
  /** Seals what waits, then publishes. @throws when the database or the disk refuses */
  run(): Promise<void>;
  start(): void;
  /** Seals and publishes what is left, then stops. */
  stop(): Promise<void>;
  /** Why privileged writes must stop, or undefined while all is well. */
  blocked(): string | undefined;
}

export interface SealerParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly heads: HeadsLog;
  /** Entries were deleted before they were sealed: says so for good, in the transaction that noticed it. */
  readonly noticed: (tx: Tx, lost: store.LostEntries, now: number) => Promise<void>;
}

function sealAndNotice({ db, clock, noticed }: SealerParts): Promise<Sealed> {
  return db.transaction(async (tx) => {
    const sealed = await sealBatch(tx, clock.now());
    for (const one of sealed.lost) await noticed(tx, one, clock.now());
    return sealed;
  });
}

export function makeSealer(parts: SealerParts): Sealer {
  const { db, clock, log, heads } = parts;
  const publishedSeq = new Map<string, number>();
  let publishedAt = -Infinity;
  let unpublished = true;
  let failingSince: number | undefined;
  let lastError = '';
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let current: Promise<void> = Promise.resolve();

  const publish = async (): Promise<void> => {
    const all = await db.transaction((tx) => store.headsOf(tx));
    const fresh = all.filter((h: Head) => publishedSeq.get(h.community) !== h.seq);
    await heads.publish(fresh);
    for (const head of fresh) publishedSeq.set(head.community, head.seq);
    publishedAt = clock.monotonic();
    unpublished = false;
  };

  const sealAll = async (): Promise<void> => {
    for (;;) {
      const { count, lost } = await sealAndNotice(parts);
      for (const one of lost) log.error({ ...one }, 'audit entries were deleted before they were sealed');
      if (count > 0) unpublished = true;
      if (count < AUDIT_LIMITS.sealBatchMax && lost.length === 0) return;
    }
  };

  const tick = async (): Promise<void> => {
    try {
      await sealAll();
      if (unpublished && clock.monotonic() - publishedAt >= AUDIT_LIMITS.publishEveryMs) await publish();
      if (failingSince !== undefined) log.info('audit entries are sealed and published again');
      failingSince = undefined;
    } catch (error) {
      if (failingSince === undefined) log.error({ err: error }, 'audit entries cannot be sealed or published');
      failingSince ??= clock.monotonic();
      lastError = error instanceof Error ? error.message : String(error);
    }
  };

  const loop = (): void => {
    timer = setTimeout(() => {
      current = tick().then(() => {
        if (!stopping) loop();
      });
    }, AUDIT_LIMITS.sealEveryMs);
  };

  return {
    run: async () => {
      await sealAll();
      await publish();
    },
    start: loop,
    stop: async () => {
      stopping = true;
      clearTimeout(timer);
      await current;
      await sealAll().then(publish, (error: unknown) => log.warn({ err: error }, 'audit entries left unsealed'));
    },
    blocked: () =>
      failingSince !== undefined && clock.monotonic() - failingSince >= AUDIT_LIMITS.failingMsMax
        ? lastError
        : undefined,
  };
}
