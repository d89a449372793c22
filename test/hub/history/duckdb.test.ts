// The embedded store: the common suite before and after folding, exactly-once appends, locks, retention, failures.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDuckdb, type DuckdbHistory, type DuckdbOptions } from '../../../hub/history/duckdb.ts';
import { setAsideDamaged } from '../../../hub/history/duckdb-file.ts';
import { HistoryError, type HistoryBatch, type SeriesKey, type SeriesSample } from '../../../hub/history/api.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { runToEnd, startNode } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';
import { historySuite } from './suite.ts';

const NOW = Date.UTC(2026, 2, 3);

async function open(options: Partial<DuckdbOptions> = {}): Promise<DuckdbHistory> {
  const store = await openDuckdb({
    dir: tempDir('history'),
    now: () => NOW,
    ...options,
    limits: { commitDelayMs: 2, ...options.limits },
  });
  onCleanup(() => store.close());
  return store;
}

/** Appends whatever it is given as the next batch of one lane. */
function appender(store: DuckdbHistory): (samples: readonly SeriesSample[]) => Promise<void> {
  let seq = 0;
  return async (samples) => {
    const first = seq + 1;
    seq += Math.max(1, samples.length);
    await store.writer.append({ gateway: 'gw-1', epoch: 'epoch-01', lane: 'telemetry', first, last: seq, samples });
  };
}

describe('DuckDB, samples still as they came', () => {
  historySuite(async () => {
    const history = await open();
    return { history, write: appender(history) };
  });
});

describe('DuckDB, samples folded into archive and roll-ups', () => {
  historySuite(async () => {
    const history = await open();
    const append = appender(history);
    const write = async (samples: readonly SeriesSample[]): Promise<void> => {
      // Half of it folded twice over and half still recent: every answer has to join them.
      const half = Math.ceil(samples.length / 2);
      await append(samples.slice(0, Math.ceil(half / 2)));
      await history.fold();
      await append(samples.slice(Math.ceil(half / 2), half));
      await history.fold();
      await append(samples.slice(half));
    };
    return { history, write };
  });
});

const series: SeriesKey = { community: 'c', building: '1', kind: 'fire-panel', device: 'gw.panel', point: 'fire' };
const HOUR_MS = 3_600_000;
const T0 = Date.UTC(2026, 2, 2);
/** Records `first` to `last` of the safety lane; the value of each is its sequence. */
const batch = (first: number, last: number, change: Partial<HistoryBatch> = {}): HistoryBatch => ({
  gateway: 'gw',
  epoch: 'epoch-01',
  lane: 'safety',
  first,
  last,
  samples: Array.from({ length: last - first + 1 }, (_, k) => ({
    series,
    t: T0 + first + k,
    n: first + k,
    value: first + k,
    quality: 'good' as const,
  })),
  ...change,
});
const values = async (store: DuckdbHistory): Promise<unknown[]> =>
  (await store.raw(series, { from: T0, to: T0 + 100_000 })).samples.map((s) => s.value);
/** Every value, page by page. */
async function allValues(store: DuckdbHistory): Promise<unknown[]> {
  const all: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.raw(series, { from: T0, to: T0 + 10 * HOUR_MS }, cursor === null ? {} : { cursor });
    all.push(...page.samples.map((s) => s.value));
    cursor = page.next;
  } while (cursor !== null);
  return all;
}
/** The highest watermark that a child of open-store.ts has printed in a whole line. */
function lastStored(stdout: string): number {
  const lines = stdout
    .slice(0, stdout.lastIndexOf('\n') + 1)
    .trimEnd()
    .split('\n');
  return Number(/"stored":(\d+)/.exec(lines.at(-1) ?? '')?.[1] ?? 0);
}
/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const upTo = (last: number): number[] => Array.from({ length: last }, (_, k) => k + 1);

describe('appending', () => {
  test('replays and overlaps take effect once, also across a restart', async () => {
    const dir = tempDir('history');
    const first = await open({ dir });
    expect(await first.writer.append(batch(1, 5))).toEqual({ outcome: 'stored', stored: 5 });
    expect(await first.writer.append(batch(1, 5))).toEqual({ outcome: 'stored', stored: 5 });
    expect(await first.writer.append(batch(4, 8))).toEqual({ outcome: 'stored', stored: 8 });
    await first.close();

    const second = await open({ dir });
    expect(second.writer.stored('gw', 'epoch-01', 'safety')).toBe(8);
    expect(second.writer.stored('gw', 'epoch-01', 'telemetry')).toBe(0);
    expect(second.writer.stored('gw', 'epoch-02', 'safety')).toBe(0);
    expect(await second.writer.append(batch(6, 10))).toEqual({ outcome: 'stored', stored: 10 });
    expect(await values(second)).toEqual(upTo(10));
    expect(second.writer.counters.replayed).toBe(3);
  });

  test('batches handed in without waiting are stored in order; replays among them wait for the same commit', async () => {
    const store = await open();
    const answers = await Promise.all(
      [batch(1, 3), batch(4, 6), batch(1, 3), batch(2, 9)].map((b) => store.writer.append(b)),
    );
    expect(answers.map((a) => a.outcome)).toEqual(['stored', 'stored', 'stored', 'stored']);
    expect(await values(store)).toEqual(upTo(9));
    expect(store.writer.counters.commits).toBe(1);
  });

  test('a batch beyond the watermark is refused; one that covers the loss makes way for it', async () => {
    const store = await open();
    await store.writer.append(batch(1, 2));
    expect(await store.writer.append(batch(5, 6))).toEqual({ outcome: 'gap', stored: 2 });
    expect(await store.writer.append({ ...batch(3, 4), samples: [] })).toEqual({ outcome: 'stored', stored: 4 });
    expect(await store.writer.append(batch(5, 6))).toEqual({ outcome: 'stored', stored: 6 });
    expect(await values(store)).toEqual([1, 2, 5, 6]);
  });

  test('notes at the end of a batch move the watermark without being samples', async () => {
    const store = await open();
    await store.writer.append({ ...batch(1, 2), last: 4 });
    await store.writer.append({ ...batch(5, 5), samples: [] });
    expect(store.writer.stored('gw', 'epoch-01', 'safety')).toBe(5);
    expect(await values(store)).toEqual([1, 2]);
  });

  test('lanes and gateways count apart', async () => {
    const store = await open();
    const others: Partial<HistoryBatch>[] = [{}, { lane: 'telemetry' }, { gateway: 'gw-2' }];
    for (const change of others) await store.writer.append(batch(1, 1, change));
    expect(await values(store)).toEqual([1, 1, 1]);
  });

  test('what a gateway carries into its next epoch is known by its n, also across a restart and while it waits', async () => {
    const dir = tempDir('history');
    const first = await open({ dir });
    /** Records of sequence `from` on in the epoch, whose n and value begin at `n`. */
    const carried = (epoch: string, from: number, n: number, count: number): HistoryBatch => ({
      ...batch(n, n + count - 1, { epoch }),
      first: from,
      last: from + count - 1,
    });
    await first.writer.append(carried('epoch-01', 1, 1, 5));
    // Not awaited: the third epoch comes while the second one waits for its commit.
    const second = first.writer.append(carried('epoch-02', 1, 4, 4));
    await first.writer.append(carried('epoch-03', 1, 6, 4));
    expect(await second).toEqual({ outcome: 'stored', stored: 4 });
    await first.close();
    const later = await open({ dir });
    await later.writer.append(carried('epoch-03', 4, 9, 3));
    await later.writer.append(carried('epoch-04', 1, 11, 2));
    expect(await values(later)).toEqual(upTo(12));
    expect(later.counters()).toMatchObject({ replayed: 2, samples: 3 });
  });

  test('a full queue answers busy and loses nothing', async () => {
    const store = await open({ limits: { queuedSamples: 10 } });
    const taken = store.writer.append(batch(1, 8));
    expect(await store.writer.append(batch(9, 12))).toEqual({ outcome: 'busy', stored: 0 });
    expect(await taken).toEqual({ outcome: 'stored', stored: 8 });
    expect(await store.writer.append(batch(9, 12))).toEqual({ outcome: 'stored', stored: 12 });
    expect(await values(store)).toEqual(upTo(12));
  });

  test('a time that no history can hold is counted and does not hold up the lane', async () => {
    const store = await open();
    const bad = { ...batch(1, 3), samples: batch(1, 3).samples.map((s, k) => (k === 1 ? { ...s, t: 8.64e15 } : s)) };
    expect(await store.writer.append(bad)).toEqual({ outcome: 'stored', stored: 3 });
    expect(await values(store)).toEqual([1, 3]);
    expect(store.counters()).toMatchObject({ timeless: 1 });
  });

  test('numbers that are none are stored as no value, and zero without a sign', async () => {
    const store = await open();
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0].map((value, k) => ({
      series,
      t: T0 + k,
      n: k,
      value,
      quality: 'good' as const,
    }));
    await store.writer.append({ ...batch(1, 3), samples: odd });
    expect(await values(store)).toEqual([null, null, 0]);
  });
});

describe('the file', () => {
  test('a second process is told who has it', async () => {
    const dir = tempDir('history');
    const opener = 'test/hub/history/open-store.ts';
    const first = await startNode(opener, [dir]);
    const second = await runToEnd(process.execPath, ['--import', 'tsx', opener, dir]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      `locked: ${dir}/history.duckdb is in use by process ${first.pid}: a data directory belongs to one hub`,
    );
    await first.kill();
    expect(await values(await open({ dir }))).toEqual([]);
  });

  test('a damaged file is set aside and an empty one takes its place', async () => {
    const dir = tempDir('history');
    const before = await open({ dir });
    await before.writer.append(batch(1, 3));
    await before.close();
    const noise = Buffer.alloc(4_096, 7);
    writeFileSync(join(dir, 'history.duckdb'), noise);
    const store = await open({ dir, now: () => T0 });
    expect(store.damaged?.file).toBe(join(dir, 'damaged-2026-03-02T000000000Z.duckdb'));
    expect(readFileSync(store.damaged?.file ?? '')).toEqual(noise);
    const { status, detail } = await store.health();
    expect(`${status}: ${detail}`).toContain(`degraded: began anew: the damaged file is ${dir}`);
    await store.writer.append(batch(1, 2));
    expect(await allValues(store)).toEqual([1, 2]);
    await store.close();
    // Next time all is well again, and the past since then is there.
    const again = await open({ dir });
    expect(again.damaged).toBeUndefined();
    expect(await allValues(again)).toEqual([1, 2]);
  });

  test('a place that refuses is no damage: the file stays', async () => {
    const dir = tempDir('history');
    expect(setAsideDamaged(dir, new Error('IO Error: No space left on device'), T0)).toBeUndefined();
    expect(setAsideDamaged(dir, new Error('not a valid DuckDB database file'), T0)).toBeUndefined();
    writeFileSync(join(dir, 'history.duckdb'), 'x');
    expect(setAsideDamaged(dir, new Error('IO Error: Permission denied'), T0)).toBeUndefined();
    expect(readFileSync(join(dir, 'history.duckdb'), 'utf8')).toBe('x');
  });

  test('kill -9 at random moments loses nothing that was acknowledged and doubles nothing', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const random = seeded(seed);
    const dir = tempDir('history');
    let acknowledged = 0;
    for (let kill = 0; kill < 5; kill++) {
      const child = await startNode('test/hub/history/open-store.ts', [dir, '1000000']);
      const { stored } = child.ready as { stored: number };
      expect(stored, `seed ${seed}, kill ${kill}`).toBeGreaterThanOrEqual(acknowledged);
      const target = stored + 100 * Math.ceil(random() * 150);
      await until(() => lastStored(child.stdout()) >= target, { ms: 20_000, what: `${target} records are stored` });
      await child.kill();
      acknowledged = lastStored(child.stdout());
    }
    const store = await open({ dir });
    const last = store.writer.stored('gw', 'epoch-01', 'safety');
    expect(last, `seed ${seed}`).toBeGreaterThanOrEqual(acknowledged);
    const { buckets } = await store.buckets(series, { from: T0, to: T0 + 10 * HOUR_MS }, 1);
    expect(buckets, `seed ${seed}`).toMatchObject([{ count: last, min: 1, max: last }]);
    expect(await allValues(store), `seed ${seed}`).toEqual(upTo(last));
  }, 120_000);

  test('what is older than its grain is kept is dropped, coarser grains stay', async () => {
    const DAY_MS = 86_400_000;
    const store = await open({
      now: () => T0 + 10 * DAY_MS,
      retention: { rawMs: DAY_MS, minuteMs: 5 * DAY_MS, hourMs: 0 },
    });
    const samples = [0, 7, 9.5].map((day, k) => ({
      series,
      t: T0 + day * DAY_MS,
      n: k,
      value: day,
      quality: 'good' as const,
    }));
    await store.writer.append({ ...batch(1, 3), samples });
    await store.fold();
    const range = { from: T0, to: T0 + 10 * DAY_MS };
    expect((await store.raw(series, range)).samples.map((s) => s.value)).toEqual([9.5]);
    expect((await store.buckets(series, range, 1_000)).buckets.map((b) => b.last)).toEqual([7, 9.5]);
    expect((await store.buckets(series, range, 240)).buckets.map((b) => b.last)).toEqual([0, 7, 9.5]);
    expect(await store.last([series], 0)).toMatchObject([{ value: 9.5 }]);
  });

  test('folds by itself when enough rows wait, while appends go on', async () => {
    const store = await open({ limits: { foldRows: 500, commitDelayMs: 1 } });
    for (let first = 1; first <= 5_000; first += 50) await store.writer.append(batch(first, first + 49));
    expect(await values(store)).toEqual(upTo(5_000));
    const { folds = 0, foldFailures, commitFailures } = store.counters();
    expect(folds).toBeGreaterThan(3);
    expect([foldFailures, commitFailures]).toEqual([0, 0]);
    expect((await store.buckets(series, { from: T0, to: T0 + HOUR_MS }, 1)).buckets).toMatchObject([{ count: 5_000 }]);
  });

  test('more questions than may wait are refused by name, the others answered', async () => {
    const store = await open({ limits: { waitingQueries: 5, readers: 2 } });
    await store.writer.append(batch(1, 10));
    const ask = (): Promise<unknown> =>
      store.buckets(series, { from: T0, to: T0 + HOUR_MS }, 1).then(
        (answer) => answer.buckets.length,
        (error: unknown) => (error instanceof HistoryError ? error.code : error),
      );
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    expect(answers).toEqual([...Array<number>(7).fill(1), ...Array<string>(3).fill('unavailable')]);
    expect(await ask()).toBe(1);
  });
});
