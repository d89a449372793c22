// The demo's floor plans: its own drawings on every floor, and its devices on them, put in by the commands that people
// use: a file, a drawing, a point list.
import { createHash } from 'node:crypto';
import { listDevices, pointsOf, type DeviceRow } from '../equipment/store.ts';
import type { CommandContext } from '../events/api.ts';
import { examineUpload, putFile } from '../files/api.ts';
import { addDrawing, importPositions, positionsCsv } from '../floor-plans/api.ts';
import { valueOf } from '../http/problem.ts';
import { listBuildings } from '../property/api.ts';
import { BASEMENT, demoSpot, STANDARD_FLOOR } from './drawings.ts';

const DEVICES_MAX = 1_000;
const NOTE = '演示图纸 (demo drawing)';

async function keepDrawing(c: CommandContext, community: string, svg: string): Promise<string> {
  const { type, bytes } = valueOf(await examineUpload(Buffer.from(svg)));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await putFile(c.tx, { sha256, type, bytes, community, by: c.actor.id }, c.now);
  return sha256;
}

interface Placed {
  readonly device: string;
  readonly point: string;
  readonly building: string;
  readonly floor: number;
  readonly x: number;
  readonly y: number;
}

/** A device on its floor (a lift on every one), and the points that stand on floors of their own. */
async function placesOf(c: CommandContext, device: DeviceRow, floors: readonly number[]): Promise<Placed[]> {
  const { building } = device;
  if (building === null) return [];
  const place = (floor: number, point: string, name: string): Placed[] => {
    const spot = floors.includes(floor) ? demoSpot(floor, name) : undefined;
    return spot ? [{ device: device.id, point, building, floor, ...spot }] : [];
  };
  const on = device.floor === null ? floors : [device.floor];
  const itself = on.flatMap((floor) => place(floor, '', device.name.zh));
  if (device.kind !== 'fire-panel') return itself;
  const points = await pointsOf(c.tx, device.id);
  return [...itself, ...points.flatMap((p) => (p.floor === null ? [] : place(p.floor, p.id, p.name.zh)))];
}

/** Draws every floor and places what the demo knows the place of. */
export async function drawDemoPlans(c: CommandContext, community: string): Promise<void> {
  const [standard, basement] = [
    await keepDrawing(c, community, STANDARD_FLOOR),
    await keepDrawing(c, community, BASEMENT),
  ];
  const buildings = await listBuildings(c.tx, community);
  for (const { id: building, floors } of buildings) {
    const [below, above] = [floors.filter((f) => f.floor < 0), floors.filter((f) => f.floor > 0)];
    for (const [sha256, group] of [[basement, below] as const, [standard, above] as const]) {
      const [first, ...others] = group.map((f) => f.floor);
      if (first === undefined) continue;
      const body = { sha256, note: NOTE, alsoFloors: others };
      valueOf(await addDrawing(c, community, { building, floor: first }, body));
    }
  }
  const floorsOf = new Map(buildings.map((b) => [b.id, b.floors.map((f) => f.floor)]));
  const placed: Placed[] = [];
  const of = { community, kind: null, building: null };
  for (const device of await listDevices(c.tx, of, { after: '', limit: DEVICES_MAX }))
    placed.push(...(await placesOf(c, device, floorsOf.get(device.building ?? '') ?? [])));
  if (placed.length > 0) valueOf(await importPositions(c, community, positionsCsv(placed)));
}
