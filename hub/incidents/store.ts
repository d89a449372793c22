// SQL of the schema `incidents`.
import type { Tx } from '../db/tx.ts';
import type { Family, Incident } from './grouping.ts';

interface Row {
  id: string;
  community: string;
  family: Family;
  building: string | null;
  floor_low: number | null;
  floor_high: number | null;
  device: string | null;
  first_alarm: string;
  first_at: Date;
  last_at: Date;
}

const fromRow = (r: Row): Incident => ({
  id: r.id,
  community: r.community,
  family: r.family,
  building: r.building,
  floorLow: r.floor_low,
  floorHigh: r.floor_high,
  device: r.device,
  firstAlarm: r.first_alarm,
  firstAt: r.first_at.getTime(),
  lastAt: r.last_at.getTime(),
});

/** Incidents of a community that may still grow: their last alarm is not older than `since` (ms). */
export async function recentIncidents(tx: Tx, community: string, since: number, limit: number): Promise<Incident[]> {
  const rows = await tx.query<Row>(
    `select * from incidents.incident where community = $1 and last_at >= to_timestamp($2::float8 / 1000)
     order by last_at desc limit $3`,
    [community, since, limit],
  );
  return rows.map(fromRow);
}

export async function saveIncidents(tx: Tx, incidents: readonly Incident[], ruleVersion: string): Promise<void> {
  await tx.run(
    `insert into incidents.incident as i
       (id, community, family, building, floor_low, floor_high, device, first_alarm, first_at, last_at, rule_version)
     select u.id, u.community, u.family, u.building, u.low, u.high, u.device, u.alarm,
       to_timestamp(u.first_at / 1000), to_timestamp(u.last_at / 1000), $11
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::text[], $8::uuid[],
       $9::float8[], $10::float8[]) as u (id, community, family, building, low, high, device, alarm, first_at, last_at)
     on conflict (id) do update set floor_low = excluded.floor_low, floor_high = excluded.floor_high,
       last_at = excluded.last_at`,
    [
      incidents.map((i) => i.id),
      incidents.map((i) => i.community),
      incidents.map((i) => i.family),
      incidents.map((i) => i.building),
      incidents.map((i) => i.floorLow),
      incidents.map((i) => i.floorHigh),
      incidents.map((i) => i.device),
      incidents.map((i) => i.firstAlarm),
      incidents.map((i) => i.firstAt),
      incidents.map((i) => i.lastAt),
      ruleVersion,
    ],
  );
}

export async function incidentsById(tx: Tx, community: string, ids: readonly string[]): Promise<Incident[]> {
  const rows = await tx.query<Row>(
    'select * from incidents.incident where community = $1 and id = any ($2::uuid[]) order by first_at, id',
    [community, ids],
  );
  return rows.map(fromRow);
}

export async function listIncidents(
  tx: Tx,
  community: string,
  before: { readonly at: number; readonly id: string } | null,
  limit: number,
): Promise<Incident[]> {
  const rows = await tx.query<Row>(
    `select * from incidents.incident where community = $1
       and ($2::float8 is null or (first_at, id) < (to_timestamp($2 / 1000), $3::uuid))
     order by first_at desc, id desc limit $4`,
    [community, before?.at ?? null, before?.id ?? null, limit],
  );
  return rows.map(fromRow);
}
