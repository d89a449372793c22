// What belongs on a floor: its devices, and points that stand apart from theirs (a detector of a panel that hangs
// elsewhere); each as memory knows it now, with its position where it has one. Pure apart from reading memory.
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';
import type { LivePoints, PointEntry, Program, Site } from '../ingest/api.ts';
import type { ThingView } from './contract.ts';
import type { Floor, PositionRow } from './store.ts';

const keyOf = (device: string, point: string): string => `${device}\n${point}`;

/** Points that say themselves where they stand. */
function apart(program: Program): ReadonlySet<PointEntry> {
  const found = new Set<PointEntry>();
  for (const device of program.born.devices)
    for (const point of device.points) {
      const entry = program.points[point.i];
      if (entry && (point.floor !== undefined || point.building !== undefined)) found.add(entry);
    }
  return found;
}

interface Source {
  readonly site: Site;
  readonly online: PointEntry | undefined;
  /** The point, or undefined for the device itself. */
  readonly point: PointEntry | undefined;
  /** Points that the device itself stands for. */
  readonly own: readonly PointEntry[];
  readonly entry: PointEntry;
  readonly here: boolean;
}

/** Everything of a community that could stand on a plan, by device and point. */
function* sourcesOf(points: LivePoints, community: string, at: Floor): Generator<[string, Source]> {
  for (const site of points.sites()) {
    const { program } = site;
    if (!program || site.community !== community) continue;
    const alone = apart(program);
    const isHere = (e: { readonly building: string | undefined; readonly floor: number | undefined }): boolean =>
      e.building === at.building && e.floor === at.floor;
    for (const ofDevice of program.devices.values()) {
      const entries = [...ofDevice.values()];
      const [entry] = entries;
      if (!entry) continue;
      const online = ofDevice.get(ONLINE_POINT);
      const own = entries.filter((e) => !alone.has(e));
      const shared = { site, online, own };
      yield [keyOf(entry.device.id, ''), { ...shared, point: undefined, entry, here: isHere(entry.device) }];
      for (const point of entries)
        yield [
          keyOf(entry.device.id, point.id),
          { ...shared, point, entry: point, here: alone.has(point) && isHere(point) },
        ];
    }
  }
}

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

function viewOf(source: Source, isProved: (num: number) => boolean, at: PositionRow | undefined): ThingView {
  const { site, point, online, own, entry } = source;
  const shown = point ?? online;
  const state = shown && site.read(shown);
  const place = point?.place ?? (point ? undefined : entry.device.place);
  return {
    device: entry.device.id,
    ...(point ? { point: point.id } : {}),
    name: point ? point.name : entry.device.name,
    deviceName: entry.device.name,
    kind: entry.device.kind,
    ...(place === undefined ? {} : { place }),
    ...(shown ? { num: shown.num } : {}),
    value: state?.value ?? null,
    quality: state?.quality ?? 'never',
    sourceTime: iso(shown && site.shown.get(shown.num)?.sourceTime),
    proved: point ? isProved(point.num) : own.every((e) => isProved(e.num)),
    elsewhere: !source.here,
    ...(at ? { at: { x: at.x, y: at.y } } : {}),
  };
}

/** A position whose device no birth knows any more, or not yet: it is shown, as unknown. */
const ghostOf = (row: PositionRow): ThingView => ({
  device: row.device,
  ...(row.point === '' ? {} : { point: row.point }),
  name: { zh: row.point || row.device, en: row.point || row.device },
  deviceName: { zh: row.device, en: row.device },
  kind: '',
  value: null,
  quality: 'never',
  sourceTime: null,
  proved: false,
  elsewhere: true,
  at: { x: row.x, y: row.y },
});

/** Lifts of the building are offered on each of its floors, for they stand on none. */
const passesBy = ({ point, entry: { device } }: Source, at: Floor): boolean =>
  !point && device.building === at.building && device.floor === undefined;

export function thingsOf(
  points: LivePoints,
  isProved: (num: number) => boolean,
  where: { readonly community: string } & Floor,
  positions: readonly PositionRow[],
): ThingView[] {
  const placed = new Map(positions.map((p) => [keyOf(p.device, p.point), p]));
  const things: ThingView[] = [];
  for (const [key, source] of sourcesOf(points, where.community, where)) {
    const at = placed.get(key);
    if (!at && !source.here && !passesBy(source, where)) continue;
    placed.delete(key);
    things.push(viewOf(source, isProved, at));
  }
  return [...things, ...[...placed.values()].map(ghostOf)];
}
