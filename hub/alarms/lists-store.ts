// SQL of lists: open alarms as the control room ranks them, all alarms newest first, alarms by incident.
import type { Tx } from '../db/tx.ts';
import type { AlarmRow } from './row.ts';
import { fromDb, type DbRow, type Stored } from './store.ts';

export interface AlarmFilter {
  readonly community: string;
  readonly device: string | null;
  readonly point: string | null;
  readonly class: string | null;
  readonly incident: string | null;
}
/** With the key that the next page begins after. */
export type Listed = Stored & { readonly key: (string | number)[] };

const FILTER = `a.community = $1 and ($2::text is null or a.device = $2) and ($3::text is null or a.point = $3)
  and ($4::text is null or a.class = $4) and ($5::text is null or a.incident = $5)`;
const filterParams = (f: AlarmFilter): unknown[] => [f.community, f.device, f.point, f.class, f.incident];
const UNACKED_FIRST = `case when a.state in ('unacked-active', 'unacked-cleared', 'latched-unacked') then 0 else 1 end`;
/**
 * Order is by the hub's own time of receipt: a device's clock that is years off must not hide its alarm at the wrong end.
 * What came in the same transaction (a backlog) stands by the devices' times.
 */
const ms = (column: string): string => `(extract(epoch from a.${column}) * 1000)::float8`;
const RECEIVED = ms('received_at');
const RAISED = ms('raised_at');

export async function listOpen(
  tx: Tx,
  f: AlarmFilter,
  after: readonly (string | number)[] | null,
  limit: number,
): Promise<Listed[]> {
  const sign = `case when a.class = 'FIRE' then 1 else -1 end`;
  const key = `a.rank, ${UNACKED_FIRST}, ${sign} * ${RECEIVED}, ${sign} * ${RAISED}, a.id`;
  const rows = await tx.query<DbRow & { k_ack: number; k_received: number; k_raised: number }>(
    `select a.*, o.work_order, ${UNACKED_FIRST} as k_ack, ${sign} * ${RECEIVED} as k_received,
       ${sign} * ${RAISED} as k_raised
     from alarms.alarm a left join alarms.alarm_order o on o.alarm = a.id
     where ${FILTER} and a.state <> 'normal'
       and ($6::int is null or (${key}) > ($6, $7::int, $8::float8, $9::float8, $10::uuid))
     order by ${key} limit $11`,
    [...filterParams(f), ...(after ?? [null, null, null, null, null]), limit],
  );
  return rows.map(({ k_ack, k_received, k_raised, ...r }) => ({
    ...fromDb(r),
    key: [r.rank, k_ack, k_received, k_raised, r.id],
  }));
}

export async function listAll(
  tx: Tx,
  f: AlarmFilter,
  after: readonly (string | number)[] | null,
  limit: number,
): Promise<Listed[]> {
  const rows = await tx.query<DbRow & { k_received: number; k_raised: number }>(
    `select a.*, o.work_order, ${RECEIVED} as k_received, ${RAISED} as k_raised
     from alarms.alarm a left join alarms.alarm_order o on o.alarm = a.id
     where ${FILTER} and ($6::float8 is null or (${RECEIVED}, ${RAISED}, a.id) < ($6, $7::float8, $8::uuid))
     order by a.received_at desc, a.raised_at desc, a.id desc limit $9`,
    [...filterParams(f), ...(after ?? [null, null, null]), limit],
  );
  return rows.map(({ k_received, k_raised, ...r }) => ({ ...fromDb(r), key: [k_received, k_raised, r.id] }));
}

export interface IncidentCount {
  readonly incident: string;
  readonly class: AlarmRow['class'];
  readonly state: AlarmRow['state'];
  readonly count: number;
}

/** Alarms of incidents counted by class and state; null asks for the incidents that have an open one, newest first. */
export async function countByIncident(
  tx: Tx,
  community: string,
  incidents: readonly string[] | null,
  limit: number,
): Promise<IncidentCount[]> {
  const rows = await tx.query<Omit<IncidentCount, 'count'> & { count: string }>(
    `with wanted as (
       select unnest($2::text[]) as incident where $2::text[] is not null
       union all
       (select incident from alarms.alarm
        where $2::text[] is null and community = $1 and state <> 'normal' and incident is not null
        group by incident order by max(seq) desc limit $3)
     )
     select a.incident, a.class, a.state, count(*) as count
     from alarms.alarm a join wanted w on w.incident = a.incident
     where a.community = $1 group by a.incident, a.class, a.state`,
    [community, incidents, limit],
  );
  return rows.map((r) => ({ ...r, count: Number(r.count) }));
}

export async function firstOfIncidents(
  tx: Tx,
  community: string,
  incidents: readonly string[],
): Promise<Map<string, Stored>> {
  const rows = await tx.query<DbRow>(
    `select distinct on (a.incident) a.*, o.work_order
     from alarms.alarm a left join alarms.alarm_order o on o.alarm = a.id
     where a.community = $1 and a.incident = any ($2::text[])
     order by a.incident, a.received_at, a.raised_at, a.id`,
    [community, incidents],
  );
  return new Map(rows.flatMap((r) => (r.incident === null ? [] : [[r.incident, fromDb(r)]])));
}

/** Unacknowledged alarms of a class in one building (null: in none), and the one that has waited longest. */
export interface Unattended {
  readonly count: number;
  readonly first: AlarmRow;
}

export async function unattendedIn(
  tx: Tx,
  of: { readonly community: string; readonly class: string; readonly building: string | null },
): Promise<Unattended | undefined> {
  const row = await tx.maybe<DbRow & { count: number }>(
    `select a.*, null as work_order, count(*) over ()::integer as count from alarms.alarm a
     where a.community = $1 and a.class = $2 and a.building is not distinct from $3
       and a.state in ('unacked-active', 'unacked-cleared', 'latched-unacked')
     order by a.received_at, a.raised_at, a.id limit 1`,
    [of.community, of.class, of.building],
  );
  if (!row) return undefined;
  const { count, ...first } = row;
  return { count, first: fromDb(first).row };
}
