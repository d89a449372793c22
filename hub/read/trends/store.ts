// SQL of trends: points by words, points by name, the alarms of devices in a stretch of time.
import type { Tx } from '../../db/tx.ts';
import type { TrendAlarm, TrendPoint } from './contract.ts';

interface Row {
  readonly device: string;
  readonly device_name: TrendPoint['deviceName'];
  readonly kind: string;
  readonly point: string;
  readonly point_name: TrendPoint['pointName'];
  readonly unit: string;
  readonly type: string;
  readonly enum: NonNullable<TrendPoint['enum']> | null;
  readonly band: [number, number] | null;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
}

const SELECT = `select d.id as device, d.name as device_name, d.kind, p.id as point, p.name as point_name, p.unit, p.type,
    p.enum, p.band, coalesce(p.building, d.building) as building, coalesce(p.floor, d.floor) as floor,
    coalesce(p.place, d.place) as place
  from equipment.point p join equipment.device d on d.id = p.device`;

const pointOf = (r: Row): TrendPoint => ({
  device: r.device,
  deviceName: r.device_name,
  kind: r.kind,
  point: r.point,
  pointName: r.point_name,
  unit: r.unit,
  type: r.type,
  ...(r.enum === null ? {} : { enum: r.enum }),
  ...(r.band === null ? {} : { band: r.band }),
  ...(r.building === null ? {} : { building: r.building }),
  ...(r.floor === null ? {} : { floor: r.floor }),
  ...(r.place === null ? {} : { place: r.place }),
});

export interface Search {
  readonly words: readonly string[];
  readonly device: string | null;
  readonly kind: string | null;
}

/** What a pattern of LIKE would read as a sign. */
const literally = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`;

/**
 * Points in force that can be drawn (texts can't), quantities before states: those of which device or point contains every
 * word.
 */
export async function searchPoints(tx: Tx, community: string, of: Search, limit: number): Promise<TrendPoint[]> {
  const rows = await tx.query<Row>(
    `${SELECT} where d.community = $1 and d.removed_at is null and p.removed_at is null and p.type <> 'string'
       and ($2::text is null or d.id = $2) and ($3::text is null or d.kind = $3)
       and concat_ws(' ', d.id, d.name->>'zh', d.name->>'en', p.id, p.name->>'zh', p.name->>'en', p.place)
         ilike all ($4::text[])
     order by (p.unit = ''), d.id, p.num limit $5`,
    [community, of.device, of.kind, of.words.map(literally), limit],
  );
  return rows.map(pointOf);
}

/** Points by device and point, also those that are no longer there: their history is. */
export async function pointsByName(
  tx: Tx,
  community: string,
  wanted: readonly { readonly device: string; readonly point: string }[],
): Promise<TrendPoint[]> {
  const rows = await tx.query<Row>(
    `${SELECT} join unnest($2::text[], $3::text[]) as u (device, point) on u.device = d.id and u.point = p.id
     where d.community = $1`,
    [community, wanted.map((w) => w.device), wanted.map((w) => w.point)],
  );
  return rows.map(pointOf);
}

/** Alarms of these devices that stood at some time in [from, to), oldest first. Times in ms. */
export async function alarmsWithin(
  tx: Tx,
  community: string,
  devices: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
  limit: number,
): Promise<TrendAlarm[]> {
  const rows = await tx.query<{
    readonly id: string;
    readonly class: TrendAlarm['class'];
    readonly device: string;
    readonly point: string;
    readonly text: TrendAlarm['text'];
    readonly raised_at: Date;
    readonly ended: Date | null;
    readonly incident: string | null;
  }>(
    `select a.id, a.class, a.device, a.point, a.text, a.raised_at, coalesce(a.cleared_at, a.closed_at) as ended, a.incident
     from alarms.alarm a where a.community = $1 and a.device = any ($2::text[])
       and a.raised_at < to_timestamp($4::float8 / 1000)
       and (coalesce(a.cleared_at, a.closed_at) is null
         or coalesce(a.cleared_at, a.closed_at) >= to_timestamp($3::float8 / 1000))
     order by a.raised_at, a.id limit $5`,
    [community, devices, from, to, limit],
  );
  return rows.map((r) => ({
    id: r.id,
    class: r.class,
    device: r.device,
    point: r.point,
    text: r.text,
    raisedAt: r.raised_at.toISOString(),
    ...(r.ended === null ? {} : { endedAt: r.ended.toISOString() }),
    ...(r.incident === null ? {} : { incident: r.incident }),
  }));
}
