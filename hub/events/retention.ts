// Events and the runner's books are kept for a time, not for ever: what people must be able to look up later stands in
// the records of its domain (alarms and their journal, orders and their history, the audit), not here.
import type { Tx } from '../db/tx.ts';

const DAY = 86_400_000;

export const RETENTION_LIMITS = {
  /** How long an event is kept that every reader has dealt with: long enough to see what led to what. */
  eventKeepMs: 90 * DAY,
  /**
   * How long a rule remembers a key (an alarm, an order) whose event is gone. Longer than any episode should stay open;
   * after it the unique constraints of the domains alone keep the effect from happening twice.
   */
  keyKeepMs: 400 * DAY,
  /** Rows taken in one transaction: others must not wait. */
  batchRows: 1_000,
  /** Batches in one round of housekeeping; the rest waits for the next. */
  batchesMax: 50,
} as const;

/**
 * Throws away the oldest events that every reader has passed and that no rule still has to deal with (or had to give
 * up, which people may yet take up again), with what the books say of each of them alone. Answers how many events.
 * @param before ms wall: only events stored earlier
 */
export async function pruneEvents(tx: Tx, before: number, max: number): Promise<number> {
  const { gone } = await tx.one<{ gone: number }>(
    `with reached as (select txid, id from events.cursor order by txid, id limit 1),
     oldest as (
       select e.id, e.at from events.event e, reached r
       where (e.txid, e.id) <= (r.txid, r.id) and not exists (select 1 from events.parked p where p.event = e.id)
       order by e.txid, e.id limit $2
     ),
     gone as (
       delete from events.event e using oldest o
       where e.id = o.id and o.at < to_timestamp($1::float8 / 1000) returning e.id
     ),
     books as (delete from events.done d using gone g where d.event = g.id and d.key = 'event:' || g.id)
     select count(*)::integer as gone from gone`,
    [before, max],
  );
  return gone;
}

/** Forgets the oldest keys whose event is gone and that were dealt with before `before` (ms wall). Answers how many. */
export async function pruneKeys(tx: Tx, before: number, max: number): Promise<number> {
  return tx.run(
    `delete from events.done d using (
       select o.rule, o.key from (select rule, key, event, at from events.done order by event limit $2) o
       where o.at < to_timestamp($1::float8 / 1000) and not exists (select 1 from events.event e where e.id = o.event)
     ) old where d.rule = old.rule and d.key = old.key`,
    [before, max],
  );
}
