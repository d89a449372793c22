// A blocked fire lane from the report to the thanks: each act with who, when and its proof.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext, EventPayloads } from '../events/api.ts';
import { missingFiles } from '../files/api.ts';
import { listBuildings } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import type { BlockageView, ClearBody, ContactBody, LaneState, NewBlockage, VehicleImportView } from './contract.ts';
import { LANE_LIMITS } from './limits.ts';
import { isRepeated, plateOf, stepLane, type LaneEvent } from './machine.ts';
import { LANE_RULE } from './norms.ts';
import {
  countBefore,
  countVehicles,
  findBlockage,
  insertBlockage,
  insertContact,
  lockBlockage,
  lockLanes,
  openTwin,
  putVehicles,
  saveBreach,
  saveEnd,
  savePatrol,
  savePlate,
  saveState,
  saveThanks,
  vehiclesByPlates,
  type Blockage,
} from './store.ts';
import { readVehicles } from './vehicle-list.ts';
import { blockageViews } from './views.ts';

/** Timer kind: a lane is still blocked after its time. */
export const LANE_TIMER = 'lanes.clearance';
const timerKey = (id: string): string => `${LANE_TIMER}:${id}`;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** What lanes need of work orders, which main.ts hands in. */
export interface LanePorts {
  /** Opens an order by hand and answers its id. */
  readonly openOrder: (
    c: CommandContext,
    id: string,
    wish: { readonly title: string; readonly detail: string; readonly building?: string; readonly place: string },
  ) => Promise<Result<string>>;
}

type Person = Extract<CommandContext['actor'], { kind: 'user' }>;
function personOf(c: CommandContext): Person {
  if (c.actor.kind !== 'user') throw new Error('lanes are cleared by people');
  return c.actor;
}

type LaneFact = EventPayloads['lane.reported'];
const factOf = (b: Blockage): LaneFact => ({
  blockage: b.id,
  ...(b.building === null ? {} : { building: b.building }),
  place: b.place,
  ...(b.plate === null ? {} : { plate: b.plate }),
  by: b.reported_by,
});

function tell(c: CommandContext, b: Blockage, action: string, after: unknown): void {
  const { community, id } = b;
  c.emit({ effect: 'audit', community, action, entity: 'lane-blockage', entityId: id, after });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'lane' } } });
}

const clock = (community: string, id: string, dueAt: number, round: number) =>
  ({
    effect: 'timer',
    key: timerKey(id),
    kind: LANE_TIMER,
    community,
    dueAt,
    basis: 'duration',
    payload: { blockage: id, round },
  }) as const;

async function viewed(c: CommandContext, community: string, id: string): Promise<Result<BlockageView>> {
  const [row, rule] = [await findBlockage(c.tx, community, id), await ruleInForce(c.tx, community, LANE_RULE)];
  const [view] = row ? await blockageViews(c.tx, community, [row], rule.value.repeatsForPatrol) : [];
  if (!view) throw new Error(`blockage ${id} is gone`);
  return ok(view);
}

async function missing(c: CommandContext, community: string, photo: string | undefined): Promise<Result<null>> {
  const gone = photo === undefined ? [] : await missingFiles(c.tx, community, [photo]);
  return gone.length === 0 ? ok(null) : refuse('not-found', 'photo');
}

/**
 * [S7] Reports a blocked lane and starts its clock. Refuses `not-found` (building, photo) and `duplicate` while the same
 * car, or the same place without a plate, is reported already.
 */
export async function reportBlockage(c: CommandContext, body: NewBlockage): Promise<Result<BlockageView>> {
  const { community, id: by, name } = personOf(c);
  const { building, place } = body;
  if (building !== undefined && !(await listBuildings(c.tx, community)).some((b) => b.id === building))
    return refuse('not-found', `building: ${building}`);
  const there = await missing(c, community, body.photo);
  if (!there.ok) return there;
  const plate = body.plate === undefined ? undefined : plateOf(body.plate);
  const of = { building, place: place.trim(), plate };
  await lockLanes(c.tx, community);
  const twin = await openTwin(c.tx, community, of);
  if (twin) return refuse('duplicate', twin.place);
  const rule = await ruleInForce(c.tx, community, LANE_RULE);
  const before = await countBefore(c.tx, community, of, c.now - rule.value.repeatDays * DAY);
  const clearMs = rule.value.minutes * MINUTE;
  const { plate: _, ...rest } = body;
  const id = await insertBlockage(c.tx, {
    ...rest,
    ...(plate === undefined ? {} : { plate }),
    place: of.place,
    community,
    by: { id: by, name },
    now: c.now,
    clearMs,
    version: rule.version,
    before,
  });
  c.emit(clock(community, id, c.now + clearMs, 1));
  const row = await findBlockage(c.tx, community, id);
  if (!row) throw new Error(`blockage ${id} is gone`);
  tell(c, row, 'lane.report', { place: row.place, plate: row.plate, rule: rule.version });
  c.emit({ effect: 'event', event: { type: 'lane.reported', community, subject: id, payload: factOf(row) } });
  await tellRepeats(c, row, before, rule.value.repeatsForPatrol);
  return viewed(c, community, id);
}

async function tellRepeats(
  c: CommandContext,
  row: Blockage,
  before: { readonly plate: number; readonly place: number },
  from: number,
): Promise<void> {
  if (!isRepeated(before, from)) return;
  const payload = { ...factOf(row), times: Math.max(before.plate, before.place) + 1 };
  c.emit({ effect: 'event', event: { type: 'lane.repeated', community: row.community, subject: row.id, payload } });
}

interface Held {
  readonly row: Blockage;
  readonly person: Person;
  readonly to: LaneState;
}
async function hold(c: CommandContext, id: string, event: LaneEvent): Promise<Result<Held>> {
  const person = personOf(c);
  const row = await lockBlockage(c.tx, person.community, id);
  if (!row) return refuse('not-found', id);
  const to = stepLane(row.state, event);
  return to.ok ? ok({ row, person, to: to.value }) : to;
}

/** The plate was read later. Refuses `not-found`, `already-done` once it has ended. */
export async function identifyPlate(c: CommandContext, id: string, text: string): Promise<Result<BlockageView>> {
  const held = await hold(c, id, { type: 'identify' });
  if (!held.ok) return held;
  const { row } = held.value;
  const rule = (await ruleInForce(c.tx, row.community, LANE_RULE)).value;
  const plate = plateOf(text);
  const of = { building: row.building ?? undefined, place: row.place, plate };
  const before = await countBefore(c.tx, row.community, of, c.now - rule.repeatDays * DAY, id);
  await savePlate(c.tx, id, plate, before);
  tell(c, row, 'lane.plate', { plate });
  await tellRepeats(c, { ...row, plate }, before, rule.repeatsForPatrol);
  return viewed(c, row.community, id);
}

/** The owner was called or told, with what came of it. Refuses `not-found`, `already-done`. */
export async function logContact(c: CommandContext, id: string, body: ContactBody): Promise<Result<BlockageView>> {
  const held = await hold(c, id, { type: 'contact', result: body.result });
  if (!held.ok) return held;
  const { row, person, to } = held.value;
  const there = await missing(c, row.community, body.photo);
  if (!there.ok) return there;
  await insertContact(c.tx, id, { ...body, by: person, now: c.now });
  await saveState(c.tx, id, to);
  tell(c, row, 'lane.contact', { how: body.how, result: body.result });
  return viewed(c, row.community, id);
}

/** The lane is free again, with the picture that shows it. Refuses `photo-required`, `already-done`, `not-found`. */
export async function clearBlockage(c: CommandContext, id: string, body: ClearBody): Promise<Result<BlockageView>> {
  const held = await hold(c, id, { type: 'clear', photo: body.photo !== undefined });
  if (!held.ok) return held;
  const { row, person, to } = held.value;
  const there = await missing(c, row.community, body.photo);
  if (!there.ok) return there;
  await saveEnd(c.tx, id, { state: to, now: c.now, by: person, photo: body.photo, note: body.note ?? '' });
  c.emit({ effect: 'cancel-timer', key: timerKey(id) });
  tell(c, row, 'lane.clear', { photo: body.photo });
  const payload = factOf(row);
  c.emit({ effect: 'event', event: { type: 'lane.cleared', community: row.community, subject: id, payload } });
  // Who wrote it down for somebody else thanks them by phone and says so.
  if (row.reporter_name === '') await saveThanks(c.tx, id, c.now);
  return viewed(c, row.community, id);
}

/** It was no blocked lane. Refuses `note-required`, `already-done`, `not-found`. */
export async function voidBlockage(c: CommandContext, id: string, note: string): Promise<Result<BlockageView>> {
  const held = await hold(c, id, { type: 'void', note });
  if (!held.ok) return held;
  const { row, person, to } = held.value;
  await saveEnd(c.tx, id, { state: to, now: c.now, by: person, photo: undefined, note });
  c.emit({ effect: 'cancel-timer', key: timerKey(id) });
  tell(c, row, 'lane.void', { note });
  return viewed(c, row.community, id);
}

/** Who told of it was thanked in person. Refuses `already-done`, and `wrong-state` before it is clear. */
export async function thankReporter(c: CommandContext, id: string): Promise<Result<BlockageView>> {
  const { community } = personOf(c);
  const row = await lockBlockage(c.tx, community, id);
  if (!row) return refuse('not-found', id);
  if (row.state !== 'cleared') return refuse('wrong-state', row.state);
  if (row.thanked_at !== null) return refuse('already-done');
  await saveThanks(c.tx, id, c.now);
  tell(c, row, 'lane.thank', {});
  return viewed(c, community, id);
}

/** Opens the order for more patrols at the place. Refuses `already-done`. */
export async function askPatrol(
  c: CommandContext,
  ports: LanePorts,
  id: string,
  words: { readonly title: string; readonly detail: string },
): Promise<Result<BlockageView>> {
  const { community } = personOf(c);
  const row = await lockBlockage(c.tx, community, id);
  if (!row) return refuse('not-found', id);
  if (row.patrol_order !== null) return refuse('already-done');
  const where = { place: row.place, ...(row.building === null ? {} : { building: row.building }) };
  const order = await ports.openOrder(c, `lane:${id}`, { ...words, ...where });
  if (!order.ok) return order;
  await savePatrol(c.tx, id, order.value);
  tell(c, row, 'lane.patrol', { order: order.value });
  return viewed(c, community, id);
}

/** Still blocked after its time: told, and looked at again. */
export async function laneOverdue(c: CommandContext, timer: DueTimer): Promise<void> {
  const { blockage: id, round } = timer.payload as { readonly blockage: string; readonly round: number };
  const { community } = timer;
  const row = await lockBlockage(c.tx, community, id);
  if (!row || !stepLane(row.state, { type: 'overdue' }).ok) return;
  await saveBreach(c.tx, id, c.now);
  const minutes = Math.round((c.now - row.reported_at.getTime()) / MINUTE);
  const payload = { ...factOf(row), round, minutes };
  c.emit({ effect: 'event', event: { type: 'lane.overdue', community, subject: id, payload } });
  const { againMinutes } = (await ruleInForce(c.tx, community, LANE_RULE)).value;
  c.emit(clock(community, id, c.now + againMinutes * MINUTE, round + 1));
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'lane' } } });
}

/** Reads the list; with `apply` and without a mistake it becomes the register. Nobody is taken off by a list. */
export async function importVehicles(
  c: Pick<CommandContext, 'tx' | 'now'>,
  community: string,
  csv: string,
  apply: boolean,
): Promise<Result<VehicleImportView>> {
  const buildings = (await listBuildings(c.tx, community)).map((b) => b.id);
  const { vehicles, mistakes } = readVehicles(csv, buildings);
  const plates = vehicles.map((v) => v.plate);
  const known = new Map((await vehiclesByPlates(c.tx, community, plates)).map((v) => [v.plate, v]));
  const added = vehicles.filter((v) => !known.has(v.plate));
  const same = vehicles.filter((v) => JSON.stringify(sorted(known.get(v.plate))) === JSON.stringify(sorted(v)));
  if (added.length + (await countVehicles(c.tx, community)) > LANE_LIMITS.vehiclesMax)
    return refuse('too-large', `vehicles ≤ ${LANE_LIMITS.vehiclesMax}`);
  const applied = apply && mistakes.length === 0;
  if (applied) await putVehicles(c.tx, community, vehicles, c.now);
  const changed = vehicles.length - added.length - same.length;
  return ok({ added: added.length, changed, same: same.length, applied, mistakes: [...mistakes] });
}
const sorted = (v: object | undefined): unknown => v && Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1));
