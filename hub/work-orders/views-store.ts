// Work orders as screens see them: whole views in one statement, and the list with its filters and cursor.
import type { Tx } from '../db/tx.ts';
import type { OrderState, OrderView } from './contract.ts';
import { MILESTONE_CLOCK, UNFINISHED, WORKERS, type ClockName } from './machine.ts';
import { CLOCKS, MILESTONES } from './contract.ts';

export const ORDER_LIST_LIMITS = { default: 50, max: 200 } as const;

type Json<T> = readonly T[];
interface ViewRow {
  readonly id: string;
  readonly number: string;
  readonly kind: OrderView['kind'];
  readonly state: OrderState;
  readonly version: number;
  readonly source_kind: OrderView['source']['kind'];
  readonly source_id: string;
  readonly title: OrderView['title'];
  readonly detail: string;
  readonly priority: OrderView['priority'];
  readonly duty_class: string;
  readonly device: string | null;
  readonly point: string | null;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly assignee: string | null;
  readonly assignee_name: string | null;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly waiting: OrderView['waiting'] | null;
  readonly result: string | null;
  readonly service_state: OrderView['serviceState'] | null;
  readonly verification: OrderView['verification'] | null;
  readonly alarms: Json<string>;
  readonly clocks: Json<{
    clock: ClockName;
    due: string;
    done: string | null;
    breached: string | null;
    paused_ms: number;
    paused_since: string | null;
  }>;
  readonly milestones: Json<{ milestone: string; at: string; by: string }>;
  readonly photos: Json<{ file: string; phase: OrderView['photos'][number]['phase']; at: string; by: string }>;
  readonly events: Json<{
    id: number;
    at: string;
    captured: string | null;
    by: string;
    name: string;
    act: string;
    from: string | null;
    to: string | null;
    note: string | null;
    implied: boolean;
  }>;
}

const VIEW = `
  select o.id, o.number, o.kind, o.state, o.version, o.source_kind, o.source_id, o.title, o.detail, o.priority,
    o.duty_class, o.device, o.point, o.building, o.floor, o.place, o.assignee, o.assignee_name, o.opened_at,
    o.closed_at, o.waiting, o.result, o.service_state, o.verification,
    array(select alarm from work_orders.alarm where work_order = o.id order by n) as alarms,
    coalesce((select json_agg(json_build_object('clock', clock, 'due', due_at, 'done', done_at, 'breached', breached_at,
        'paused_ms', paused_ms, 'paused_since', paused_since) order by due_at, clock)
      from work_orders.clock where work_order = o.id), '[]') as clocks,
    coalesce((select json_agg(json_build_object('milestone', milestone, 'at', at, 'by', by_name))
      from work_orders.milestone where work_order = o.id), '[]') as milestones,
    coalesce((select json_agg(json_build_object('file', file, 'phase', phase, 'at', at, 'by', by) order by at, file)
      from work_orders.photo where work_order = o.id), '[]') as photos,
    coalesce((select json_agg(json_build_object('id', id, 'at', at, 'captured', captured_at, 'by', by, 'name', by_name,
        'act', act, 'from', from_state, 'to', to_state, 'note', note, 'implied', implied) order by id)
      from work_orders.order_event where work_order = o.id), '[]') as events
  from work_orders.work_order o`;

const iso = (time: string): string => new Date(time).toISOString();
const given = <K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } =>
  (value === null || value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

/** Names of devices by id, from the register of equipment. */
export type DeviceNames = ReadonlyMap<string, { readonly zh: string; readonly en: string }>;

function viewOf(row: ViewRow, names: DeviceNames): OrderView {
  const isClock = (name: ClockName): name is (typeof CLOCKS)[number] => (CLOCKS as readonly string[]).includes(name);
  return {
    id: row.id,
    number: row.number,
    kind: row.kind,
    state: row.state,
    version: row.version,
    source: { kind: row.source_kind, id: row.source_id },
    title: row.title,
    detail: row.detail,
    priority: row.priority,
    dutyClass: row.duty_class,
    ...given('device', row.device),
    ...given('deviceName', row.device === null ? undefined : names.get(row.device)),
    ...given('point', row.point),
    alarms: [...row.alarms],
    ...given('building', row.building),
    ...given('floor', row.floor),
    ...given('place', row.place),
    ...given('assignee', row.assignee === null ? null : { id: row.assignee, name: row.assignee_name ?? '' }),
    openedAt: row.opened_at.toISOString(),
    ...given('closedAt', row.closed_at?.toISOString()),
    clocks: row.clocks.flatMap((c) =>
      isClock(c.clock)
        ? {
            clock: c.clock,
            dueAt: iso(c.due),
            ...given('doneAt', c.done && iso(c.done)),
            ...given('breachedAt', c.breached && iso(c.breached)),
            pausedMs: c.paused_ms,
            ...given('pausedSince', c.paused_since && iso(c.paused_since)),
          }
        : [],
    ),
    ...given('waiting', row.waiting),
    ...given('result', row.result),
    milestones: row.kind === 'rescue' ? milestonesOf(row) : [],
    ...given('serviceState', row.service_state),
    ...given('verification', row.verification),
    photos: row.photos.map((p) => ({ ...p, at: iso(p.at) })),
    events: row.events.map((e) => ({
      id: String(e.id),
      at: iso(e.at),
      ...given('capturedAt', e.captured && iso(e.captured)),
      by: e.by,
      name: e.name,
      act: e.act,
      ...given('from', e.from),
      ...given('to', e.to),
      ...given('note', e.note),
      ...(e.implied ? { implied: true } : {}),
    })),
  };
}

/** All milestones of a rescue, those to come included, with the time each is due. */
function milestonesOf(row: ViewRow): OrderView['milestones'] {
  return MILESTONES.map((milestone) => {
    const reached = row.milestones.find((m) => m.milestone === milestone);
    const due = row.clocks.find((c) => c.clock === MILESTONE_CLOCK[milestone])?.due;
    return {
      milestone,
      ...given('dueAt', due && iso(due)),
      ...given('at', reached && iso(reached.at)),
      ...given('by', reached?.by),
    };
  });
}

/** Looks devices up in the register of a community. */
export type NameDevices = (tx: Tx, community: string, devices: readonly string[]) => Promise<DeviceNames>;

/** Who looks: decides which orders are there at all. */
export interface Viewer {
  readonly id: string;
  readonly role: string;
  readonly community: string;
}

/**
 * Workers see what they have or had, and what is free to take (contractors: free rescues only); the desk sees all of
 * its community. $1 community, $2 person, $3 role.
 */
const VISIBLE = `o.community = $1 and ($3 <> all(array['${WORKERS.join("','")}'])
    or o.assignee = $2 or exists (select 1 from work_orders.worker w where w.work_order = o.id and w.person = $2)
    or (o.assignee is null and o.state in ('open', 'dispatched') and ($3 = 'technician' or o.kind = 'rescue')))`;

const viewer = (v: Viewer): unknown[] => [v.community, v.id, v.role];

/** One order, or undefined when there is none for this viewer. */
export async function orderView(tx: Tx, who: Viewer, id: string, names: NameDevices): Promise<OrderView | undefined> {
  const row = await tx.maybe<ViewRow>(`${VIEW} where ${VISIBLE} and o.id = $4`, [...viewer(who), id]);
  return row && viewOf(row, await names(tx, who.community, row.device === null ? [] : [row.device]));
}

/** The order as the one who has just acted on it sees it, whether or not it is still his. */
export async function ownOrderView(tx: Tx, community: string, id: string, names: NameDevices): Promise<OrderView> {
  const row = await tx.one<ViewRow>(`${VIEW} where o.community = $1 and o.id = $2`, [community, id]);
  return viewOf(row, await names(tx, community, row.device === null ? [] : [row.device]));
}

/** What is not over, by urgency and then oldest first, for whoever takes over. */
export async function unfinishedOrders(
  tx: Tx,
  community: string,
  max: number,
): Promise<(Pick<OrderView, 'id' | 'number' | 'title' | 'state' | 'priority'> & { assignee?: string })[]> {
  const rows = await tx.query<
    Pick<ViewRow, 'id' | 'number' | 'title' | 'state' | 'priority'> & { assignee_name: string | null }
  >(
    `select id, number, title, state, priority, assignee_name from work_orders.work_order
     where community = $1 and state = any ($2::text[])
     order by array_position(array['life', 'urgent', 'normal'], priority), opened_at, id limit $3`,
    [community, UNFINISHED, max],
  );
  return rows.map(({ assignee_name, ...row }) => ({ ...row, ...given('assignee', assignee_name) }));
}

export interface OrderFilter {
  readonly alarm?: string | undefined;
  readonly device?: string | undefined;
  /** A state, or `open`-ended: `unfinished`, `all`. */
  readonly state?: string | undefined;
  /** A person's id; `none`: free to take. */
  readonly assignee?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

const CURSOR = /^(\d{1,16})~([0-9a-f-]{36})$/;

/** Newest first. `next` is null at the end. @returns undefined when the cursor is not one of ours */
export async function listOrders(
  tx: Tx,
  who: Viewer,
  filter: OrderFilter,
  names: NameDevices,
): Promise<{ items: OrderView[]; next: string | null } | undefined> {
  const after = filter.cursor === undefined ? null : CURSOR.exec(filter.cursor);
  if (filter.cursor !== undefined && after === null) return undefined;
  const where = [VISIBLE];
  const params = viewer(who);
  const also = (condition: string, value: unknown): void => {
    params.push(value);
    where.push(condition.replaceAll('$', () => `$${params.length}`));
  };
  if (filter.alarm !== undefined)
    also(`exists (select 1 from work_orders.alarm a where a.work_order = o.id and a.alarm = $)`, filter.alarm);
  if (filter.device !== undefined) also('o.device = $', filter.device);
  if (filter.state === 'unfinished') also('o.state = any($::text[])', UNFINISHED);
  else if (filter.state !== undefined && filter.state !== 'all') also('o.state = $', filter.state);
  if (filter.assignee === 'none') where.push('o.assignee is null');
  else if (filter.assignee !== undefined) also('o.assignee = $', filter.assignee);
  if (after) {
    params.push(after[1], after[2]);
    where.push(`(o.opened_at, o.id) < (to_timestamp($${params.length - 1}::float8 / 1000000), $${params.length})`);
  }
  const limit = Math.min(filter.limit ?? ORDER_LIST_LIMITS.default, ORDER_LIST_LIMITS.max);
  const rows = await tx.query<ViewRow & { readonly micros: string }>(
    `select v.*, (extract(epoch from v.opened_at) * 1000000)::bigint as micros
     from (${VIEW} where ${where.join(' and ')} order by o.opened_at desc, o.id desc limit ${limit + 1}) v
     order by v.opened_at desc, v.id desc`,
    params,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const known = await names(tx, who.community, [
    ...new Set(page.flatMap((r) => (r.device === null ? [] : [r.device]))),
  ]);
  return {
    items: page.map((r) => viewOf(r, known)),
    next: rows.length > limit && last ? `${last.micros}~${last.id}` : null,
  };
}

/** Where an order's work is, and on which device. */
export const orderSpot = (
  tx: Tx,
  id: string,
): Promise<
  { device: string | null; building: string | null; floor: number | null; place: string | null } | undefined
> => tx.maybe(`select device, building, floor, place from work_orders.work_order where id = $1`, [id]);

/** What became of an order: for whoever had it opened. */
export interface OrderWork {
  readonly id: string;
  readonly number: string;
  readonly state: OrderState;
  readonly assignee?: string;
  /** Everyone who ever took it on. */
  readonly workers: readonly string[];
  readonly result: string;
  /** SHA-256 of the photos of the finished work, hex. */
  readonly photos: readonly string[];
}

export async function orderWork(tx: Tx, community: string, id: string): Promise<OrderWork | undefined> {
  const row = await tx.maybe<Omit<OrderWork, 'assignee'> & { readonly assignee: string | null }>(
    `select id, number, state, assignee, coalesce(result, '') as result,
       array(select person from work_orders.worker where work_order = o.id) as workers,
       array(select file from work_orders.photo where work_order = o.id and phase = 'after' order by at, file) as photos
     from work_orders.work_order o where id = $1 and community = $2`,
    [id, community],
  );
  if (!row) return undefined;
  const { assignee, ...work } = row;
  return { ...work, ...(assignee === null ? {} : { assignee }) };
}
