// What history answers, whichever store keeps it: one suite for DuckDB and InfluxDB.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Buckets, History, PointRef, SeriesKey, SeriesSample, StateDurations } from '../../../hub/history/api.ts';
import { HISTORY_LIMITS } from '../../../hub/history/limits.ts';
import type { Quality, Value } from '../../../device-profiles/contract/point.ts';
import { inOrder, naiveBuckets, naiveStates, recorded } from './naive.ts';

export interface Store {
  readonly history: History;
  /** Records samples by the store's own way in, durable when it resolves. */
  write(samples: readonly SeriesSample[]): Promise<void>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** 2026-03-02, a Monday, 10:00 in China. */
const T0 = Date.UTC(2026, 2, 2, 2, 0, 0);

let n = 0;
const key = (point: string, change: Partial<SeriesKey> = {}): SeriesKey => ({
  community: 'xingfuli',
  building: '3',
  kind: 'water-main',
  device: 'gw-1.main-3',
  point,
  ...change,
});
const sample = (series: SeriesKey, t: number, value: Value, quality: Quality = 'good'): SeriesSample => ({
  series,
  t,
  n: ++n,
  value,
  quality,
});

/** Sums of floats depend on their order, so means are compared to 12 digits. */
const rounded = ({ widthMs, from, to, buckets }: Buckets): Buckets => ({
  widthMs,
  from,
  to,
  buckets: buckets.map((b) => ({ ...b, mean: b.mean === null ? null : Number(b.mean.toPrecision(12)) })),
});
const byValue = ({ states, unknownMs }: StateDurations): unknown => ({
  states: new Map(states.map((state) => [state.value, state])),
  unknownMs,
});

export function historySuite(open: () => Promise<Store>): void {
  let store: Store;
  let history: History;
  const buckets = async (point: PointRef, from: number, to: number, count: number): Promise<Buckets> =>
    rounded(await history.buckets(point, { from, to }, count));

  beforeAll(async () => {
    store = await open();
    history = store.history;
  });

  describe('last', () => {
    test('gives the newest sample of each point in the order asked, whatever order they came in', async () => {
      const [a, b] = [key('last-a'), key('last-b', { device: 'gw-1.main-4' })];
      await store.write([sample(a, T0 + 2_000, 0.35), sample(b, T0, 1), sample(a, T0 + 1_000, 0.31)]);
      expect(await history.last([b, key('never-seen'), a], 0)).toEqual([
        { t: T0, value: 1, quality: 'good' },
        null,
        { t: T0 + 2_000, value: 0.35, quality: 'good' },
      ]);
    });

    test('within one millisecond the gateway sequence decides', async () => {
      const a = key('last-tie');
      await store.write([sample(a, T0, 1), sample(a, T0, 2), sample(a, T0, 3)]);
      expect(await history.last([a], 0)).toEqual([{ t: T0, value: 3, quality: 'good' }]);
    });

    test('tells a newest sample without value or of bad quality as it is', async () => {
      const [none, bad, text] = [key('last-none'), key('last-bad'), key('last-text')];
      await store.write([
        sample(none, T0, 5),
        sample(none, T0 + 1, null, 'never'),
        sample(bad, T0, 9, 'good'),
        sample(bad, T0 + 1, 65_535, 'bad'),
        sample(text, T0, '困人'),
        sample(text, T0 + 1, 'a "quoted" \\ text, with = signs', 'stale'),
      ]);
      expect(await history.last([none, bad, text], 0)).toEqual([
        { t: T0 + 1, value: null, quality: 'never' },
        { t: T0 + 1, value: 65_535, quality: 'bad' },
        { t: T0 + 1, value: 'a "quoted" \\ text, with = signs', quality: 'stale' },
      ]);
    });

    test('what is older than `since` is not told', async () => {
      const a = key('last-since');
      await store.write([sample(a, T0, 1)]);
      expect(await history.last([a], T0)).toEqual([{ t: T0, value: 1, quality: 'good' }]);
      expect(await history.last([a], T0 + 1)).toEqual([null]);
    });

    test('one community never sees the points of another', async () => {
      const ours = key('last-tenant');
      await store.write([sample(ours, T0, 1)]);
      const theirs = { ...ours, community: 'other' };
      expect(await history.last([theirs], 0)).toEqual([null]);
      expect((await history.raw(theirs, { from: T0, to: T0 + 1 })).samples).toEqual([]);
    });

    test('names with every special character are found again', async () => {
      const odd = key('p o\'i=n,t "x"', { device: 'gw-1.泵 房,1=a', building: '' });
      await store.write([sample(odd, T0, 1)]);
      expect(await history.last([odd, { ...odd, point: "x' OR 1=1 --" }], 0)).toEqual([
        { t: T0, value: 1, quality: 'good' },
        null,
      ]);
    });

    test('a device that moved to another building keeps its history', async () => {
      const old = key('last-moved');
      await store.write([sample(old, T0, 1), sample({ ...old, building: '5' }, T0 + 1, 2)]);
      expect((await history.raw(old, { from: T0, to: T0 + 2 })).samples.map((s) => s.value)).toEqual([1, 2]);
    });

    test('too many points at once are refused', async () => {
      const many = Array.from({ length: HISTORY_LIMITS.lastPoints + 1 }, () => key('x'));
      await expect(history.last(many, 0)).rejects.toMatchObject({ code: 'too-much' });
      const most = many.slice(1);
      expect(await history.last(most, 0)).toHaveLength(HISTORY_LIMITS.lastPoints);
    });
  });

  describe('raw', () => {
    test('pages through a range in order, without loss or repetition', async () => {
      const a = key('raw-pages');
      const samples = Array.from({ length: 50 }, (_, k) => sample(a, T0 + Math.floor(k / 3) * 10, k));
      await store.write(samples.toReversed());
      const seen: unknown[] = [];
      let cursor: string | null = null;
      let pages = 0;
      do {
        const range = { from: T0, to: T0 + 1_000 };
        const page = await history.raw(a, range, { limit: 7, ...(cursor === null ? {} : { cursor }) });
        seen.push(...page.samples);
        cursor = page.next;
        pages += 1;
      } while (cursor !== null);
      expect(seen).toEqual(inOrder(samples, 'raw-pages').map(recorded));
      expect(pages).toBe(8);
    });

    test('zero has no sign, however it came', async () => {
      const a = key('raw-zero');
      await store.write([sample(a, T0, -0), sample(a, T0 + 1, 0)]);
      const { samples } = await history.raw(a, { from: T0, to: T0 + 2 });
      expect(samples.map((s) => Object.is(s.value, 0))).toEqual([true, true]);
    });

    test('the range holds its start and not its end', async () => {
      const a = key('raw-edges');
      await store.write([sample(a, T0 - 1, 0), sample(a, T0, 1), sample(a, T0 + 9, 2), sample(a, T0 + 10, 3)]);
      const page = await history.raw(a, { from: T0, to: T0 + 10 });
      expect(page.samples.map((s) => s.value)).toEqual([1, 2]);
      expect(page.before).toEqual({ t: T0 - 1, value: 0, quality: 'good' });
      expect(page.next).toBeNull();
    });

    test('the sample before the range is told only while it can still hold, and on the first page', async () => {
      const a = key('raw-before');
      await store.write([sample(a, T0, 1), sample(a, T0 + 500_000, 2), sample(a, T0 + 500_001, 3)]);
      const hold = HISTORY_LIMITS.holdMs;
      const before = async (from: number): Promise<unknown> => (await history.raw(a, { from, to: from + 1 })).before;
      expect(await before(T0 + hold)).toEqual({ t: T0, value: 1, quality: 'good' });
      expect(await before(T0 + hold + 1)).toBeNull();
      const range = { from: T0 + 1, to: T0 + 600_000 };
      const first = await history.raw(a, range, { limit: 1 });
      expect(first.before).not.toBeNull();
      expect((await history.raw(a, range, { limit: 1, cursor: first.next ?? '' })).before).toBeNull();
    });

    test.each([
      ['an empty range', { from: T0, to: T0 }, {}],
      ['a reversed range', { from: T0, to: T0 - 1 }, {}],
      ['a time before 1970', { from: -1, to: T0 }, {}],
      ['a time after 2262', { from: T0, to: 9_223_372_036_854 }, {}],
      ['a time that is no number', { from: Number.NaN, to: T0 }, {}],
      ['a page of nothing', { from: T0, to: T0 + 1 }, { limit: 0 }],
      ['a page that is too large', { from: T0, to: T0 + 1 }, { limit: HISTORY_LIMITS.rawPage + 1 }],
      ['a foreign cursor', { from: T0, to: T0 + 1 }, { cursor: '1; DROP TABLE recent' }],
    ])('%s is refused', async (_, range, page) => {
      await expect(history.raw(key('raw-bad'), range, page)).rejects.toMatchObject({ code: 'invalid' });
    });
  });

  describe('buckets', () => {
    test('hold min, max, mean, last and count between aligned edges; empty ones are absent', async () => {
      const a = key('buckets');
      await store.write([
        sample(a, T0, 4),
        sample(a, T0 + 1, -2),
        sample(a, T0 + 59_999, 1),
        sample(a, T0 + 60_000, 7),
        sample(a, T0 + 180_000, 8),
      ]);
      const found = await buckets(a, T0 + 30_000, T0 + 4 * MINUTE_MS, 4);
      expect(found).toEqual({
        widthMs: MINUTE_MS,
        from: T0,
        to: T0 + 4 * MINUTE_MS,
        buckets: [
          { t: T0, min: -2, max: 4, mean: 1, last: 1, count: 3, notGood: 0 },
          { t: T0 + 60_000, min: 7, max: 7, mean: 7, last: 7, count: 1, notGood: 0 },
          { t: T0 + 180_000, min: 8, max: 8, mean: 8, last: 8, count: 1, notGood: 0 },
        ],
      });
    });

    test('values that are not good are counted apart and never averaged in; texts are not counted', async () => {
      const a = key('buckets-quality');
      await store.write([
        sample(a, T0, 4),
        sample(a, T0 + 1, 65_535, 'bad'),
        sample(a, T0 + 2, null, 'never'),
        sample(a, T0 + 1_000, 9, 'stale'),
        sample(a, T0 + 2_000, 'text'),
      ]);
      expect((await buckets(a, T0, T0 + 5_000, 5)).buckets).toEqual([
        { t: T0, min: 4, max: 4, mean: 4, last: 4, count: 1, notGood: 2 },
        { t: T0 + 1_000, min: null, max: null, mean: null, last: null, count: 0, notGood: 1 },
      ]);
    });

    test('a day is a day in China', async () => {
      const a = key('buckets-day');
      const midnight = Date.UTC(2026, 2, 2, 16);
      await store.write([sample(a, midnight - 1, 1), sample(a, midnight, 2)]);
      const { widthMs, buckets: found } = await buckets(a, midnight - 24 * HOUR_MS, midnight + 24 * HOUR_MS, 2);
      expect(widthMs).toBe(24 * HOUR_MS);
      expect(found.map(({ t, last }) => [t, last])).toEqual([
        [midnight - 24 * HOUR_MS, 1],
        [midnight, 2],
      ]);
    });

    test('points that were never recorded have none', async () => {
      expect((await buckets(key('nothing'), T0, T0 + HOUR_MS, 10)).buckets).toEqual([]);
    });

    test.each([0, -1, 1.5, HISTORY_LIMITS.buckets + 1])('%d buckets are refused', async (count) => {
      await expect(history.buckets(key('x'), { from: T0, to: T0 + 1 }, count)).rejects.toMatchObject({
        code: 'invalid',
      });
    });
  });

  describe('states', () => {
    test('add up to the range: what holds at its start is clipped, silence and bad quality are unknown', async () => {
      const pump = key('states', { kind: 'fire-pump' });
      await store.write([
        sample(pump, T0 - 10_000, 0),
        sample(pump, T0 + 20_000, 1),
        sample(pump, T0 + 50_000, null, 'bad'),
        sample(pump, T0 + 60_000, 1),
        sample(pump, T0 + 90_000, 0),
      ]);
      // From 90 s on, 0 holds for 180 s at most.
      expect(await history.states(pump, { from: T0, to: T0 + 400_000 })).toEqual({
        states: [
          { value: 0, ms: 20_000 + 180_000, entered: 1 },
          { value: 1, ms: 30_000 + 30_000, entered: 1 },
        ],
        unknownMs: 10_000 + 130_000,
      });
    });

    test('are listed as stretches, joined where nothing changed, open where nobody knows', async () => {
      const pump = key('runs', { kind: 'fire-pump' });
      await store.write([
        sample(pump, T0 - 10_000, 0),
        sample(pump, T0 + 20_000, 1),
        sample(pump, T0 + 40_000, 1),
        sample(pump, T0 + 50_000, null, 'bad'),
        sample(pump, T0 + 60_000, 1),
        sample(pump, T0 + 90_000, 0),
      ]);
      const range = { from: T0, to: T0 + 400_000 };
      const all = await history.runs(pump, range);
      expect(all.runs.map(({ from, to, value }) => [from - T0, to - T0, value])).toEqual([
        [0, 20_000, 0],
        [20_000, 50_000, 1],
        [60_000, 90_000, 1],
        [90_000, 270_000, 0],
      ]);
      const { states, unknownMs } = await history.states(pump, range);
      expect(all).toMatchObject({ states, unknownMs, more: false });
      const few = await history.runs(pump, range, 2);
      expect([few.runs.length, few.more, few.unknownMs]).toEqual([2, true, unknownMs]);
    });

    test('texts are states too, and a hold time can be given', async () => {
      const lift = key('states-text', { kind: 'elevator' });
      await store.write([sample(lift, T0, 'up'), sample(lift, T0 + 100, 'down'), sample(lift, T0 + 200, 'up')]);
      expect(byValue(await history.states(lift, { from: T0, to: T0 + 1_000 }, 150))).toEqual(
        byValue({
          states: [
            { value: 'up', ms: 250, entered: 1 },
            { value: 'down', ms: 100, entered: 1 },
          ],
          unknownMs: 650,
        }),
      );
    });

    test('a point that was never recorded is unknown throughout', async () => {
      expect(await history.states(key('nothing'), { from: T0, to: T0 + 5 })).toEqual({ states: [], unknownMs: 5 });
    });
  });

  test('answers like a naive recount, for any samples in any order', async () => {
    let run = 0;
    const values = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constant<Value>(null),
      fc.constantFrom<Value>('on', 'off'),
    );
    const drawn = fc.array(
      fc.record({
        at: fc.integer({ min: -2_000, max: 4_000 }),
        value: values,
        quality: fc.constantFrom<Quality>('good', 'good', 'good', 'stale', 'bad', 'never'),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(
        drawn,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 900 }),
        async (all, count, hold) => {
          const point = key(`property-${++run}`);
          const written = all.map(({ at, value, quality }) => sample(point, T0 + at, value, quality));
          await store.write(written);
          const samples = inOrder(written, point.point);
          const range = { from: T0 + 7, to: T0 + 3_001 };
          const inside = samples.filter((s) => s.t >= range.from && s.t < range.to);

          expect((await history.raw(point, range)).samples).toEqual(inside.map(recorded));
          expect(await history.last([point], 0)).toEqual([samples.at(-1)].map((s) => (s ? recorded(s) : null)));
          const found = await history.buckets(point, range, count);
          expect(found.buckets.length).toBeLessThanOrEqual(count);
          expect(rounded(found)).toEqual(rounded({ ...found, buckets: naiveBuckets(samples, found, found.widthMs) }));
          expect(byValue(await history.states(point, range, hold))).toEqual(byValue(naiveStates(samples, range, hold)));
        },
      ),
      { numRuns: 30 },
    );
  }, 120_000);
}
