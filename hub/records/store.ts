// The SQL of the records: search, count, and what may go. Rows are written by triggers of the database alone
// (migration 0119), in the transaction of what they tell.
import type { Tx } from '../db/tx.ts';
import type { Log } from './contract.ts';

interface Words {
  readonly zh: string;
  readonly en: string;
}
export interface EntryRow {
  readonly id: string;
  readonly log: Log;
  readonly at: Date;
  readonly code: string;
  readonly class: string | null;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly device: string | null;
  readonly device_name: Words | null;
  readonly person: string | null;
  readonly person_name: string | null;
  readonly title: Words | null;
  readonly note: string;
}

export interface Search {
  readonly community: string;
  readonly log: Log;
  /** ms wall */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly building: string | undefined;
  readonly device: string | undefined;
  readonly class: string | undefined;
  readonly person: string | undefined;
  readonly text: string | undefined;
  /** Codes whose words hold the text. */
  readonly codes: readonly string[];
  /** Owners stay unnamed, and are not found by their names. */
  readonly hideOwners?: boolean | undefined;
  /** Newest entry that is looked at: what comes while somebody turns pages does not move them. */
  readonly top?: string | undefined;
}

const CURSOR = /^(\d{1,17})~(\d{1,18})$/;
const likeOf = (text: string): string => `%${text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`;

/** Newest first. @returns undefined when the cursor is not one of ours */
export async function searchEntries(
  tx: Tx,
  s: Search,
  cursor: string | undefined,
  limit: number,
): Promise<{ rows: EntryRow[]; next: string | null } | undefined> {
  const after = cursor === undefined ? null : CURSOR.exec(cursor);
  if (cursor !== undefined && after === null) return undefined;
  const rows = await tx.query<EntryRow & { readonly micros: string }>(
    `select e.id, log, at, code, class, building, floor, place, device, device_name,
       case when o.id is null then person end as person, case when o.id is null then person_name end as person_name,
       title, case when n.id is null then note else '' end as note, (extract(epoch from at) * 1000000)::bigint as micros
     from records.entry e left join staff.person o on $15::boolean and o.id = e.person and o.role = 'owner'
       -- Notes of audited acts name what was acted on by its id: that may be an owner.
       left join staff.person n on $15::boolean and source = 'audit' and n.id = split_part(note, ' ', 2) and n.role = 'owner'
     where e.community = $1 and log = $2 and (o.id is null or $8::text is null)
       and ($3::float8 is null or at >= to_timestamp($3::float8 / 1000))
       and ($4::float8 is null or at < to_timestamp($4::float8 / 1000))
       and ($5::text is null or building = $5) and ($6::text is null or device = $6)
       and ($7::text is null or class = $7)
       and ($8::text is null or person = $8 or person_name = $8)
       and ($9::text is null or code = any ($10::text[]) or case when o.id is null and n.id is null then search
         else records.search_of(title, device_name, place, case when o.id is null then person_name end,
           case when n.id is null then note else '' end) end like $9)
       and ($11::bigint is null or e.id <= $11)
       and ($12::float8 is null or (at, e.id) < (to_timestamp($12::float8 / 1000000), $13::bigint))
     order by at desc, e.id desc limit $14`,
    [
      s.community,
      s.log,
      s.from ?? null,
      s.to ?? null,
      s.building ?? null,
      s.device ?? null,
      s.class ?? null,
      s.person ?? null,
      s.text === undefined ? null : likeOf(s.text),
      s.codes,
      s.top ?? null,
      after?.[1] ?? null,
      after?.[2] ?? null,
      limit + 1,
      s.hideOwners ?? false,
    ],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? `${last.micros}~${last.id}` : null };
}

/** The newest entry there is. */
export async function topEntry(tx: Tx): Promise<string> {
  const { top } = await tx.one<{ top: string }>('select coalesce(max(id), 0) as top from records.entry');
  return top;
}

export interface LogCount {
  readonly log: Log;
  readonly entries: number;
  readonly unsaved: number;
  readonly oldest: Date | null;
  readonly newest: Date | null;
}

export const countLogs = (tx: Tx, community: string): Promise<LogCount[]> =>
  tx.query<LogCount>(
    `with saved as (select max(b.through) as through, max(b.seen_before) filter (where b.through is null) as xmin
       from records.backup b)
     select e.log, count(*)::integer as entries, min(e.at) as oldest, max(e.at) as newest,
       count(*) filter (where not (coalesce(e.id <= s.through, false) or coalesce(e.txid < s.xmin, false)))::integer
         as unsaved
     from records.entry e cross join saved s where e.community = $1 group by e.log`,
    [community],
  );

export async function lastBackup(tx: Tx): Promise<Date | null> {
  const { at } = await tx.one<{ at: Date | null }>('select max(made_at) as at from records.backup');
  return at;
}

/**
 * Rows of the sources that are in no log and were not given up after a backup. Row by row: as many too many of one kind
 * must not hide one that is missing.
 */
export async function missingRows(tx: Tx, community: string): Promise<number> {
  const { missing } = await tx.one<{ missing: string }>(
    `with told as (
       select source, source_id from records.of_alarm where community = $1
       union all select source, source_id from records.of_audit where community = $1
       union all select source, source_id from records.of_order where community = $1
       union all select source, source_id from records.of_check where community = $1
       union all select source, source_id from records.of_duty where community = $1),
     absent as (select t.source, count(*) as n from told t
       where not exists (select 1 from records.entry e where e.source = t.source and e.source_id = t.source_id)
       group by t.source),
     gone as (select source, sum(entries) as n from records.dropped where community = $1 group by source)
     select coalesce(sum(greatest(a.n - coalesce(g.n, 0), 0)), 0) as missing
     from absent a left join gone g using (source)`,
    [community],
  );
  return Number(missing);
}

/** Entries of a log beyond its limit, and how many of them no backup holds. */
export async function surplus(
  tx: Tx,
  community: string,
  log: Log,
  keep: number,
): Promise<{ readonly entries: number; readonly unsaved: number }> {
  return tx.one(
    `select count(*)::integer as entries,
       count(*) filter (where not records.backed_up(o.id, o.txid))::integer as unsaved
     from (select id, txid from records.entry where community = $1 and log = $2
           order by at desc, id desc offset $3) o`,
    [community, log, keep],
  );
}

/** Gives up the oldest entries beyond the limit that a backup holds. Answers how many. */
export async function dropSaved(tx: Tx, community: string, log: Log, keep: number, max: number): Promise<number> {
  const { gone } = await tx.one<{ gone: number }>(
    `with old as (
       select id from (select id, txid, at from records.entry where community = $1 and log = $2
         order by at desc, id desc offset $3) o
       where records.backed_up(o.id, o.txid) order by o.at, o.id limit $4),
     gone as (delete from records.entry e using old where e.id = old.id returning e.source, e.at),
     noted as (
       insert into records.dropped as d (community, log, source, entries, last_at)
       select $1, $2, source, count(*), max(at) from gone group by source
       on conflict (community, log, source)
         do update set entries = d.entries + excluded.entries, last_at = greatest(d.last_at, excluded.last_at))
     select count(*)::integer as gone from gone`,
    [community, log, keep, max],
  );
  return gone;
}

const COLUMNS = `community, log, at, source, source_id, code, class, building, floor, place, device, device_name,
  person, person_name, title, note`;
/** Sources by name: a view each (migration 0119). */
const SOURCES = ['alarm', 'event', 'audit', 'order', 'check', 'duty'] as const;

/** Makes up for rows that a trigger could not take over. Answers how many entries came. */
export async function mendMissed(tx: Tx, now: number, max: number): Promise<number> {
  let mended = 0;
  for (const source of SOURCES) {
    const { n } = await tx.one<{ n: number }>(
      `with open as (select id, source_ids from records.missed
         where source = $1 and mended_at is null order by id limit $2),
       ids as (select unnest(source_ids) as id from open),
       taken as (
         insert into records.entry (${COLUMNS}, search)
         select ${COLUMNS}, records.search_of(title, device_name, place, person_name, note)
         from records.of_${source} v where v.source_id in (select id from ids)
         on conflict (source, source_id) do nothing returning 1),
       done as (update records.missed m set mended_at = to_timestamp($3::float8 / 1000) from open where m.id = open.id)
       select count(*)::integer as n from taken`,
      [source, max, now],
    );
    mended += n;
  }
  return mended;
}

/** How many sets of rows still wait to be made up for. */
export async function openMissed(tx: Tx): Promise<number> {
  const { n } = await tx.one<{ n: number }>(
    'select count(*)::integer as n from records.missed where mended_at is null',
  );
  return n;
}
