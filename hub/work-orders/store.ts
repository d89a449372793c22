// The only SQL that changes work orders: open, lock and load, save what an act did. Reading for screens: views.ts.
import type { Tx } from '../db/tx.ts';
import type { Clock } from './clocks.ts';
import type { Milestone, OrderKind, OrderState, ServiceState, SourceKind } from './contract.ts';
import type { ClockName, OrderFacts } from './machine.ts';
import type { DutyNorm } from './norms.ts';

interface Words {
  readonly zh: string;
  readonly en: string;
}

export interface Spot {
  readonly device?: string | undefined;
  readonly point?: string | undefined;
  readonly building?: string | undefined;
  readonly floor?: number | undefined;
  readonly place?: string | undefined;
}

export interface NewOrder {
  readonly community: string;
  readonly kind: OrderKind;
  readonly source: { readonly kind: SourceKind; readonly id: string };
  readonly title: Words;
  readonly detail: string;
  readonly dutyClass: string;
  readonly norm: DutyNorm;
  readonly normVersion: string;
  readonly priority: 'life' | 'urgent' | 'normal';
  readonly spot: Spot;
  /** ms wall */
  readonly now: number;
}

/** An order as commands see it: locked until the transaction ends. */
export interface LoadedOrder extends OrderFacts {
  readonly id: string;
  readonly community: string;
  readonly number: string;
  readonly version: number;
  readonly source: { readonly kind: SourceKind; readonly id: string };
  readonly title: Words;
  readonly priority: 'life' | 'urgent' | 'normal';
  readonly norm: DutyNorm;
  readonly device?: string;
  readonly result?: string;
  /** ms wall */
  readonly openedAt: number;
  readonly actedAt: number;
  readonly waiting?: { readonly reason: string; readonly since: string; readonly note: string };
  readonly clocks: readonly Clock[];
}

/** ms wall → timestamptz in SQL. */
const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

async function nextNumber(tx: Tx, community: string, now: number): Promise<string> {
  const year = new Date(now).getUTCFullYear();
  const { last } = await tx.one<{ last: number }>(
    `insert into work_orders.counter (community, year, last) values ($1, $2, 1)
     on conflict (community, year) do update set last = counter.last + 1
     returning last`,
    [community, year],
  );
  return `WO-${year}-${String(last).padStart(6, '0')}`;
}

/** The order that a cause already has. */
export const orderOfSource = (
  tx: Tx,
  community: string,
  source: { readonly kind: SourceKind; readonly id: string },
): Promise<{ id: string } | undefined> =>
  tx.maybe<{ id: string }>(
    `select id from work_orders.work_order where community = $1 and source_kind = $2 and source_id = $3`,
    [community, source.kind, source.id],
  );

/**
 * Stores an order in state `open`. The caller has taken `lockCause` and found no order of this source; the unique
 * constraint refuses a second one all the same.
 */
export async function insertOrder(tx: Tx, o: NewOrder): Promise<string> {
  const number = await nextNumber(tx, o.community, o.now);
  const { id } = await tx.one<{ id: string }>(
    `insert into work_orders.work_order (community, number, kind, state, source_kind, source_id, title, detail,
       priority, duty_class, norm, norm_version, device, point, building, floor, place, opened_at, acted_at, lift)
     values ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, ${at(17)}, ${at(17)}, $18)
     returning id`,
    [
      o.community,
      number,
      o.kind,
      o.source.kind,
      o.source.id,
      JSON.stringify(o.title),
      o.detail,
      o.priority,
      o.dutyClass,
      JSON.stringify(o.norm),
      o.normVersion,
      o.spot.device ?? null,
      o.spot.point ?? null,
      o.spot.building ?? null,
      o.spot.floor ?? null,
      o.spot.place ?? null,
      o.now,
      o.kind === 'rescue' ? (o.spot.device ?? null) : null,
    ],
  );
  return id;
}

/** The state an order is in now. */
export const orderState = async (tx: Tx, id: string): Promise<OrderState | undefined> =>
  (await tx.maybe<{ state: OrderState }>(`select state from work_orders.work_order where id = $1`, [id]))?.state;

/** Serialises whoever opens or joins orders of one cause (a device, a check): until the transaction ends. */
export async function lockCause(tx: Tx, community: string, cause: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 7365140))`, [`${community}\n${cause}`]);
}

interface OrderRow {
  readonly id: string;
  readonly community: string;
  readonly number: string;
  readonly version: number;
  readonly kind: OrderKind;
  readonly state: OrderState;
  readonly source_kind: SourceKind;
  readonly source_id: string;
  readonly title: Words;
  readonly priority: 'life' | 'urgent' | 'normal';
  readonly norm: DutyNorm;
  readonly device: string | null;
  readonly assignee: string | null;
  readonly assignee_name: string | null;
  readonly opened_at: Date;
  readonly acted_at: Date;
  readonly waiting: { readonly reason: string; readonly since: string; readonly note: string } | null;
  readonly result: string | null;
  readonly service_state: ServiceState | null;
}

interface ClockRow {
  readonly clock: ClockName;
  readonly due_at: Date;
  readonly done_at: Date | null;
  readonly breached_at: Date | null;
  readonly paused_ms: string;
  readonly paused_since: Date | null;
  readonly pause_max_ms: string | null;
  readonly stopped: boolean;
  readonly round: number;
}

const clockOf = (r: ClockRow): Clock => ({
  clock: r.clock,
  dueAt: r.due_at.getTime(),
  ...(r.done_at ? { doneAt: r.done_at.getTime() } : {}),
  ...(r.breached_at ? { breachedAt: r.breached_at.getTime() } : {}),
  pausedMs: Number(r.paused_ms),
  ...(r.paused_since ? { pausedSince: r.paused_since.getTime() } : {}),
  ...(r.pause_max_ms === null ? {} : { pauseMax: Number(r.pause_max_ms) }),
  stopped: r.stopped,
  round: r.round,
});

const ORDER = `select id, community, number, version, kind, state, source_kind, source_id, title, priority, norm, device,
    assignee, assignee_name, opened_at, acted_at, waiting, result, service_state
  from work_orders.work_order where id = $1 and community = $2`;

/** Locks and loads an order of this community. */
export async function loadOrder(tx: Tx, community: string, id: string): Promise<LoadedOrder | undefined> {
  const row = await tx.maybe<OrderRow>(`${ORDER} for update`, [id, community]);
  return row && withParts(tx, row);
}

/**
 * For timers: like `loadOrder`, but does not wait for someone who has the order. A timer holds its own row of the timer
 * table, which whoever has the order may be about to set: waiting for each other would never end.
 */
export async function loadOrderIfFree(
  tx: Tx,
  community: string,
  id: string,
): Promise<LoadedOrder | 'busy' | undefined> {
  const row = await tx.maybe<OrderRow>(`${ORDER} for update skip locked`, [id, community]);
  if (row) return withParts(tx, row);
  return (await tx.maybe(ORDER, [id, community])) && 'busy';
}

async function withParts(tx: Tx, row: OrderRow): Promise<LoadedOrder> {
  const { id } = row;
  const clocks = await tx.query<ClockRow>(
    `select clock, due_at, done_at, breached_at, paused_ms, paused_since, pause_max_ms, stopped, round
     from work_orders.clock where work_order = $1 order by due_at, clock`,
    [id],
  );
  const { workers, milestones, inspected } = await tx.one<{
    workers: string[];
    milestones: Milestone[];
    inspected: boolean;
  }>(
    `select array(select person from work_orders.worker where work_order = $1) as workers,
            array(select milestone from work_orders.milestone where work_order = $1 order by at) as milestones,
            exists (select 1 from work_orders.rescue_step where work_order = $1 and step = 'inspection' and round =
              coalesce((select round from work_orders.rescue where work_order = $1), 0)) as inspected`,
    [id],
  );
  return {
    id,
    community: row.community,
    number: row.number,
    version: row.version,
    kind: row.kind,
    state: row.state,
    source: { kind: row.source_kind, id: row.source_id },
    title: row.title,
    priority: row.priority,
    norm: row.norm,
    ...(row.device === null ? {} : { device: row.device }),
    ...(row.assignee === null ? {} : { assignee: { id: row.assignee, name: row.assignee_name ?? '' } }),
    ...(row.result === null ? {} : { result: row.result }),
    ...(row.service_state === null ? {} : { serviceState: row.service_state }),
    ...(row.waiting === null ? {} : { waiting: row.waiting }),
    openedAt: row.opened_at.getTime(),
    actedAt: row.acted_at.getTime(),
    workers,
    milestones,
    inspected,
    clocks: clocks.map(clockOf),
  };
}

/** What an act leaves behind in the order's own row. Undefined fields stay, null empties. */
export interface OrderChange {
  readonly state: OrderState;
  readonly version: number;
  readonly actedAt: number;
  readonly assignee?: { readonly id: string; readonly name: string } | null | undefined;
  readonly waiting?: { readonly reason: string; readonly since: string; readonly note: string } | null | undefined;
  readonly result?: string | null | undefined;
  readonly serviceState?: ServiceState | undefined;
  readonly verification?: Record<string, string> | null | undefined;
  readonly closedAt?: number | null | undefined;
}

export async function saveOrder(tx: Tx, id: string, change: OrderChange): Promise<void> {
  const sets = ['state = $2', 'version = $3', `acted_at = ${at(4)}`];
  const params: unknown[] = [id, change.state, change.version, change.actedAt];
  const set = (column: string, value: unknown): void => {
    params.push(value);
    sets.push(column.replace('$', `$${params.length}`));
  };
  if (change.assignee !== undefined) {
    set('assignee = $', change.assignee?.id ?? null);
    set('assignee_name = $', change.assignee?.name ?? null);
  }
  if (change.waiting !== undefined) set('waiting = $::jsonb', change.waiting && JSON.stringify(change.waiting));
  if (change.result !== undefined) set('result = $', change.result);
  if (change.serviceState !== undefined) set('service_state = $', change.serviceState);
  if (change.verification !== undefined)
    set('verification = $::jsonb', change.verification && JSON.stringify(change.verification));
  if (change.closedAt !== undefined) set('closed_at = to_timestamp($::float8 / 1000)', change.closedAt);
  await tx.run(`update work_orders.work_order set ${sets.join(', ')} where id = $1`, params);
}

/** Writes the clocks as they are now. @param now ms wall, kept for those whose due time is new */
export async function saveClocks(tx: Tx, order: string, clocks: readonly Clock[], now: number): Promise<void> {
  if (clocks.length === 0) return;
  const ms = (pick: (c: Clock) => number | undefined): (number | null)[] => clocks.map((c) => pick(c) ?? null);
  await tx.run(
    `insert into work_orders.clock (work_order, clock, due_at, done_at, breached_at, paused_ms, paused_since,
       pause_max_ms, stopped, round, set_at)
     select $1, u.clock, to_timestamp(u.due / 1000), to_timestamp(u.done / 1000), to_timestamp(u.breached / 1000),
       u.paused_ms, to_timestamp(u.since / 1000), u.pause_max, u.stopped, u.round, to_timestamp($11::float8 / 1000)
     from unnest($2::text[], $3::float8[], $4::float8[], $5::float8[], $6::bigint[], $7::float8[], $8::bigint[],
       $9::boolean[], $10::integer[])
       as u (clock, due, done, breached, paused_ms, since, pause_max, stopped, round)
     on conflict (work_order, clock) do update set due_at = excluded.due_at, done_at = excluded.done_at,
       breached_at = excluded.breached_at, paused_ms = excluded.paused_ms, paused_since = excluded.paused_since,
       pause_max_ms = excluded.pause_max_ms, stopped = excluded.stopped, round = excluded.round,
       set_at = case when clock.due_at = excluded.due_at then clock.set_at else excluded.set_at end`,
    [
      order,
      clocks.map((c) => c.clock),
      clocks.map((c) => c.dueAt),
      ms((c) => c.doneAt),
      ms((c) => c.breachedAt),
      clocks.map((c) => c.pausedMs),
      ms((c) => c.pausedSince),
      ms((c) => c.pauseMax),
      clocks.map((c) => c.stopped),
      clocks.map((c) => c.round),
      now,
    ],
  );
}

/**
 * Moves the due times that are still running with a jump of the wall clock, but not what was set after it had jumped.
 * @param jump.ms how far the clock jumped; + is forward
 * @param jump.seenAt wall clock at the last look before the jump, ms
 * @param now wall clock after it, ms
 */
export const shiftClocks = (tx: Tx, jump: { ms: number; seenAt: number }, now: number): Promise<number> =>
  tx.run(
    `update work_orders.clock c
     set due_at = c.due_at + m.due_by, set_at = c.set_at + m.due_by, paused_since = c.paused_since + m.pause_by
     from (select k.work_order, k.clock,
         case when k.set_at > j.first and k.set_at <= j.last then interval '0' else j.by end as due_by,
         case when k.paused_since > j.first and k.paused_since <= j.last then interval '0' else j.by end as pause_by
       from work_orders.clock k, (select $1 * interval '1 millisecond' as by,
         to_timestamp($2::float8 / 1000) as first, to_timestamp($3::float8 / 1000) as last) j
       where k.done_at is null and k.breached_at is null and not k.stopped) m
     where c.work_order = m.work_order and c.clock = m.clock`,
    [jump.ms, jump.seenAt + jump.ms, now],
  );

export interface NewOrderEvent {
  readonly act: string;
  readonly from?: OrderState | undefined;
  readonly to?: OrderState | undefined;
  readonly note?: string | undefined;
  readonly implied?: boolean;
}

export interface EventStamp {
  readonly order: string;
  readonly version: number;
  readonly by: string;
  readonly byName: string;
  /** ms wall */
  readonly now: number;
  readonly capturedAt?: number | undefined;
}

export async function addOrderEvents(tx: Tx, stamp: EventStamp, events: readonly NewOrderEvent[]): Promise<void> {
  await tx.run(
    `insert into work_orders.order_event (work_order, version, at, captured_at, by, by_name, act, from_state,
       to_state, note, implied)
     select $1, $2, ${at(3)}, ${at(4)}, $5, $6, u.act, u.from_state, u.to_state, u.note, u.implied
     from unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::boolean[])
       with ordinality as u (act, from_state, to_state, note, implied, n)
     order by u.n`,
    [
      stamp.order,
      stamp.version,
      stamp.now,
      stamp.capturedAt ?? null,
      stamp.by,
      stamp.byName,
      events.map((e) => e.act),
      events.map((e) => e.from ?? null),
      events.map((e) => e.to ?? null),
      events.map((e) => e.note ?? null),
      events.map((e) => e.implied ?? false),
    ],
  );
}

export interface PastAct {
  readonly by: string;
  readonly version: number;
  /** ms wall, as the phone said it. */
  readonly capturedAt?: number;
}

/** Earlier times the same act was done since the order was last handed out. Implied steps don't count. */
export async function pastActs(tx: Tx, order: string, act: string): Promise<PastAct[]> {
  const rows = await tx.query<{ by: string; version: number; captured_at: Date | null }>(
    `select by, version, captured_at from work_orders.order_event
     where work_order = $1 and act = $2 and not implied
       and id > coalesce((select max(id) from work_orders.order_event
                          where work_order = $1 and act in ('assign', 'reopen') and $2 <> act), 0)
     order by id`,
    [order, act],
  );
  return rows.map((r) => ({
    by: r.by,
    version: r.version,
    ...(r.captured_at ? { capturedAt: r.captured_at.getTime() } : {}),
  }));
}

/** Has a person other than `person` changed the order's state or assignee after this version? Notes don't count. */
export async function changedByOthersSince(tx: Tx, order: string, version: number, person: string): Promise<boolean> {
  const { changed } = await tx.one<{ changed: boolean }>(
    `select exists (select 1 from work_orders.order_event
       where work_order = $1 and version > $2 and by <> $3
         and (from_state is distinct from to_state or act in ('assign', 'refuse'))
         and act <> 'note') as changed`,
    [order, version, person],
  );
  return changed;
}

export const addWorker = (tx: Tx, order: string, person: string, now: number): Promise<number> =>
  tx.run(
    `insert into work_orders.worker (work_order, person, since) values ($1, $2, ${at(3)}) on conflict do nothing`,
    [order, person, now],
  );

export const addMilestone = (
  tx: Tx,
  m: { order: string; milestone: Milestone; by: string; byName: string; note?: string | undefined; at: number },
): Promise<number> =>
  tx.run(
    `insert into work_orders.milestone (work_order, milestone, by, by_name, note, at)
     values ($1, $2, $3, $4, $5, ${at(6)}) on conflict do nothing`,
    [m.order, m.milestone, m.by, m.byName, m.note ?? null, m.at],
  );

export interface NewPhoto {
  readonly file: string;
  readonly phase: 'before' | 'during' | 'after';
}

export async function addPhotos(
  tx: Tx,
  order: string,
  photos: readonly NewPhoto[],
  by: { readonly id: string; readonly at: number },
): Promise<void> {
  await tx.run(
    `insert into work_orders.photo (work_order, file, phase, at, by)
     select $1, u.file, u.phase, ${at(4)}, $5 from unnest($2::text[], $3::text[]) as u (file, phase)
     on conflict do nothing`,
    [order, photos.map((p) => p.file), photos.map((p) => p.phase), by.at, by.id],
  );
}

/** The order of each of these causes that has one, by the cause's id. */
export async function ordersOfSources(
  tx: Tx,
  community: string,
  kind: SourceKind,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await tx.query<{ source_id: string; id: string }>(
    `select source_id, id from work_orders.work_order
     where community = $1 and source_kind = $2 and source_id = any($3::text[])`,
    [community, kind, ids],
  );
  return new Map(rows.map((r) => [r.source_id, r.id]));
}
