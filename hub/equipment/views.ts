// Devices and points as screens see them: the register's row with what memory knows now. Pure.
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';
import type { LivePoints, PointEntry, Site } from '../ingest/api.ts';
import { hubDevice } from '../ingest/api.ts';
import type { DeviceView, PointView } from './contract.ts';
import type { DeviceRow, PointCount, PointRow } from './store.ts';

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

interface Standing {
  readonly online: boolean;
  readonly reason: string;
}

/** Whether a device is heard, and if not, why. */
function standing(row: DeviceRow, site: Site | undefined, online: PointEntry | undefined): Standing {
  if (!site?.program) return { online: false, reason: 'not-yet-read' };
  if (site.silence) return { online: false, reason: 'gateway-silent' };
  if (site.stuck) return { online: false, reason: site.stuck };
  if (row.id === hubDevice(row.gateway)) return { online: true, reason: '' };
  const state = online && site.read(online);
  if (!state) return { online: false, reason: 'not-yet-read' };
  if (state.quality !== 'good') return { online: false, reason: state.reason };
  return state.value === 1 ? { online: true, reason: '' } : { online: false, reason: 'device-offline' };
}

export function deviceView(
  row: DeviceRow,
  of: {
    readonly points: LivePoints;
    readonly counts: PointCount | undefined;
    readonly openAlarms: number | undefined;
  },
): DeviceView {
  const site = of.points.site(row.gateway);
  const entries = of.points.entries(row.id);
  let good = 0;
  let heard: number | undefined;
  for (const entry of entries?.values() ?? []) {
    if (site?.read(entry)?.quality === 'good') good += 1;
    const at = site?.shown.get(entry.num)?.receivedTime;
    if (at !== undefined && (heard === undefined || at > heard)) heard = at;
  }
  return {
    id: row.id,
    gateway: row.gateway,
    name: row.name,
    kind: row.kind,
    profile: row.profile,
    vendor: row.vendor,
    model: row.model,
    evidence: row.evidence,
    ...(row.building === null ? {} : { building: row.building }),
    ...(row.floor === null ? {} : { floor: row.floor }),
    ...(row.place === null ? {} : { place: row.place }),
    ...standing(row, site, entries?.get(ONLINE_POINT)),
    lastHeard: iso(heard),
    points: { all: of.counts?.all ?? 0, good, unproved: of.counts?.unproved ?? 0 },
    openAlarms: of.openAlarms ?? 0,
  };
}

const markOf = (row: PointRow, by: string, names: ReadonlyMap<string, string>): NonNullable<PointView['mark']> => ({
  ...(row.proved_at === null ? {} : { at: row.proved_at.toISOString() }),
  by: names.get(by) ?? by,
  note: row.proved_note ?? '',
});

/** @param names of the people who marked points, by id; where that is asked for */
export function pointView(
  row: PointRow,
  points: LivePoints,
  gateway: string,
  names: ReadonlyMap<string, string> = new Map(),
): PointView {
  const site = points.site(gateway);
  const entry = points.entry(row.device, row.id);
  const state = entry && site?.read(entry);
  const sample = entry && site?.shown.get(entry.num);
  return {
    id: row.id,
    num: row.num,
    name: row.name,
    type: row.type,
    lane: row.lane,
    value: state?.value ?? null,
    unit: row.unit,
    quality: state?.quality ?? 'never',
    reason: state?.reason ?? 'not-yet-read',
    sourceTime: iso(sample?.sourceTime),
    receivedTime: iso(sample?.receivedTime),
    ...(row.range === null ? {} : { range: [...row.range] }),
    ...(row.band === null ? {} : { band: [...row.band] }),
    ...(row.enum === null ? {} : { enum: { ...row.enum } }),
    ...(row.floor === null ? {} : { floor: row.floor }),
    ...(row.place === null ? {} : { place: row.place }),
    proved: row.proved_at !== null,
    ...(row.proved_by === null ? {} : { mark: markOf(row, row.proved_by, names) }),
  };
}
