// The spool against a model of it in memory: whatever order of putting in, taking out, restarting, crashing, making
// epochs and running out of space, consumers read what was put in, in order, and every gap is told with its bounds.
import { strict as assert } from 'node:assert';
import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LANES, type Lane } from '../../device-profiles/contract/point.ts';
import { decodeBatch } from '../../device-profiles/contract/wire.ts';
import type { SpoolLimits } from '../../gateway/spool/limits.ts';
import type { Spool } from '../../gateway/spool.ts';
import { tempDir } from '../helpers/temp.ts';
import { open, readAll, sample } from './spool/rig.ts';

type Step =
  | { readonly do: 'put'; readonly lane: Lane; readonly count: number; readonly wide: boolean }
  | { readonly do: 'commit'; readonly who: string; readonly lane: Lane; readonly percent: number }
  | { readonly do: 'read'; readonly who: string; readonly lane: Lane }
  | { readonly do: 'restart' }
  | { readonly do: 'crash' }
  | { readonly do: 'mint' }
  | { readonly do: 'settle' };

const WHO = ['uplink', 'history'] as const;
const lane = fc.constantFrom(...LANES);
const who = fc.constantFrom(...WHO);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      lane,
      count: fc.integer({ min: 1, max: 30 }),
      wide: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('commit' as const), who, lane, percent: fc.integer({ min: 0, max: 100 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), who, lane }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'mint' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'settle' as const }) },
);

/** What went into a lane under the epoch in force: value k stands at sequence k + 1. */
interface Model {
  readonly values: Record<Lane, (number | string)[]>;
  /** Where batches end, from 0 on. */
  readonly ends: Record<Lane, number[]>;
  readonly positions: Record<string, Record<Lane, number>>;
}

class World {
  spool: Spool;
  dir: string;
  #next = 0;
  readonly #root: string;
  readonly #limits: Partial<SpoolLimits>;
  readonly #mayLose: boolean;
  model: Model = {
    values: { safety: [], telemetry: [] },
    ends: { safety: [0], telemetry: [0] },
    positions: fresh(),
  };

  constructor(root: string, dir: string, spool: Spool, limits: Partial<SpoolLimits>, mayLose: boolean) {
    this.#root = root;
    this.dir = dir;
    this.spool = spool;
    this.#limits = limits;
    this.#mayLose = mayLose;
  }

  async step(s: Step): Promise<void> {
    if (s.do === 'put') await this.#put(s.lane, s.count, s.wide);
    else if (s.do === 'commit') this.#commit(s.who, s.lane, s.percent);
    else if (s.do === 'read') await this.check(s.who, s.lane);
    else if (s.do === 'restart') await this.#restart();
    else if (s.do === 'crash') await this.#crash();
    else if (s.do === 'mint') await this.#mint();
    else await this.spool.flush();
  }

  async #put(to: Lane, count: number, wide: boolean): Promise<void> {
    const values = Array.from({ length: count }, () => {
      const k = this.#next++;
      return wide ? `${k} ${'.'.repeat(60)}` : k;
    });
    await this.spool.append(
      to,
      values.map((v) => sample(this.spool, v)),
    ).done;
    this.model.values[to].push(...values);
    this.model.ends[to].push(this.spool.head()[to]);
  }

  #commit(name: string, of: Lane, percent: number): void {
    const before = this.model.positions[name]?.[of] ?? 0;
    // Consumers stop at the ends of batches.
    const ends = this.model.ends[of];
    const wanted = ends[Math.floor(((ends.length - 1) * percent) / 100)] ?? 0;
    // Going back is for a hub restored from a backup; what has left meanwhile is then a loss like any other.
    const seq = this.#mayLose ? wanted : Math.max(before, wanted);
    this.spool.consumer(name).commit(of, seq, this.spool.epoch);
    const at = this.model.positions[name];
    if (at) at[of] = seq;
  }

  async #restart(): Promise<void> {
    await this.spool.close();
    this.spool = await open(this.dir, { consumers: WHO, limits: this.#limits });
    for (const name of WHO)
      for (const l of LANES) assert.equal(this.spool.consumer(name).position(l), this.model.positions[name]?.[l]);
  }

  /** The directory as it is at this moment, without a word to the process that has it. */
  async #crash(): Promise<void> {
    const copy = join(this.#root, `crash-${this.#next++}`);
    snapshot(this.dir, copy);
    await this.spool.close();
    rmSync(this.dir, { recursive: true });
    this.dir = copy;
    this.spool = await open(copy, { consumers: WHO, limits: this.#limits });
    // Cursors are saved now and then: what was delivered may be delivered again.
    for (const name of WHO)
      for (const l of LANES) {
        const at = this.model.positions[name];
        if (at) at[l] = this.spool.consumer(name).position(l);
      }
  }

  async #mint(): Promise<void> {
    const before = new Map(
      LANES.map((l) => [l, Math.min(...WHO.map((name) => this.spool.consumer(name).position(l)))]),
    );
    const kept = new Map<Lane, (number | string | null)[]>();
    for (const l of LANES) {
      const read = await readAll(this.spool.consumer('uplink'), l, before.get(l) ?? 0);
      kept.set(l, read.values);
    }
    await this.spool.mintEpoch('model');
    for (const l of LANES) {
      const read = await readAll(this.spool.consumer('uplink'), l, 0);
      // Space may have been needed meanwhile, but nothing changes its order or appears from nowhere.
      const carried = kept.get(l) ?? [];
      assert(isSubsequence(read.values, carried), `${read.values.join()} is not within ${carried.join()}`);
      if (!this.#mayLose) assert.deepEqual(read.values, carried);
      // A hole became an ordinary note with a sequence of its own; the model begins anew with what can be read.
      const { values, ends } = await bySequence(this.spool, l);
      this.model.values[l] = values;
      this.model.ends[l] = ends;
      for (const name of WHO) {
        const at = this.model.positions[name];
        if (at) at[l] = this.spool.consumer(name).position(l);
      }
    }
  }

  async check(name: string, of: Lane): Promise<void> {
    const from = this.spool.consumer(name).position(of);
    const read = await readAll(this.spool.consumer(name), of, from);
    assert.equal(read.last, Math.max(from, this.spool.head()[of]));
    if (!this.#mayLose) assert.deepEqual(read.lost, []);
    const gone = (seq: number) => read.lost.some(([a, b]) => seq >= a && seq <= b);
    const expected = this.model.values[of].filter((v, k) => k + 1 > from && !gone(k + 1) && v !== NOTE);
    assert.deepEqual(read.values, expected);
  }
}

const NOTE = '(a note)';

/** Names, sizes and times of all files below a directory. */
const listing = (dir: string): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((f) => {
      const at = statSync(join(f.parentPath, f.name), { throwIfNoEntry: false });
      return `${f.parentPath}/${f.name} ${at?.ino} ${at?.size} ${at?.mtimeMs}`;
    })
    .sort()
    .join('\n');

/**
 * A directory as it is at one moment, as a crash would leave it. The disk is written by other threads while this copies,
 * so a copy during which anything changed is thrown away.
 */
function snapshot(dir: string, copy: string): void {
  for (;;) {
    const before = listing(dir);
    try {
      cpSync(dir, copy, { recursive: true, filter: (path) => !path.endsWith('/lock') });
      if (listing(dir) === before) return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    rmSync(copy, { recursive: true, force: true });
  }
}

const isSubsequence = (part: readonly unknown[], whole: readonly unknown[]): boolean => {
  let at = 0;
  for (const x of whole) if (at < part.length && part[at] === x) at++;
  return at === part.length;
};

/** The model of a lane as it can be read now. */
async function bySequence(spool: Spool, of: Lane): Promise<{ values: (number | string)[]; ends: number[] }> {
  const values: (number | string)[] = [];
  const ends = [0];
  const consumer = spool.consumer('uplink');
  for (let e = await consumer.next(of, 0); e; e = await consumer.next(of, e.last)) {
    ends.push(e.last);
    while (values.length < e.first - 1) values.push(NOTE);
    if (e.loss) continue;
    const batch = decodeBatch(e.bytes);
    for (const s of batch.samples) values.push(s.value ?? NOTE);
    for (const _ of batch.notes) values.push(NOTE);
  }
  while (values.length < spool.head()[of]) values.push(NOTE);
  return { values, ends };
}

const fresh = (): Model['positions'] => Object.fromEntries(WHO.map((name) => [name, { safety: 0, telemetry: 0 }]));

async function run(steps: readonly Step[], limits: Partial<SpoolLimits>, mayLose: boolean): Promise<void> {
  const root = tempDir('spool-model');
  const dir = join(root, 'spool');
  const world = new World(root, dir, await open(dir, { consumers: WHO, limits }), limits, mayLose);
  try {
    for (const s of steps) await world.step(s);
    for (const name of WHO) for (const l of LANES) await world.check(name, l);
  } finally {
    await world.spool.close();
    rmSync(root, { recursive: true });
  }
}

const RUNS = Number(process.env['FENGSUI_MODEL_RUNS'] ?? 15);

/** A run that hangs is told with its seed, and so is the first that fails: shrinking writes to disk a thousand times. */
const ASSERT = { numRuns: RUNS, endOnFailure: true } as const;
const TEST_MS = 240_000;

test(
  'with room enough nothing is ever missing',
  async () => {
    const limits = { segmentBytes: 2_000, tailBytes: 1_000, cursorSaveMs: 5 };
    const checked = fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) =>
        run(steps, limits, false),
      ),
      ASSERT,
    );
    await expect(checked).resolves.toBeUndefined();
  },
  TEST_MS,
);

test(
  'with too little room every gap is told with its bounds',
  async () => {
    const limits = { segmentBytes: 1_000, tailBytes: 0, cursorSaveMs: 2, maxBytes: 8_000 };
    const checked = fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) =>
        run(steps, limits, true),
      ),
      ASSERT,
    );
    await expect(checked).resolves.toBeUndefined();
  },
  TEST_MS,
);
