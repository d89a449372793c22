// SQL of a replay: the alarms of an incident as they changed, and the rescues that came of them.
import type { Tx } from '../../db/tx.ts';
import type { ReplayAlarm } from './contract.ts';
import { REPLAY_LIMITS } from './limits.ts';

interface Row {
  readonly id: string;
  readonly class: ReplayAlarm['class'];
  readonly device: string;
  readonly device_name: ReplayAlarm['deviceName'];
  readonly device_kind: string;
  readonly point: string;
  readonly point_name: ReplayAlarm['pointName'];
  readonly text: ReplayAlarm['text'];
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly raised_at: Date;
  readonly open: boolean;
  readonly mode: 'drill' | 'maintenance' | null;
  readonly changes: { readonly at: string; readonly state: ReplayAlarm['changes'][number]['state'] }[];
}

export interface IncidentAlarms {
  readonly alarms: readonly ReplayAlarm[];
  readonly open: boolean;
  readonly mode: 'drill' | 'maintenance' | null;
  readonly more: boolean;
}

/** An incident's id may be that of one alarm, which could not be grouped. */
export async function alarmsOf(tx: Tx, community: string, incident: string): Promise<IncidentAlarms> {
  const rows = await tx.query<Row>(
    `select a.id, a.class, a.device, a.device_name, a.device_kind, a.point, a.point_name, a.text, a.building, a.floor,
       a.place, a.raised_at, a.state <> 'normal' as open, a.raised_mode as mode,
       (select coalesce(jsonb_agg(jsonb_build_object('at', t.at, 'state', t.state) order by t.at, t.id), '[]')
        from (select * from alarms.act t where t.alarm = a.id order by t.at, t.id limit $4) as t) as changes
     from alarms.alarm a where a.community = $1 and (a.incident = $2 or a.id = $2::uuid)
     order by a.raised_at, a.id limit $3`,
    [community, incident, REPLAY_LIMITS.alarmsMax + 1, REPLAY_LIMITS.actsMax],
  );
  const shown = rows.slice(0, REPLAY_LIMITS.alarmsMax);
  return {
    alarms: shown.map((r) => ({
      id: r.id,
      class: r.class,
      device: r.device,
      deviceName: r.device_name,
      deviceKind: r.device_kind,
      point: r.point,
      pointName: r.point_name,
      text: r.text,
      ...(r.building === null ? {} : { building: r.building }),
      ...(r.floor === null ? {} : { floor: r.floor }),
      ...(r.place === null ? {} : { place: r.place }),
      changes: r.changes.map(({ at, state }) => ({ at: new Date(at).toISOString(), state })),
    })),
    open: rows.some((r) => r.open),
    mode: rows[0]?.mode ?? null,
    more: rows.length > shown.length,
  };
}

export interface RescueOf {
  readonly order: string;
  readonly over: boolean;
}

/** Rescues that came of these alarms. */
export const rescuesOf = (tx: Tx, community: string, alarms: readonly string[]): Promise<RescueOf[]> =>
  tx.query<RescueOf>(
    `select distinct o.id as order, o.state in ('closed', 'cancelled') as over
     from work_orders.alarm w join work_orders.work_order o on o.id = w.work_order
     where o.community = $1 and o.kind = 'rescue' and w.alarm = any ($2::text[])`,
    [community, alarms],
  );
