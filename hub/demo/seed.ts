// The demo's first day: community, buildings and floors from the YAML that the simulators read too, and its users.
// Calls commands with a supplied time; what devices there are comes from the gateway's birth, as in life.
import { readFileSync } from 'node:fs';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import type { CommandContext } from '../events/api.ts';
import { ok, type Result } from '../errors.ts';
import { importBuildings } from '../property/api.ts';
import { ensureDemo } from './users.ts';

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
/** The part of the community's YAML that the hub needs. */
const DemoCommunity = Type.Object({
  community: Type.Object({ id: Type.String(), name: Words, timeZone: Type.String() }),
  gateway: Type.String(),
  floors: Type.Object({ lowest: Type.Integer(), highest: Type.Integer() }),
  buildings: Type.Array(Type.Object({ id: Type.String(), name: Words })),
});
export type DemoCommunity = Static<typeof DemoCommunity>;
const check = Compile(DemoCommunity);

/** @throws Error naming the file and the first part that is not as expected. */
export function readDemoCommunity(file: string): DemoCommunity {
  const raw: unknown = parse(readFileSync(file, 'utf8'));
  if (check.Check(raw)) return raw;
  const first = check.Errors(raw)[0];
  throw new Error(`${file}: ${first?.instancePath ?? '/'} ${first?.message ?? 'is not a community'}`);
}

/**
 * Seeds an empty hub, or leaves a demo hub as it is. Refuses `wrong-state` in a hub that is not a demo.
 * @param password see `ensureDemo`
 */
export async function seedDemo(
  c: CommandContext,
  demo: DemoCommunity,
  password: Parameters<typeof ensureDemo>[2],
): Promise<Result<{ first: boolean }>> {
  const { id, name, timeZone } = demo.community;
  const seeded = await ensureDemo(c, { id, name, timeZone }, password);
  if (!seeded.ok || !seeded.value.first) return seeded;
  const floors: { floor: number }[] = [];
  for (let floor = demo.floors.lowest; floor <= demo.floors.highest; floor++) if (floor !== 0) floors.push({ floor });
  const buildings = demo.buildings.map((b) => ({ id: b.id, name: b.name, floors }));
  const imported = await importBuildings(c, id, { buildings });
  return imported.ok ? ok({ first: true }) : imported;
}
