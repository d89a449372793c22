// SQL on alarms that the fire procedure asks: the FIRE alarms of one incident, counted, judged, and what was done to them.
// An incident's id may be the id of one alarm, which could not be grouped.
import type { Tx } from '../db/tx.ts';
import type { VERDICTS } from './contract.ts';
import type { AlarmRow } from './row.ts';
import { fromDb, type DbRow, type Stored } from './store.ts';

const OF = `community = $1 and class = 'FIRE' and (incident = $2 or id = $2::uuid)`;
const UNACKED = `('unacked-active', 'unacked-cleared', 'latched-unacked')`;

export interface FireAlarms {
  readonly all: number;
  readonly open: number;
  readonly unacked: number;
  /** The first acknowledgement that still stands. */
  readonly acked: { readonly at: string; readonly name: string } | undefined;
  /** When the last one closed; undefined while one is open. */
  readonly overAt: string | undefined;
}

export async function fireAlarms(tx: Tx, community: string, incident: string): Promise<FireAlarms> {
  const r = await tx.one<{
    total: number;
    open: number;
    unacked: number;
    over: Date | null;
    acked: { at: string; name: string } | null;
  }>(
    `select count(*)::integer as total, count(*) filter (where state <> 'normal')::integer as open,
       count(*) filter (where state in ${UNACKED})::integer as unacked, max(closed_at) as over,
       (array_agg(acked order by acked ->> 'at') filter (where acked is not null))[1] as acked
     from alarms.alarm where ${OF}`,
    [community, incident],
  );
  return {
    all: r.total,
    open: r.open,
    unacked: r.unacked,
    acked: r.acked === null ? undefined : { at: r.acked.at, name: r.acked.name },
    overAt: r.open > 0 || r.over === null ? undefined : r.over.toISOString(),
  };
}

/** The FIRE alarm that an incident began with. */
export async function firstFire(tx: Tx, community: string, incident: string): Promise<AlarmRow | undefined> {
  const row = await tx.maybe<DbRow>(
    `select *, null as work_order from alarms.alarm where ${OF} order by received_at, raised_at, id limit 1`,
    [community, incident],
  );
  return row && fromDb(row).row;
}

export interface Judged {
  readonly id: string;
  readonly open: boolean;
  readonly verdict: (typeof VERDICTS)[number] | null;
}

/** The FIRE alarms of an incident with their verdicts, in one order. */
export async function fireVerdicts(tx: Tx, community: string, incident: string, limit: number): Promise<Judged[]> {
  return tx.query<Judged>(
    `select id, state <> 'normal' as open, verdict ->> 'verdict' as verdict from alarms.alarm
     where ${OF} order by id limit $3`,
    [community, incident, limit],
  );
}

/** Reports of people in an incident that nothing has ended yet, locked in one order. */
export async function lockReports(tx: Tx, community: string, incident: string, kind: string): Promise<Stored[]> {
  const rows = await tx.query<DbRow>(
    `select a.*, null as work_order from alarms.alarm a
     where a.community = $1 and a.class = 'FIRE' and (a.incident = $2 or a.id = $2::uuid) and a.device_kind = $3
       and a.active and a.state <> 'normal' order by a.id for update of a`,
    [community, incident, kind],
  );
  return rows.map(fromDb);
}

/** Incidents of a community with an open FIRE alarm in this building. */
export async function openFireIncidents(tx: Tx, community: string, building: string): Promise<string[]> {
  const rows = await tx.query<{ incident: string }>(
    `select distinct incident from alarms.alarm
     where community = $1 and class = 'FIRE' and state <> 'normal' and building = $2 and incident is not null`,
    [community, building],
  );
  return rows.map((r) => r.incident);
}

/** What happened to the alarms of an incident, of whatever class, in order. */
export interface IncidentAct {
  readonly at: string;
  readonly act: string;
  readonly alarm: string;
  readonly class: string;
  readonly text: { readonly zh: string; readonly en: string };
  readonly what: { readonly zh: string; readonly en: string };
  readonly floor: number | null;
  readonly place: string | null;
  readonly name: string | null;
  readonly note: string | null;
}

export async function actsOfIncident(
  tx: Tx,
  community: string,
  incident: string,
  limit: number,
): Promise<IncidentAct[]> {
  const rows = await tx.query<Omit<IncidentAct, 'at'> & { at: Date }>(
    `select t.at, t.act, t.alarm, a.class, a.text, a.point_name as what, a.floor, a.place, t.actor_name as name, t.note
     from alarms.act t join alarms.alarm a on a.id = t.alarm
     where a.community = $1 and (a.incident = $2 or a.id = $2::uuid) order by t.at, t.id limit $3`,
    [community, incident, limit],
  );
  return rows.map((r) => ({ ...r, at: r.at.toISOString() }));
}
