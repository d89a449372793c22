// Stored events: appending them in the command's own transaction, and reading them in an order that commits can't upset.
import type { Tx } from '../db/tx.ts';
import type { NewEvent, StoredEvent } from './api.ts';

/** Channel of `pg_notify` that wakes readers after a commit that brought events. */
export const EVENTS_CHANNEL = 'fengsui_events';

/** A place in the order of events: all up to and including it have been read. xid8 and bigint as decimal text. */
export interface Position {
  readonly txid: string;
  readonly id: string;
}

/** An event with its place in the order and its community and subject. */
export type PlacedEvent = StoredEvent & { readonly txid: string };

/**
 * Appends events in the caller's transaction, in the order given, by one statement whatever their number.
 * Wakes the readers when (and only if) the transaction commits.
 * @param now wall clock, ms since 1970 UTC
 */
export async function appendEvents(tx: Tx, events: readonly NewEvent[], now: number): Promise<void> {
  if (events.length === 0) return;
  await tx.run(
    `with given as (
       insert into events.event (type, community, subject, payload, at)
       select g.type, g.community, g.subject, g.payload::jsonb, to_timestamp($5::float8 / 1000)
       from unnest($1::text[], $2::text[], $3::text[], $4::text[])
         with ordinality as g (type, community, subject, payload, n)
       order by g.n
       returning 1
     )
     select pg_notify('${EVENTS_CHANNEL}', '') from (select count(*) from given) as all_given`,
    [
      events.map((e) => e.type),
      events.map((e) => e.community),
      events.map((e) => e.subject),
      events.map((e) => JSON.stringify(e.payload)),
      now,
    ],
  );
}

const START: Position = { txid: '0', id: '0' };

/** How far a reader has come; the beginning for a reader never seen before. */
export async function readPosition(tx: Tx, reader: string): Promise<Position> {
  const row = await tx.maybe<{ txid: string; id: string }>(`select txid, id from events.cursor where reader = $1`, [
    reader,
  ]);
  return row ?? START;
}

/** Moves a reader forward; never back, so that two hubs which read the same can't undo each other's progress. */
export async function savePosition(tx: Tx, reader: string, to: Position): Promise<void> {
  await tx.run(
    `insert into events.cursor (reader, txid, id) values ($1, $2::xid8, $3)
     on conflict (reader) do update set txid = excluded.txid, id = excluded.id
     where (cursor.txid, cursor.id) < (excluded.txid, excluded.id)`,
    [reader, to.txid, to.id],
  );
}

interface EventRow {
  readonly id: string;
  readonly txid: string;
  readonly type: NewEvent['type'];
  readonly community: string;
  readonly subject: string;
  readonly payload: never;
  readonly at: Date;
}

// Type and payload were written together; the compiler gives up comparing them beyond 25 types.
const eventOf = (row: EventRow): PlacedEvent => ({ ...row, at: row.at.getTime() }) as PlacedEvent;

/**
 * Where reading must end: the oldest transaction that this statement's snapshot holds for unfinished, and that may still
 * bring events. Transactions are numbered for the whole server; those seen at work in other databases bring none, or a
 * night's work of a neighbour on the user's own server would hold back every order and every page. One that can't be
 * seen any more has ended since the snapshot and counts as ours.
 */
const READABLE_BELOW = `coalesce(
  (select x from pg_snapshot_xip(pg_current_snapshot()) as x
   where not exists (
     select 1 from pg_stat_get_activity(null) a
     where a.backend_xid = x::xid and a.datid <> (select oid from pg_database where datname = current_database()))
   order by x limit 1),
  pg_snapshot_xmax(pg_current_snapshot()))`;

export interface EventsAhead {
  readonly events: readonly PlacedEvent[];
  /** True while events are stored that can't be read yet, because an older transaction is still running. */
  readonly hidden: boolean;
}

/** Events after `from`, in order, at most `max`. */
export async function eventsAfter(tx: Tx, from: Position, max: number): Promise<EventsAhead> {
  const rows = await tx.query<EventRow>(
    `select id, txid, type, community, subject, payload, at from events.event
     where (txid, id) > ($1::xid8, $2::bigint) and txid < ${READABLE_BELOW}
     order by txid, id limit $3`,
    [from.txid, from.id, max],
  );
  if (rows.length > 0) return { events: rows.map(eventOf), hidden: false };
  const { hidden } = await tx.one<{ hidden: boolean }>(
    `select exists (select 1 from events.event where (txid, id) > ($1::xid8, $2::bigint)) as hidden`,
    [from.txid, from.id],
  );
  return { events: [], hidden };
}

/** The end of what can be read now: where a reader starts that cares only for what is still to come. */
export async function latestPosition(tx: Tx): Promise<Position> {
  const row = await tx.maybe<{ txid: string; id: string }>(
    `select txid, id from events.event where txid < ${READABLE_BELOW}
     order by txid desc, id desc limit 1`,
  );
  return row ?? START;
}

export const eventById = async (tx: Tx, id: string): Promise<PlacedEvent | undefined> => {
  const row = await tx.maybe<EventRow>(
    `select id, txid, type, community, subject, payload, at from events.event where id = $1`,
    [id],
  );
  return row && eventOf(row);
};

/**
 * Makes the order of events fit this server after a logical restore: transaction ids of another server may lie in this
 * one's future, where nothing would ever be read. All events move to transaction 0, in their order by id; unread ones
 * stay unread. Answers whether there was anything to do. Call it before readers start.
 */
export async function rebaseAfterRestore(tx: Tx): Promise<boolean> {
  const { foreign } = await tx.one<{ foreign: boolean }>(
    `select exists (select 1 from events.event where txid >= pg_snapshot_xmax(pg_current_snapshot()))
         or exists (select 1 from events.cursor where txid >= pg_snapshot_xmax(pg_current_snapshot())) as foreign`,
  );
  if (!foreign) return false;
  await tx.run(`lock table events.event, events.cursor in exclusive mode`);
  // What a cursor has passed but has a higher id than something it has not, is read again: `done` knows it.
  await tx.run(
    `update events.cursor c set txid = '0', id = coalesce(
       (select min(e.id) - 1 from events.event e where (e.txid, e.id) > (c.txid, c.id)),
       (select max(e.id) from events.event e), 0)`,
  );
  await tx.run(`update events.event set txid = '0'`);
  await tx.run(`update events.parked set txid = '0'`);
  return true;
}
