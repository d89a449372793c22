// Commands on floor plans: a new drawing, where things stand, a whole point list.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { fileType } from '../files/api.ts';
import { listBuildings } from '../property/api.ts';
import type { ImportedPositions, NewDrawing, Position } from './contract.ts';
import { FLOOR_PLAN_LIMITS as LIMITS } from './limits.ts';
import { mistakesText, parsePositions, rounded, type Mistake } from './point-list.ts';
import {
  drawingsOf,
  insertDrawing,
  positionsOf,
  putPositions,
  removePositions,
  touchFloor,
  unknownThings,
  type Change,
  type Floor,
  type PositionRow,
} from './store.ts';

const changeOf = (c: CommandContext): Change => ({
  by: c.actor.id,
  byName: c.actor.kind === 'user' ? c.actor.name : '',
  at: c.now,
});
const floorId = ({ building, floor }: Floor): string => `${building}/${floor}`;
/** A floor as one key; a building's name has no line feed. */
const keyOf = ({ building, floor }: Floor): string => `${building}\n${floor}`;
const thingKey = (p: { readonly device: string; readonly point: string }): string => `${p.device}\n${p.point}`;

/** Every floor that the community has. */
async function knownFloors(c: CommandContext, community: string): Promise<ReadonlySet<string>> {
  const buildings = await listBuildings(c.tx, community);
  return new Set(buildings.flatMap((b) => b.floors.map((f) => keyOf({ building: b.id, floor: f.floor }))));
}

/**
 * Gives a floor (and others of its building that are alike) a drawing; earlier ones are kept. A floor that shows this
 * very file already stays as it is. Refuses `not-found` for a floor, `bad-request` for a file that is not there or is
 * no picture.
 */
export async function addDrawing(
  c: CommandContext,
  community: string,
  at: Floor,
  { sha256, note = '', alsoFloors = [] }: NewDrawing,
): Promise<Result<{ floors: number }>> {
  const floors = [...new Set([at.floor, ...alsoFloors])].map((floor) => ({ building: at.building, floor }));
  const known = await knownFloors(c, community);
  const missing = floors.find((f) => !known.has(keyOf(f)));
  if (missing) return refuse('not-found', floorId(missing));
  const type = await fileType(c.tx, community, sha256);
  if (type === undefined) return refuse('bad-request', 'sha256: no such file');
  if (!type.startsWith('image/')) return refuse('bad-request', `sha256: ${type} is no picture`);
  let changed = 0;
  for (const floor of floors) {
    if ((await drawingsOf(c.tx, community, floor, 1))[0]?.sha256 === sha256) continue;
    // Locks the row: of two who add at once, the second comes after the first's version.
    const revision = await touchFloor(c.tx, community, floor, changeOf(c));
    const [current] = await drawingsOf(c.tx, community, floor, 1);
    const version = (current?.version ?? 0) + 1;
    await insertDrawing(c.tx, community, floor, { version, sha256, type, note }, changeOf(c));
    changed += 1;
    c.emit({
      effect: 'audit',
      community,
      action: 'floor-plan.drawing-added',
      entity: 'floor-plan',
      entityId: floorId(floor),
      before: current === undefined ? null : { version: current.version, sha256: current.sha256 },
      after: { version, sha256, type, note, revision },
    });
  }
  return ok({ floors: changed });
}

interface Difference {
  readonly placed: readonly PositionRow[];
  readonly moved: readonly PositionRow[];
  readonly removed: readonly PositionRow[];
}

function differenceOf(before: readonly PositionRow[], after: readonly PositionRow[]): Difference {
  const was = new Map(before.map((p) => [thingKey(p), p]));
  const is = new Set(after.map(thingKey));
  return {
    placed: after.filter((p) => !was.has(thingKey(p))),
    moved: after.filter((p) => {
      const old = was.get(thingKey(p));
      return old !== undefined && (old.x !== p.x || old.y !== p.y);
    }),
    removed: before.filter((p) => !is.has(thingKey(p))),
  };
}

function audit(c: CommandContext, community: string, at: Floor, how: string, d: Difference, revision: number): void {
  const brief = (rows: readonly PositionRow[]): unknown => rows.map(({ device, point, x, y }) => [device, point, x, y]);
  c.emit({
    effect: 'audit',
    community,
    action: `floor-plan.positions-${how}`,
    entity: 'floor-plan',
    entityId: floorId(at),
    after: { revision, placed: brief(d.placed), moved: brief(d.moved), removed: brief(d.removed) },
  });
}

/**
 * Says where everything on a floor stands; what is not named is taken away. Refuses `conflict` when someone else
 * changed the floor meanwhile, `not-found` for a floor, `bad-request` for a device or point that the community lacks.
 * @param revision what was shown; null: whatever it is
 */
export async function setPositions(
  c: CommandContext,
  community: string,
  at: Floor,
  given: { readonly revision: number | null; readonly positions: readonly Position[] },
): Promise<Result<{ revision: number }>> {
  if (!(await knownFloors(c, community)).has(keyOf(at))) return refuse('not-found', floorId(at));
  const rows = given.positions.map(({ device, point = '', x, y }): PositionRow => ({
    ...at,
    device,
    point,
    x: rounded(x),
    y: rounded(y),
  }));
  const seen = new Set<string>();
  const twice = rows.find((r) => seen.size === seen.add(thingKey(r)).size);
  if (twice) return refuse('bad-request', `positions: ${twice.device} ${twice.point} stands twice`);
  const [unknown] = await unknownThings(c.tx, community, rows);
  if (unknown) return refuse('bad-request', `positions: ${unknown.device} ${unknown.point} is not known`);
  // Locks the row first, so that of two who save at once the second sees what the first did.
  const revision = await touchFloor(c.tx, community, at, changeOf(c));
  if (given.revision !== null && revision !== given.revision + 1) return refuse('conflict', `revision ${revision - 1}`);
  const d = differenceOf(await positionsOf(c.tx, community, at), rows);
  await removePositions(c.tx, community, d.removed);
  await putPositions(c.tx, community, [...d.placed, ...d.moved]);
  audit(c, community, at, 'set', d, revision);
  return ok({ revision });
}

/**
 * Takes over a point list: places what is named, moves what stands elsewhere on that floor, and leaves the rest.
 * Refuses `bad-request` naming lines and columns; then nothing at all is taken over.
 */
export async function importPositions(
  c: CommandContext,
  community: string,
  csv: string,
): Promise<Result<ImportedPositions>> {
  const parsed = parsePositions(csv);
  if ('mistakes' in parsed) return refuse('bad-request', mistakesText(parsed.mistakes));
  const { rows } = parsed;
  const floors = await knownFloors(c, community);
  const strangers = new Set((await unknownThings(c.tx, community, rows)).map(thingKey));
  const mistakes = rows.flatMap((row): Mistake[] => [
    ...(floors.has(keyOf(row)) ? [] : [{ line: row.line, column: 'floor', message: `there is no ${floorId(row)}` }]),
    ...(strangers.has(thingKey(row))
      ? [
          {
            line: row.line,
            column: row.point === '' ? 'device' : 'point',
            message: `${`${row.device} ${row.point}`.trim()} is not known`,
          },
        ]
      : []),
  ]);
  if (mistakes.length > 0) return refuse('bad-request', mistakesText(mistakes));
  const byFloor = new Map<string, PositionRow[]>();
  for (const row of rows) byFloor.set(keyOf(row), [...(byFloor.get(keyOf(row)) ?? []), row]);
  let [placed, moved] = [0, 0];
  // Floors in one order everywhere: two who import at once must not lock each other out.
  for (const key of [...byFloor.keys()].toSorted()) {
    const listed = byFloor.get(key) ?? [];
    const [first] = listed;
    if (!first) continue;
    const at = { building: first.building, floor: first.floor };
    const revision = await touchFloor(c.tx, community, at, changeOf(c));
    const before = await positionsOf(c.tx, community, at);
    const d = { ...differenceOf(before, listed), removed: [] };
    if (before.length + d.placed.length > LIMITS.positionsMax)
      return refuse('bad-request', `${floorId(at)}: more than ${LIMITS.positionsMax} positions`);
    await putPositions(c.tx, community, [...d.placed, ...d.moved]);
    audit(c, community, at, 'imported', d, revision);
    placed += d.placed.length;
    moved += d.moved.length;
  }
  return ok({ placed, moved, floors: byFloor.size });
}
