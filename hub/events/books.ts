// The policy runner's books: which effects are done, what is parked for another try, what was set aside.
import type { Tx } from '../db/tx.ts';
import type { PlacedEvent } from './store.ts';

/** Claims an effect in its own transaction. False: it is done already. Waits while another hub is just doing it. */
export async function claimEffect(
  tx: Tx,
  effect: { readonly rule: string; readonly key: string; readonly event: string; readonly now: number },
): Promise<boolean> {
  const rows = await tx.run(
    `insert into events.done (rule, key, event, at) values ($1, $2, $3, to_timestamp($4::float8 / 1000))
     on conflict do nothing`,
    [effect.rule, effect.key, effect.event, effect.now],
  );
  return rows === 1;
}

export const isDone = async (tx: Tx, rule: string, key: string): Promise<boolean> =>
  (await tx.maybe(`select 1 as one from events.done where rule = $1 and key = $2`, [rule, key])) !== undefined;

export interface NewlyParked {
  readonly rule: string;
  readonly event: PlacedEvent;
  readonly queue: string;
  /** How often it has been tried; 0: it only waits behind another. */
  readonly attempts: number;
  readonly error: string;
  /** ms wall */
  readonly nextAt: number;
}

/** Parks a rule on an event; one that is parked already stays as it is. */
export async function park(tx: Tx, p: NewlyParked): Promise<void> {
  await tx.run(
    `insert into events.parked (rule, event, txid, queue, attempts, error, next_at)
     values ($1, $2, $3::xid8, $4, $5, $6, to_timestamp($7::float8 / 1000)) on conflict do nothing`,
    [p.rule, p.event.id, p.event.txid, p.queue, p.attempts, p.error, p.nextAt],
  );
}

export interface ParkedRef {
  readonly rule: string;
  readonly event: string;
  readonly attempts: number;
}

/** Whether this rule on this event waits for another try or was set aside. */
export async function parkedAs(tx: Tx, rule: string, event: string): Promise<'waiting' | 'set-aside' | undefined> {
  const row = await tx.maybe<{ aside: boolean }>(
    `select set_aside_at is not null as aside from events.parked where rule = $1 and event = $2`,
    [rule, event],
  );
  return row && (row.aside ? 'set-aside' : 'waiting');
}

/** The queues in which something waits. */
export async function waitingQueues(tx: Tx): Promise<Set<string>> {
  const rows = await tx.query<{ queue: string }>(`select distinct queue from events.parked where set_aside_at is null`);
  return new Set(rows.map((r) => r.queue));
}

/** What may be tried now: due, and first in its queue. */
export async function dueParked(tx: Tx, now: number, max: number): Promise<ParkedRef[]> {
  return tx.query<ParkedRef>(
    `select p.rule, p.event, p.attempts from events.parked p
     where p.set_aside_at is null and p.next_at <= to_timestamp($1::float8 / 1000)
       and not exists (select 1 from events.parked q where q.queue = p.queue and q.set_aside_at is null
                         and (q.txid, q.event) < (p.txid, p.event))
     order by p.txid, p.event, p.rule limit $2`,
    [now, max],
  );
}

/** Takes a parked row for this transaction; false when it is gone, set aside, or another hub has it. */
export async function takeParked(tx: Tx, ref: ParkedRef): Promise<boolean> {
  const row = await tx.maybe(
    `select 1 as one from events.parked
     where rule = $1 and event = $2 and set_aside_at is null for update skip locked`,
    [ref.rule, ref.event],
  );
  return row !== undefined;
}

export const unpark = (tx: Tx, ref: ParkedRef): Promise<number> =>
  tx.run(`delete from events.parked where rule = $1 and event = $2`, [ref.rule, ref.event]);

/**
 * Notes one more failure: to be tried again at `nextAt` (ms), or set aside when that is undefined. `counts`: whether it
 * brings the rule nearer to that.
 */
export async function noteFailure(
  tx: Tx,
  ref: ParkedRef,
  failure: {
    readonly error: string;
    readonly now: number;
    readonly nextAt: number | undefined;
    readonly counts: boolean;
  },
): Promise<void> {
  await tx.run(
    `update events.parked set attempts = attempts + $6::int, error = $3,
       next_at = coalesce(to_timestamp($4::float8 / 1000), next_at),
       set_aside_at = case when $4::float8 is null then to_timestamp($5::float8 / 1000) end
     where rule = $1 and event = $2`,
    [ref.rule, ref.event, failure.error, failure.nextAt ?? null, failure.now, failure.counts ? 1 : 0],
  );
}

export interface SetAside {
  readonly rule: string;
  readonly event: string;
  readonly attempts: number;
  readonly error: string;
  readonly at: Date;
}

/** What was given up in a community, newest first. */
export const setAsideList = (tx: Tx, community: string, max: number): Promise<SetAside[]> =>
  tx.query<SetAside>(
    `select p.rule, p.event, p.attempts, p.error, p.set_aside_at as at
     from events.parked p join events.event e on e.id = p.event
     where p.set_aside_at is not null and e.community = $1 order by p.set_aside_at desc, p.event desc limit $2`,
    [community, max],
  );

/** Puts something that was set aside back for another round of tries. False when it is not there. */
export const takeUpAgain = async (
  tx: Tx,
  of: { readonly community: string; readonly rule: string; readonly event: string },
  now: number,
): Promise<boolean> =>
  (await tx.run(
    `update events.parked p set set_aside_at = null, attempts = 0, next_at = to_timestamp($4::float8 / 1000)
     from events.event e
     where e.id = p.event and e.community = $1 and p.rule = $2 and p.event = $3 and p.set_aside_at is not null`,
    [of.community, of.rule, of.event, now],
  )) === 1;

export interface Backlog {
  /** When the oldest event that the runner has not dealt with was stored; undefined when there is none. */
  readonly oldest: Date | undefined;
  /** Rules on events that wait for another try, and those that were given up. */
  readonly waiting: number;
  readonly setAside: number;
}

/** How far behind a reader is. */
export async function backlog(tx: Tx, reader: string): Promise<Backlog> {
  const row = await tx.one<{ oldest: Date | null; waiting: number; aside: number }>(
    `select (select e.at from events.event e
             where (e.txid, e.id) > (coalesce(c.txid, '0'::xid8), coalesce(c.id, 0))
             order by e.txid, e.id limit 1) as oldest,
       (select count(*)::integer from events.parked where set_aside_at is null) as waiting,
       (select count(*)::integer from events.parked where set_aside_at is not null) as aside
     from (select 1) one left join events.cursor c on c.reader = $1`,
    [reader],
  );
  return { oldest: row.oldest ?? undefined, waiting: row.waiting, setAside: row.aside };
}
