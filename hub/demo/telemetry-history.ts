// The demo's measurements of the days before: pressure and levels, pumps and panels, with a jockey pump that keeps the
// pressure, a weekly test of the fire pump, a fault, a panel that was not heard, and an hour in which nothing was.
import type { DeviceKind } from '../../device-profiles/contract/kinds.ts';
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';
import { listDevices, pointsOf } from '../equipment/store.ts';
import type { Tx } from '../db/tx.ts';
import type { HistoryWriter, SeriesKey, SeriesSample } from '../history/api.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Quantities change; what only goes on being so is told before it would count as unknown. */
const EVERY_MS = { quantity: MINUTE, state: 2.5 * MINUTE } as const;
const KINDS: readonly DeviceKind[] = ['fire-panel', 'fire-pump', 'jockey-pump', 'water-main', 'water-tank'];
const DEVICES_MAX = 1_000;
/** The jockey pump brings the pressure up, then it leaks away. */
const [CYCLE, JOCKEY_RUNS] = [170 * MINUTE, 7 * MINUTE];

/** What a point was so long ago (ms); null: nobody heard it. */
type Past = (ago: number) => number | null;
export interface PastSeries {
  readonly series: SeriesKey;
  readonly everyMs: number;
  readonly was: Past;
}

const within = (ago: number, begun: number, lasted: number): boolean => ago <= begun && ago > begun - lasted;
/** The line to the pump room was cut for a while. */
const silent = (ago: number): boolean => within(ago, 2 * DAY + 7 * HOUR, 65 * MINUTE);
const jockeyRuns = (ago: number): boolean => CYCLE - (ago % CYCLE) < JOCKEY_RUNS;
const testRuns = (ago: number): boolean => within(ago % (7 * DAY), 2 * DAY + 3 * HOUR, 12 * MINUTE);
/** The same unrest every time. */
const unrest = (ago: number, by: number): number =>
  Math.round(by * Math.sin(ago / 97_003) * Math.cos(ago / 31_013) * 1_000) / 1_000;

function pressureWas(ago: number): number {
  const since = CYCLE - (ago % CYCLE);
  const kept =
    since < JOCKEY_RUNS
      ? 1.16 + (0.18 * since) / JOCKEY_RUNS
      : 1.34 - (0.18 * (since - JOCKEY_RUNS)) / (CYCLE - JOCKEY_RUNS);
  return Math.round((kept + (testRuns(ago) ? 0.16 : 0) + unrest(ago, 0.006)) * 1_000) / 1_000;
}
const levelWas =
  (mean: number, swing: number): Past =>
  (ago) =>
    Math.round((mean + swing * Math.sin((2 * Math.PI * ago) / DAY) + unrest(ago, 0.01)) * 1_000) / 1_000;

const STATES: readonly (readonly [RegExp, Past])[] = [
  [/^running/, (ago) => Number(jockeyRuns(ago))],
  [/^started/, (ago) => Number(testRuns(ago))],
  [/^not-auto/, (ago) => Number(within(ago % (7 * DAY), 2 * DAY + 3 * HOUR + 6 * MINUTE, 25 * MINUTE))],
  [/^fault/, (ago) => Number(within(ago, 5 * DAY + 4 * HOUR, 38 * MINUTE))],
];

function pastOf(
  device: { readonly id: string; readonly kind: string },
  point: { readonly id: string; readonly unit: string; readonly type: string },
  nth: number,
): Past | undefined {
  if (point.id === ONLINE_POINT)
    return device.kind === 'fire-panel' && nth === 1
      ? (ago) => Number(!within(ago, 4 * DAY + 2 * HOUR, 34 * MINUTE))
      : () => 1;
  if (device.kind === 'fire-panel') return undefined;
  if (point.id === 'pressure' && point.unit === 'MPa') return device.kind === 'water-main' ? pressureWas : undefined;
  if (point.id === 'level') return device.id.includes('roof') ? levelWas(1.86, 0.05) : levelWas(3.3, 0.08);
  if (point.type !== 'bool') return undefined;
  return STATES.find(([id]) => id.test(point.id))?.[1] ?? (() => 0);
}

/** Which points of the demo have a past, and what it was. */
export async function pastSeries(tx: Tx, community: string): Promise<PastSeries[]> {
  const out: PastSeries[] = [];
  for (const kind of KINDS) {
    const devices = await listDevices(tx, { community, kind, building: null }, { after: '', limit: DEVICES_MAX });
    // A compound has many end pressures; the past is that of the pump room's.
    const told = kind === 'water-main' ? devices.filter((d) => /pressure/.test(d.id)) : devices;
    for (const [nth, device] of told.entries())
      for (const point of await pointsOf(tx, device.id)) {
        const was = pastOf(device, point, nth);
        const series = { community, kind, device: device.id, point: point.id, building: device.building ?? '' };
        const inPumpRoom = kind !== 'fire-panel';
        if (was)
          out.push({
            series,
            everyMs: point.unit === '' ? EVERY_MS.state : EVERY_MS.quantity,
            was: inPumpRoom ? (ago) => (silent(ago) ? null : was(ago)) : was,
          });
      }
  }
  return out;
}

/** Writes so many days up to `now`, a day at a time. Each sample once, however often it is called. */
export async function writePastSamples(
  writer: HistoryWriter,
  series: readonly PastSeries[],
  now: number,
  days: number,
): Promise<void> {
  let n = 0;
  for (let day = days; day > 0; day--) {
    const first = n + 1;
    const samples: SeriesSample[] = [];
    for (const { series: of, everyMs, was } of series)
      for (let t = now - day * DAY; t < now - (day - 1) * DAY; t += everyMs) {
        const value = was(now - t);
        // What was not heard takes no sequence: they have no holes.
        if (value !== null) samples.push({ series: of, t, n: ++n, value, quality: 'good' });
      }
    if (samples.length === 0) continue;
    await writer.append({ gateway: 'demo-past', epoch: 'past', lane: 'telemetry', first, last: n, samples });
  }
}
