// What the embedded history costs: points a second into DuckDB, beside a bare append of the same bytes with fdatasync
// in the same run, and how long the event loop is held meanwhile. Prints one JSON line.
// Usage: history-append.ts [--quick] [POINTS] [SERIES] [BATCH]
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SeriesKey, SeriesSample } from '../../hub/history/api.ts';
import { openDuckdb } from '../../hub/history/duckdb.ts';
import { HISTORY_LIMITS } from '../../hub/history/limits.ts';
import { cleanUp } from '../helpers/cleanup.ts';
import { tempDir } from '../helpers/temp.ts';

const quick = process.argv.includes('--quick');
const [points = quick ? 200_000 : 2_000_000, seriesCount = 1_000, batchSize = 1_000] = process.argv
  .slice(2)
  .filter((arg) => !arg.startsWith('--'))
  .map(Number);
const T0 = Date.UTC(2026, 2, 2);
/** Series, time, value, quality, sequence as they lie in memory. */
const BYTES_PER_POINT = 29;
/** Batches on their way at once, as lanes of several gateways would have. */
const IN_FLIGHT = 32;

const series: readonly SeriesKey[] = Array.from({ length: seriesCount }, (_, k) => ({
  community: 'bench',
  building: String(k % 6),
  kind: 'water-main',
  device: `gw.d${k}`,
  point: 'pressure',
}));

/** A slow wave with the noise of a transmitter of 0.001 MPa resolution. */
const valueAt = (k: number): number => Math.round(300 + 50 * Math.sin(k / 5_000) + 3 * Math.random()) / 1_000;

function batchOf(first: number): readonly SeriesSample[] {
  return Array.from({ length: batchSize }, (_, k): SeriesSample => {
    const n = first + k;
    const key = series[n % seriesCount] ?? { community: '', building: '', kind: 'gateway', device: '', point: '' };
    return { series: key, t: T0 + Math.floor(n / seriesCount) * 1_000, n, value: valueAt(n), quality: 'good' };
  });
}

/** Points a second of encoding the same samples and appending them to a file, durable as often as the store commits. */
function rawAppend(batches: readonly (readonly SeriesSample[])[]): number {
  const fd = openSync(join(tempDir('raw'), 'raw'), 'a');
  const group = Buffer.alloc(HISTORY_LIMITS.commitSamples * BYTES_PER_POINT);
  let at = 0;
  const flush = (): void => {
    writeSync(fd, group, 0, at);
    fdatasyncSync(fd);
    at = 0;
  };
  const start = performance.now();
  for (const samples of batches) {
    if (at + samples.length * BYTES_PER_POINT > group.length) flush();
    for (const { t, n, value, quality } of samples) {
      group.writeInt32LE(n % seriesCount, at);
      group.writeDoubleLE(t, at + 4);
      group.writeDoubleLE(n, at + 12);
      group.writeDoubleLE(Number(value), at + 20);
      group.writeUInt8(quality.length, at + 28);
      at += BYTES_PER_POINT;
    }
  }
  flush();
  closeSync(fd);
  return points / ((performance.now() - start) / 1_000);
}

async function duckdbAppend(batches: readonly (readonly SeriesSample[])[]): Promise<Record<string, number>> {
  const store = await openDuckdb({ dir: tempDir('history'), now: () => T0 });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  delay.enable();
  const start = performance.now();
  const onTheWay: Promise<unknown>[] = [];
  for (const [k, samples] of batches.entries()) {
    const first = 1 + k * batchSize;
    const last = first + batchSize - 1;
    onTheWay.push(store.writer.append({ gateway: 'gw', epoch: 'bench-01', lane: 'telemetry', first, last, samples }));
    if (onTheWay.length >= IN_FLIGHT) await onTheWay.shift();
  }
  await Promise.all(onTheWay);
  const seconds = (performance.now() - start) / 1_000;
  delay.disable();
  const used = process.cpuUsage(cpu);
  const stored = batches.length * batchSize;
  const { folds = 0, commits = 0 } = store.counters();
  await store.close();
  return {
    pointsPerS: stored / seconds,
    cpuUsPerPoint: (used.user + used.system) / stored,
    loopDelayP99Ms: delay.percentile(99) / 1e6,
    loopDelayMaxMs: delay.max / 1e6,
    commits,
    folds,
  };
}

const batches = Array.from({ length: Math.ceil(points / batchSize) }, (_, k) => batchOf(1 + k * batchSize));
const raw = rawAppend(batches);
const duckdb = await duckdbAppend(batches);
const round = (x: number): number => Number(x.toPrecision(3));
console.log(
  JSON.stringify({
    bench: 'history-append',
    points,
    series: seriesCount,
    batch: batchSize,
    ...Object.fromEntries(Object.entries(duckdb).map(([name, value]) => [name, round(value)])),
    rawPointsPerS: round(raw),
    ratioToRaw: round((duckdb['pointsPerS'] ?? 0) / raw),
  }),
);
await cleanUp();
