// SQL of the schema `alarms`. Whatever the number of alarms, a change is one statement.
import type { Tx } from '../db/tx.ts';
import type { Actor } from '../events/api.ts';
import type { AlarmActView } from './contract.ts';
import type { AlarmRow } from './row.ts';
import type { Mode } from './machine.ts';

/** Channel of `pg_notify`; its payload is the community whose alarms changed. */
export const ALARMS_CHANNEL = 'fengsui_alarms';

export interface DbRow extends Omit<
  AlarmRow,
  'raised_at' | 'received_at' | 'cleared_at' | 'closed_at' | 'reset_at' | 'seq' | 'n'
> {
  raised_at: Date;
  received_at: Date;
  cleared_at: Date | null;
  closed_at: Date | null;
  reset_at: Date | null;
  seq: string;
  n: string | null;
  work_order: string | null;
}

export interface Stored {
  readonly row: AlarmRow;
  readonly workOrder: string | null;
}

const ms = (d: Date | null): number | null => (d === null ? null : d.getTime());

export function fromDb({ work_order, ...r }: DbRow): Stored {
  return {
    row: {
      ...r,
      raised_at: r.raised_at.getTime(),
      received_at: r.received_at.getTime(),
      cleared_at: ms(r.cleared_at),
      closed_at: ms(r.closed_at),
      reset_at: ms(r.reset_at),
      seq: Number(r.seq),
      n: r.n === null ? null : Number(r.n),
    },
    workOrder: work_order,
  };
}

const iso = (t: number | null): string | null => (t === null ? null : new Date(t).toISOString());

function toDb(r: AlarmRow): object {
  return {
    ...r,
    raised_at: iso(r.raised_at),
    received_at: iso(r.received_at),
    cleared_at: iso(r.cleared_at),
    closed_at: iso(r.closed_at),
    reset_at: iso(r.reset_at),
  };
}

const SELECT = `select a.*, o.work_order from alarms.alarm a left join alarms.alarm_order o on o.alarm = a.id`;

export interface SignalKey {
  readonly device: string;
  readonly point: string;
  readonly signal: string;
}

/** Open alarms of these signals, and every open alarm that a RESET of these devices may release; locked, in one order. */
export async function lockOpen(tx: Tx, keys: readonly SignalKey[], resets: readonly string[]): Promise<AlarmRow[]> {
  if (keys.length === 0 && resets.length === 0) return [];
  const rows = await tx.query<DbRow>(
    `select a.*, null as work_order from alarms.alarm a
     where a.state <> 'normal' and a.id in (
       select b.id from unnest($1::text[], $2::text[], $3::text[]) as k (device, point, signal)
         join alarms.alarm b on b.device = k.device and b.point = k.point and b.signal = k.signal
           and b.state <> 'normal'
       union
       select c.id from alarms.alarm c
       where c.device = any ($4::text[]) and c.latch = 'panel' and c.state <> 'normal'
     ) order by a.id for update of a`,
    [keys.map((k) => k.device), keys.map((k) => k.point), keys.map((k) => k.signal), resets],
  );
  return rows.map((r) => fromDb(r).row);
}

/** One alarm of a community, locked. */
export async function lockAlarm(tx: Tx, community: string, id: string): Promise<Stored | undefined> {
  const row = await tx.maybe<DbRow>(`${SELECT} where a.id = $1 and a.community = $2 for update of a`, [id, community]);
  return row && fromDb(row);
}

export async function findAlarm(tx: Tx, community: string, id: string): Promise<Stored | undefined> {
  const row = await tx.maybe<DbRow>(`${SELECT} where a.id = $1 and a.community = $2`, [id, community]);
  return row && fromDb(row);
}

/** Alarms of these ids whatever their community, locked in one order. For the hub's own acts. */
export async function lockAlarms(tx: Tx, ids: readonly string[]): Promise<AlarmRow[]> {
  const rows = await tx.query<DbRow>(`${SELECT} where a.id = any ($1::uuid[]) order by a.id for update of a`, [ids]);
  return rows.map((r) => fromDb(r).row);
}

/** Alarms of a community among these ids, locked in one order. */
export async function lockAlarmsOf(tx: Tx, community: string, ids: readonly string[]): Promise<Stored[]> {
  const rows = await tx.query<DbRow>(
    `${SELECT} where a.community = $1 and a.id = any ($2::uuid[]) order by a.id for update of a`,
    [community, ids],
  );
  return rows.map(fromDb);
}

/** Open alarms that lie under a mode's scope, locked in one order. */
export async function lockCovered(tx: Tx, mode: ModeRow): Promise<AlarmRow[]> {
  const rows = await tx.query<DbRow>(
    `${SELECT} where a.community = $1 and a.state <> 'normal' and (
       (cardinality($4::text[]) > 0 and a.device = any ($4::text[]))
       or (cardinality($4::text[]) = 0 and ($2::text is null or a.building = $2) and ($3::int is null or a.floor = $3))
     ) order by a.id for update of a`,
    [mode.community, mode.building, mode.floor, mode.devices],
  );
  return rows.map((r) => fromDb(r).row);
}

/** Open alarms of a community, or of all. */
export async function openAlarms(tx: Tx, community?: string): Promise<Stored[]> {
  const rows = await tx.query<DbRow>(
    `${SELECT} where a.state <> 'normal' and ($1::text is null or a.community = $1) order by a.seq`,
    [community ?? null],
  );
  return rows.map(fromDb);
}

/** Alarms of a community that changed after `seq`, in order of their last change. */
export async function changedSince(tx: Tx, community: string, seq: number, limit: number): Promise<Stored[]> {
  const rows = await tx.query<DbRow>(`${SELECT} where a.community = $1 and a.seq > $2 order by a.seq limit $3`, [
    community,
    seq,
    limit,
  ]);
  return rows.map(fromDb);
}

/** Takes `count` change numbers of a community; answers the first. Holds the community's order until commit. */
export async function takeSeqs(tx: Tx, counts: ReadonlyMap<string, number>): Promise<Map<string, number>> {
  const entries = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = await tx.query<{ community: string; seq: string }>(
    `insert into alarms.sequence as s (community, seq)
     select u.community, u.count from unnest($1::text[], $2::bigint[]) with ordinality as u (community, count, n)
     order by u.n
     on conflict (community) do update set seq = s.seq + excluded.seq
     returning s.community, s.seq`,
    [entries.map(([c]) => c), entries.map(([, n]) => n)],
  );
  return new Map(rows.map((r) => [r.community, Number(r.seq) - (counts.get(r.community) ?? 0) + 1]));
}

export async function lastSeqs(tx: Tx): Promise<Map<string, number>> {
  const rows = await tx.query<{ community: string; seq: string }>('select community, seq from alarms.sequence');
  return new Map(rows.map((r) => [r.community, Number(r.seq)]));
}

export async function insertAlarms(tx: Tx, rows: readonly AlarmRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.run(`insert into alarms.alarm select * from jsonb_populate_recordset(null::alarms.alarm, $1::jsonb)`, [
    JSON.stringify(rows.map(toDb)),
  ]);
}

/** Writes what may change in the life of an alarm. */
export async function updateAlarms(tx: Tx, rows: readonly AlarmRow[]): Promise<void> {
  if (rows.length === 0) return;
  const columns = `state, condition, active, latched, reset_at, raised_at, cleared_at, closed_at, recurrences, mode,
    raised_mode, proved, incident, acked, verdict, shelved, closed, n, seq`;
  await tx.run(
    `update alarms.alarm a set (${columns}) = row (${columns
      .split(',')
      .map((c) => `u.${c.trim()}`)
      .join(', ')})
     from jsonb_populate_recordset(null::alarms.alarm, $1::jsonb) as u where a.id = u.id`,
    [JSON.stringify(rows.map(toDb))],
  );
}

export interface NewAct {
  readonly alarm: string;
  readonly act: string;
  readonly state: string;
  readonly actor: Actor;
  readonly note: string | undefined;
  readonly at: number;
}

export async function insertActs(tx: Tx, acts: readonly NewAct[]): Promise<void> {
  if (acts.length === 0) return;
  await tx.run(
    `insert into alarms.act (alarm, act, state, actor_kind, actor, actor_name, note, at)
     select u.alarm, u.act, u.state, u.kind, u.actor, u.name, u.note, to_timestamp(u.at / 1000)
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[])
       with ordinality as u (alarm, act, state, kind, actor, name, note, at, n) order by u.n`,
    [
      acts.map((a) => a.alarm),
      acts.map((a) => a.act),
      acts.map((a) => a.state),
      acts.map((a) => a.actor.kind),
      acts.map((a) => a.actor.id),
      acts.map((a) => (a.actor.kind === 'user' ? a.actor.name : null)),
      acts.map((a) => a.note ?? null),
      acts.map((a) => a.at),
    ],
  );
}

/** Tells every listener that a community's alarms have changed, if the transaction commits. */
export async function notifyChanged(tx: Tx, communities: Iterable<string>): Promise<void> {
  await tx.query(`select pg_notify('${ALARMS_CHANNEL}', u.c) from unnest($1::text[]) as u (c)`, [[...communities]]);
}

export interface ModeRow {
  readonly id: string;
  readonly community: string;
  readonly mode: Mode;
  readonly building: string | null;
  readonly floor: number | null;
  readonly devices: readonly string[];
  readonly reason: string;
  readonly by_id: string;
  readonly by_name: string;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly ended_at: Date | null;
}

export async function insertMode(tx: Tx, m: Omit<ModeRow, 'ended_at'>): Promise<void> {
  await tx.run(
    `insert into alarms.mode (id, community, mode, building, floor, devices, reason, by_id, by_name, from_at, until_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [m.id, m.community, m.mode, m.building, m.floor, m.devices, m.reason, m.by_id, m.by_name, m.from_at, m.until_at],
  );
}

/** Seed of the lock between alarms that are being raised and modes that begin or end. */
const MODES_LOCK = 7365150;

/**
 * No mode of these communities begins or ends before this transaction does: who ends one could not see an alarm that is
 * just being born under it, and would leave it suppressed for ever. Many may hold it at once. Whoever takes this, or
 * `changeModes`, takes it before any row of an alarm: else the two would wait in a ring.
 */
export async function holdModes(tx: Tx, communities: readonly string[]): Promise<void> {
  await tx.query(
    `select pg_advisory_xact_lock_shared(hashtextextended(u.c, ${MODES_LOCK})) from unnest($1::text[]) as u (c)`,
    [communities.toSorted()],
  );
}

/** Waits for alarms that are being raised, and lets others wait until this transaction has begun or ended a mode. */
export async function changeModes(tx: Tx, community: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, ${MODES_LOCK}))`, [community]);
}

/** Modes in force in these communities, those that are just ending excluded. */
export async function modesInForce(tx: Tx, communities: readonly string[]): Promise<ModeRow[]> {
  return tx.query<ModeRow>(`select * from alarms.mode where community = any ($1::text[]) and ended_at is null`, [
    communities,
  ]);
}

export async function listModes(tx: Tx, community: string, limit: number): Promise<ModeRow[]> {
  return tx.query<ModeRow>(
    `select * from alarms.mode where community = $1
     order by (ended_at is null) desc, from_at desc limit $2`,
    [community, limit],
  );
}

/** Ends a mode that is in force; undefined when there is none of that id. */
export async function endMode(
  tx: Tx,
  id: string,
  end: { readonly by: string; readonly at: number; readonly community?: string },
): Promise<ModeRow | undefined> {
  return tx.maybe<ModeRow>(
    `update alarms.mode set ended_at = to_timestamp($2::float8 / 1000), ended_by = $3
     where id = $1 and ended_at is null and ($4::text is null or community = $4) returning *`,
    [id, end.at, end.by, end.community ?? null],
  );
}

export async function findMode(tx: Tx, community: string, id: string): Promise<ModeRow | undefined> {
  return tx.maybe<ModeRow>('select * from alarms.mode where id = $1 and community = $2', [id, community]);
}

export interface PanelRow extends SignalKey {
  readonly community: string;
  readonly class: string;
  readonly active: boolean;
  readonly at: number;
}

export async function savePanels(tx: Tx, panels: readonly PanelRow[]): Promise<void> {
  if (panels.length === 0) return;
  await tx.run(
    `insert into alarms.panel (device, point, signal, community, class, active, at)
     select u.device, u.point, u.signal, u.community, u.class, u.active, to_timestamp(u.at / 1000)
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::float8[])
       as u (device, point, signal, community, class, active, at)
     on conflict (device, point, signal) do update set active = excluded.active, at = excluded.at`,
    [
      panels.map((p) => p.device),
      panels.map((p) => p.point),
      panels.map((p) => p.signal),
      panels.map((p) => p.community),
      panels.map((p) => p.class),
      panels.map((p) => p.active),
      panels.map((p) => p.at),
    ],
  );
}

export async function activePanels(tx: Tx): Promise<(SignalKey & { active: boolean; at: number })[]> {
  return tx.query(
    'select device, point, signal, active, (extract(epoch from at) * 1000)::float8 as at from alarms.panel',
  );
}

export async function linkOrder(tx: Tx, alarm: string, order: string): Promise<void> {
  await tx.run(
    `insert into alarms.alarm_order (alarm, work_order) values ($1, $2)
     on conflict (alarm) do update set work_order = excluded.work_order`,
    [alarm, order],
  );
}

export async function lastSeq(tx: Tx, community: string): Promise<number> {
  const row = await tx.maybe<{ seq: string }>('select seq from alarms.sequence where community = $1', [community]);
  return row ? Number(row.seq) : 0;
}

export async function actsOf(tx: Tx, community: string, alarm: string, limit: number): Promise<AlarmActView[]> {
  const rows = await tx.query<{
    act: string;
    state: AlarmRow['state'];
    actor: string;
    actor_name: string | null;
    note: string | null;
    at: Date;
  }>(
    `select t.act, t.state, t.actor, t.actor_name, t.note, t.at from alarms.act t
       join alarms.alarm a on a.id = t.alarm
     where t.alarm = $1 and a.community = $2 order by t.id limit $3`,
    [alarm, community, limit],
  );
  return rows.map((r) => ({
    act: r.act,
    state: r.state,
    by: r.actor,
    ...(r.actor_name === null ? {} : { name: r.actor_name }),
    ...(r.note === null ? {} : { note: r.note }),
    at: r.at.toISOString(),
  }));
}

/** Number of open alarms of each of these devices that has any. */
export async function openCounts(tx: Tx, devices: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ device: string; count: string }>(
    `select device, count(*) as count from alarms.alarm
     where device = any ($1::text[]) and state <> 'normal' group by device`,
    [devices],
  );
  return new Map(rows.map((r) => [r.device, Number(r.count)]));
}

/** Open alarms on these points of a device, locked in one order. */
export async function lockOnPoints(tx: Tx, device: string, points: readonly string[]): Promise<AlarmRow[]> {
  const rows = await tx.query<DbRow>(
    `select a.*, null as work_order from alarms.alarm a
     where a.device = $1 and a.point = any ($2::text[]) and a.state <> 'normal' order by a.id for update of a`,
    [device, points],
  );
  return rows.map((r) => fromDb(r).row);
}

/** Closed alarms of a community whose last change lies in (after, upTo], in order. */
export async function closedSince(
  tx: Tx,
  community: string,
  after: number,
  upTo: number,
  limit: number,
): Promise<AlarmRow[]> {
  const rows = await tx.query<DbRow>(
    `select a.*, null as work_order from alarms.alarm a
     where a.community = $1 and a.seq > $2 and a.seq <= $3 and a.state = 'normal' order by a.seq limit $4`,
    [community, after, upTo, limit],
  );
  return rows.map((r) => fromDb(r).row);
}
