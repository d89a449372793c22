// How long the embedded history takes to answer, and how long its answers hold the event loop: a day of one series in
// 500 buckets among all series, before and after the fold, the newest value of every point, and a raw page.
// Prints one JSON line. Usage: history-query.ts [SERIES] [SECONDS_BETWEEN_SAMPLES]
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SeriesKey, SeriesSample } from '../../hub/history/api.ts';
import { openDuckdb, type DuckdbHistory } from '../../hub/history/duckdb.ts';
import { HISTORY_LIMITS } from '../../hub/history/limits.ts';
import { cleanUp } from '../helpers/cleanup.ts';
import { tempDir } from '../helpers/temp.ts';

const quick = process.argv.includes('--quick');
const [seriesCount = quick ? 100 : 1_000, everyS = 30] = process.argv
  .slice(2)
  .filter((arg) => !arg.startsWith('--'))
  .map(Number);
const DAY_MS = 86_400_000;
const T0 = Date.UTC(2026, 2, 2);
const ROUNDS = 9;

const series: readonly SeriesKey[] = Array.from({ length: seriesCount }, (_, k) => ({
  community: 'bench',
  building: String(k % 6),
  kind: 'water-main',
  device: `gw.d${k}`,
  point: 'pressure',
}));

async function fill(store: DuckdbHistory): Promise<number> {
  let seq = 0;
  for (let t = T0; t < T0 + DAY_MS; t += everyS * 1_000) {
    const samples = series.map((key, k): SeriesSample => {
      return {
        series: key,
        t,
        n: seq + k + 1,
        value: Math.round(300 + 50 * Math.sin(t / 5e6 + k)) / 1_000,
        quality: 'good',
      };
    });
    const batch = {
      gateway: 'gw',
      epoch: 'bench-01',
      lane: 'telemetry',
      first: seq + 1,
      last: seq + samples.length,
      samples,
    } as const;
    seq += samples.length;
    const stored = store.writer.append(batch);
    if (seq % (32 * seriesCount) === 0) await stored;
  }
  await store.writer.append({
    gateway: 'gw',
    epoch: 'bench-01',
    lane: 'telemetry',
    first: seq + 1,
    last: seq + 1,
    samples: [],
  });
  return seq;
}

/** Median of a few rounds, ms; each round asks for another series. */
async function median(ask: (key: SeriesKey) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const key = series[(round * 7_919) % seriesCount];
    const start = performance.now();
    if (key) await ask(key);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
}

const store = await openDuckdb({
  dir: tempDir('history'),
  now: () => T0,
  limits: { foldRows: Number.MAX_SAFE_INTEGER },
});
const points = await fill(store);
const day = { from: T0, to: T0 + DAY_MS };
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const dayUnfoldedMs = await median((key) => store.buckets(key, day, 500));
await store.fold();
const dayMs = await median((key) => store.buckets(key, day, 500));
const minutesMs = await median((key) => store.buckets(key, { from: T0, to: T0 + DAY_MS / 24 }, 500));
const rawMs = await median((key) => store.raw(key, day, { limit: HISTORY_LIMITS.rawPage }));
const lastMs = await median(() => store.last(series.slice(0, HISTORY_LIMITS.lastPoints), 0));
delay.disable();
await store.close();
const round = (x: number): number => Number(x.toPrecision(3));
console.log(
  JSON.stringify({
    bench: 'history-query',
    points,
    series: seriesCount,
    dayIn500BucketsUnfoldedMs: round(dayUnfoldedMs),
    dayIn500BucketsMs: round(dayMs),
    hourIn500BucketsMs: round(minutesMs),
    rawDayMs: round(rawMs),
    lastOfAllMs: round(lastMs),
    ratioFoldedToUnfolded: round(dayMs / dayUnfoldedMs),
    loopDelayMaxMs: round(delay.max / 1e6),
  }),
);
await cleanUp();
