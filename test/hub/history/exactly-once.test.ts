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

const LANES_USED = ['safety', 'telemetry'] as const satisfies readonly Lane[];
const seriesOf = (lane: Lane): SeriesKey => ({
  community: 'c',
  building: '1',
  kind: 'fire-panel',
  device: 'gw.panel',
  point: lane,
});
/** Records whose value and time follow their n, so that a double or a hole shows. */
const batchOf = (lane: Lane, epoch: string, first: number, ns: readonly number[], notes = 0): HistoryBatch => ({
  gateway: 'gw',
  epoch,
  lane,
  first,
  last: first + ns.length + notes - 1,
  samples: ns.map((n) => ({ series: seriesOf(lane), t: T0 + n, n, value: n, quality: 'good' as const })),
});

/** What a spool does: gives sequences under an epoch, n over all of them, and carries its tail into a new epoch. */
class Gateway {
  #n = 0;
  #epoch = 1;
  readonly #lanes = new Map<Lane, { ns: number[]; sent: number; readonly all: Set<number> }>(
    LANES_USED.map((lane) => [lane, { ns: [], sent: 0, all: new Set() }]),
  );

  get epoch(): string {
    return `epoch-${String(this.#epoch).padStart(2, '0')}`;
  }
  /** The next batch of `size` records; `back` of what was sent before come again. */
  next(lane: Lane, size: number, back: number): HistoryBatch {
    const state = this.#lane(lane);
    const first = Math.max(1, state.sent + 1 - back);
    const last = state.sent + size;
    while (state.ns.length < last) state.ns.push(++this.#n);
    for (const n of state.ns.slice(0, last)) state.all.add(n);
    state.sent = last;
    return batchOf(lane, this.epoch, first, state.ns.slice(first - 1, last));
  }
  /** A batch that leaves out a sequence. */
  hole(lane: Lane): HistoryBatch {
    return batchOf(lane, this.epoch, this.#lane(lane).sent + 2, [this.#n + 1_000]);
  }
  newEpoch(carry: number): void {
    this.#epoch += 1;
    for (const state of this.#lanes.values()) {
      state.ns = state.ns.slice(Math.max(0, state.sent - carry));
      state.sent = 0;
    }
  }
  sent(lane: Lane): number {
    return this.#lane(lane).sent;
  }
  all(lane: Lane): readonly number[] {
    return [...this.#lane(lane).all].sort((a, b) => a - b);
  }
  #lane(lane: Lane): { ns: number[]; sent: number; readonly all: Set<number> } {
    const state = this.#lanes.get(lane);
    if (!state) throw new Error(`no lane ${lane}`);
    return state;
  }
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      lane: fc.constantFrom(...LANES_USED),
      size: fc.integer({ min: 1, max: 25 }),
      back: fc.integer({ min: 0, max: 30 }),
      wait: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hole' as const), lane: fc.constantFrom(...LANES_USED) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('epoch' as const), carry: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fold' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

async function stored(store: DuckdbHistory, lane: Lane): Promise<unknown[]> {
  const page = await store.raw(seriesOf(lane), { from: T0, to: T0 + HOUR_MS });
  return page.samples.map((s) => s.value);
}

describe('exactly once', () => {
  test('for any order of appends, replays, holes, new epochs, folds and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const dir = tempDir('once');
        const open = (): Promise<DuckdbHistory> => openDuckdb({ dir, now: () => T0, limits: { commitDelayMs: 1 } });
        const gateway = new Gateway();
        let store = await open();
        const appended: Promise<Appended>[] = [];
        const holes: Promise<Appended>[] = [];
        for (const one of steps) {
          if (one.do === 'fold') await store.fold();
          else if (one.do === 'epoch') gateway.newEpoch(one.carry);
          else if (one.do === 'hole') holes.push(store.writer.append(gateway.hole(one.lane)));
          else if (one.do === 'append') {
            appended.push(store.writer.append(gateway.next(one.lane, one.size, one.back)));
            if (one.wait) await appended.at(-1);
          } else {
            await store.close();
            store = await open();
          }
        }
        expect((await Promise.all(appended)).filter(({ outcome }) => outcome !== 'stored')).toEqual([]);
        expect((await Promise.all(holes)).filter(({ outcome }) => outcome !== 'gap')).toEqual([]);
        for (const lane of LANES_USED) {
          expect(store.writer.stored('gw', gateway.epoch, lane)).toBe(gateway.sent(lane));
          expect(await stored(store, lane)).toEqual(gateway.all(lane));
        }
        await store.close();
      }),
      { numRuns: 20 },
    );
  }, 120_000);

  test('notes hold their sequences: a replay that cuts through them adds nothing twice', async () => {
    const store = await openDuckdb({ dir: tempDir('once'), now: () => T0, limits: { commitDelayMs: 1 } });
    await store.writer.append(batchOf('safety', 'epoch-01', 1, [1, 2, 3], 4));
    expect(await store.writer.append(batchOf('safety', 'epoch-01', 6, [], 4))).toEqual({
      outcome: 'stored',
      stored: 9,
    });
    expect(await store.writer.append(batchOf('safety', 'epoch-01', 10, [10, 11]))).toEqual({
      outcome: 'stored',
      stored: 11,
    });
    expect(await stored(store, 'safety')).toEqual([1, 2, 3, 10, 11]);
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
