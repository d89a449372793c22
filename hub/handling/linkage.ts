// Whether linkage is in automatic, by live points: who tells it, what it says, and who should tell it and does not.
import type { AlarmEngine } from '../alarms/api.ts';
import type { DeviceEntry, LivePoints, Site } from '../ingest/api.ts';
import type { LinkageDevice, LinkageState } from './contract.ts';
import { FIRE_LIMITS } from './limits.ts';

const placeOf = (of: { building?: string | undefined; floor?: number | undefined; place?: string | undefined }) => ({
  ...(of.building === undefined ? {} : { building: of.building }),
  ...(of.floor === undefined ? {} : { floor: of.floor }),
  ...(of.place === undefined ? {} : { place: of.place }),
});

const ORDER: readonly LinkageState[] = ['not-auto', 'unknown', 'not-told', 'auto'];

/**
 * Every contact that tells of manual or automatic, and every device of these kinds that has none: worst first. What is
 * stale, bad or was never heard is unknown, never automatic. A gateway that is not heard yet stands for all that is on it.
 */
export function linkageOf(
  engine: Pick<AlarmEngine, 'modeSignals'>,
  points: LivePoints,
  community: string,
  kinds: readonly string[],
): LinkageDevice[] {
  const found: LinkageDevice[] = [];
  for (const site of points.sites()) if (site.community === community) found.push(...ofSite(engine, site, kinds));
  return found.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state)).slice(0, FIRE_LIMITS.linkageMax);
}

function ofSite(engine: Pick<AlarmEngine, 'modeSignals'>, site: Site, kinds: readonly string[]): LinkageDevice[] {
  const { program, gateway } = site;
  if (!program) return [{ device: gateway, name: { zh: gateway, en: gateway }, state: 'unknown' }];
  const told = engine.modeSignals(gateway).map(({ entry, reads, truth }): LinkageDevice => {
    const known = reads.every((read) => site.read(read)?.quality === 'good');
    const state = !known || truth === 'unknown' ? 'unknown' : truth === 'true' ? 'not-auto' : 'auto';
    const { device, name } = entry;
    const { building = device.building, floor = device.floor, place = device.place } = entry;
    return { device: device.id, name: device.name, point: name, state, ...placeOf({ building, floor, place }) };
  });
  const tells = new Set(told.map((d) => d.device));
  const devices = new Map<string, DeviceEntry>();
  for (const entry of program.points) if (entry) devices.set(entry.device.id, entry.device);
  const silent = [...devices.values()].filter((d) => kinds.includes(d.kind) && !tells.has(d.id));
  return [
    ...told,
    ...silent.map((d): LinkageDevice => ({ device: d.id, name: d.name, state: 'not-told', ...placeOf(d) })),
  ];
}

/** Everything that should tell it says automatic, and something does. */
export const isFine = (devices: readonly LinkageDevice[]): boolean =>
  devices.length > 0 && devices.every((d) => d.state === 'auto');
