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
