// Whatever is replayed, overlaps, is lost, restarts or folds: each sequence is in the embedded store once or not at all,
// and what was acknowledged is there.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDuckdb, type DuckdbHistory } from '../../../hub/history/duckdb.ts';
import type { Appended, HistoryBatch, SeriesKey } from '../../../hub/history/api.ts';
import type { Lane } from '../../../device-profiles/contract/point.ts';
import { runToEnd, startProcess } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';

const T0 = Date.UTC(2026, 2, 2);
const HOUR_MS = 3_600_000;

const seriesOf = (lane: Lane, epoch: string): SeriesKey => ({
  community: 'c',
  building: '1',
  kind: 'fire-panel',
  device: `gw.${epoch}`,
  point: lane,
});
/** The value of each record is its sequence, so that a double or a hole shows. */
function batch(lane: Lane, epoch: string, first: number, samples: number, notes: number): HistoryBatch {
  const series = seriesOf(lane, epoch);
  return {
    gateway: 'gw',
    epoch,
    lane,
    first,
    last: first + samples + notes - 1,
    samples: Array.from({ length: samples }, (_, k) => ({
      series,
      t: T0 + first + k,
      n: first + k,
      value: first + k,
      quality: 'good' as const,
    })),
  };
}

type Step =
  | {
      readonly do: 'append';
      readonly lane: Lane;
      readonly epoch: string;
      readonly back: number;
      readonly size: number;
      readonly wait: boolean;
    }
  | { readonly do: 'fold' }
  | { readonly do: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      lane: fc.constantFrom<Lane>('safety', 'telemetry'),
      epoch: fc.constantFrom('epoch-01', 'epoch-02'),
      // How far before the next sequence the batch begins; negative leaves a hole.
      back: fc.integer({ min: -2, max: 30 }),
      size: fc.integer({ min: 1, max: 25 }),
      wait: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fold' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

async function stored(store: DuckdbHistory, series: SeriesKey): Promise<unknown[]> {
  const page = await store.raw(series, { from: T0, to: T0 + HOUR_MS });
  return page.samples.map((s) => s.value);
}

describe('exactly once', () => {
  test('for any order of appends, replays, holes, folds and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const dir = tempDir('once');
        const open = (): Promise<DuckdbHistory> => openDuckdb({ dir, now: () => T0, limits: { commitDelayMs: 1 } });
        let store = await open();
        /** Next sequence of each lane, as a spool would count. */
        const next = new Map<string, number>();
        const pending: Promise<Appended>[] = [];
        const holes: Promise<Appended>[] = [];
        for (const one of steps) {
          if (one.do === 'fold') await store.fold();
          else if (one.do === 'restart') {
            await store.close();
            store = await open();
          } else {
            const name = `${one.lane} ${one.epoch}`;
            const head = next.get(name) ?? 1;
            const first = Math.max(1, head - one.back);
            const appended = store.writer.append(batch(one.lane, one.epoch, first, one.size, 0));
            if (first <= head) next.set(name, Math.max(head, first + one.size));
            else holes.push(appended);
            pending.push(appended);
            if (one.wait) await appended;
          }
        }
        await Promise.all(pending);
        expect((await Promise.all(holes)).filter(({ outcome }) => outcome !== 'gap')).toEqual([]);
        for (const [name, head] of next) {
          const [lane, epoch] = name.split(' ') as [Lane, string];
          expect(store.writer.stored('gw', epoch, lane)).toBe(head - 1);
          expect(await stored(store, seriesOf(lane, epoch))).toEqual(Array.from({ length: head - 1 }, (_, k) => k + 1));
        }
        await store.close();
      }),
      { numRuns: 20 },
    );
  }, 120_000);

  test('notes hold their sequences: a replay that cuts through them adds nothing twice', async () => {
    const store = await openDuckdb({ dir: tempDir('once'), now: () => T0, limits: { commitDelayMs: 1 } });
    await store.writer.append(batch('safety', 'epoch-01', 1, 3, 4));
    expect(await store.writer.append(batch('safety', 'epoch-01', 6, 0, 4))).toEqual({ outcome: 'stored', stored: 9 });
    expect(await store.writer.append(batch('safety', 'epoch-01', 10, 2, 0))).toEqual({ outcome: 'stored', stored: 11 });
    expect(await stored(store, seriesOf('safety', 'epoch-01'))).toEqual([1, 2, 3, 10, 11]);
    await store.close();
  });
});

interface Report {
  readonly refused: number;
  readonly sent: number;
  readonly stored: number;
  readonly count: number;
  readonly status: string;
  readonly reopened: number;
}

describe('a disk that refuses', () => {
  test.each([
    { refuses: 'the log', blocks: '4000', checkpointMiB: '16', opensAnew: false },
    { refuses: 'the checkpoint', blocks: '3000', checkpointMiB: '1', opensAnew: true },
  ])(
    'at $refuses: batches are rejected, what is stored stays and is told, and all goes on when there is room',
    async (at) => {
      // A size limit on files is a full disk that needs neither root nor a mount. The signal it brings is ignored, as
      // a full disk sends none.
      const dir = tempDir('full');
      const script = `trap '' XFSZ; ulimit -S -f ${at.blocks}; exec "$@"`;
      const store = ['--import', 'tsx', 'test/hub/history/refused-store.ts', dir, at.checkpointMiB];
      const child = await startProcess('bash', ['-c', script, 'limited', process.execPath, ...store]);
      const full = child.ready as Report;
      expect(full).toMatchObject({ refused: 3, stored: full.sent, count: full.sent, status: 'degraded' });
      expect(full.sent).toBeGreaterThan(0);

      await runToEnd('prlimit', ['--pid', String(child.pid), '--fsize=unlimited']);
      expect(await child.ended).toMatchObject({ code: 0 });
      const roomy = JSON.parse(child.stdout().trimEnd().split('\n').at(-1) ?? '') as Report;
      expect(roomy).toMatchObject({ stored: roomy.sent, count: roomy.sent, status: 'ok' });
      expect(roomy.sent).toBeGreaterThan(full.sent);
      expect(roomy.reopened > 0).toBe(at.opensAnew);

      const later = await openDuckdb({ dir, now: () => T0 });
      expect(later.writer.stored('gw', 'epoch-01', 'safety')).toBe(roomy.sent);
      await later.close();
    },
  );
});
