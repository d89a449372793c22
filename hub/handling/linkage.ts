// Whether linkage is in automatic, by live points: who tells it, what it says, and who should tell it and does not.
import { createHash } from 'node:crypto';
import type { AlarmEngine, ModeSignal } from '../alarms/api.ts';
import type { DeviceEntry, LivePoints, PointEntry, Site } from '../ingest/api.ts';
import type { LinkageDevice, LinkageState } from './contract.ts';
import { FIRE_LIMITS } from './limits.ts';

const placeOf = (of: { building?: string | undefined; floor?: number | undefined; place?: string | undefined }) => ({
  ...(of.building === undefined ? {} : { building: of.building }),
  ...(of.floor === undefined ? {} : { floor: of.floor }),
  ...(of.place === undefined ? {} : { place: of.place }),
});

const DIGEST_CHARS = 16;

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
  const devices = new Map<string, DeviceEntry>();
  for (const entry of program.points) if (entry) devices.set(entry.device.id, entry.device);
  const told = engine.modeSignals(gateway).map((signal): LinkageDevice => {
    const { entry, since } = signal;
    // A contact of another module tells it where the panel or pump itself does not: it stands for that one.
    const about = entry.about === undefined ? undefined : devices.get(entry.about);
    const device = about ?? entry.device;
    const state = stateOf(site, signal);
    return {
      device: device.id,
      name: device.name,
      point: entry.name,
      state,
      ...(state === 'not-auto' && since !== undefined ? { since: new Date(since).toISOString() } : {}),
      ...placeOf(about ?? placeOfContact(entry)),
    };
  });
  const tells = new Set(told.map((d) => d.device));
  const silent = [...devices.values()].filter((d) => kinds.includes(d.kind) && !tells.has(d.id));
  return [
    ...told,
    ...silent.map((d): LinkageDevice => ({ device: d.id, name: d.name, state: 'not-told', ...placeOf(d) })),
  ];
}

const placeOfContact = ({ building, floor, place, device }: PointEntry) => ({
  building,
  floor,
  place: place ?? device.place,
});

/** Only what is good now says anything: a contact that is stale, bad or was never heard leaves it unknown. */
function stateOf(site: Site, { reads, truth }: ModeSignal): 'auto' | 'not-auto' | 'unknown' {
  const known = reads.every((read) => site.read(read)?.quality === 'good');
  if (!known || truth === 'unknown') return 'unknown';
  return truth === 'true' ? 'not-auto' : 'auto';
}

/** Changes whenever anything goes to manual or back, or is no longer known: screens then ask anew. */
export function linkageDigest(engine: Pick<AlarmEngine, 'modeSignals'>, points: LivePoints, community: string): string {
  const hash = createHash('sha256');
  for (const site of points.sites()) {
    if (site.community !== community) continue;
    hash.update(`${site.gateway}:${site.program?.birth ?? ''}\n`);
    for (const signal of engine.modeSignals(site.gateway))
      hash.update(`${stateOf(site, signal)} ${signal.since ?? ''}\n`);
  }
  return hash.digest('base64url').slice(0, DIGEST_CHARS);
}

/** Everything that should tell it says automatic, and something does. */
export const isFine = (devices: readonly LinkageDevice[]): boolean =>
  devices.length > 0 && devices.every((d) => d.state === 'auto');
