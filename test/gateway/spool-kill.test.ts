// kill -9 of a process that writes, at seeded random moments: what it acknowledged is there, in order, every time.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Lane } from '../../device-profiles/contract/point.ts';
import { REPO, startProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { open, readAll } from './spool/rig.ts';

const KILLS = Number(process.env['FENGSUI_KILLS'] ?? 5);
const SEED = Number(process.env['FENGSUI_SEED'] ?? 20_261);

/** Acknowledged values by lane, from what the writer printed; an unfinished last line says nothing. */
function acknowledged(stdout: string): Record<Lane, number[]> {
  const out: Record<Lane, number[]> = { safety: [], telemetry: [] };
  for (const [, lane, first, last] of stdout.matchAll(/^(safety|telemetry):(\d+)-(\d+)\n/gm))
    for (let v = Number(first); v <= Number(last); v++) out[lane === 'safety' ? 'safety' : 'telemetry'].push(v);
  return out;
}

test(
  `acknowledged ⊆ stored over ${KILLS} kills (seed ${SEED})`,
  async () => {
    const dir = join(tempDir('spool-kill'), 'spool');
    const told: Record<Lane, number[]> = { safety: [], telemetry: [] };
    let state = SEED;
    for (let k = 0; k < KILLS; k++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const lines = 20 + (state % 200);
      const writer = await startProcess(
        process.execPath,
        ['--import', 'tsx', join(REPO, 'test/gateway/spool/writer.ts'), dir, String(state), String(1 + k * 1_000_000)],
        { ready: /^ready$/ },
      );
      await until(() => writer.stdout().split('\n').length > lines, { what: `${lines} acknowledgements`, ms: 20_000 });
      await writer.kill();
      const now = acknowledged(writer.stdout());
      const spool = await open(dir);
      for (const lane of ['safety', 'telemetry'] as const) {
        told[lane].push(...now[lane]);
        const read = await readAll(spool.consumer('uplink'), lane, 0);
        expect(read.lost).toEqual([]);
        const stored = read.values.map(Number);
        expect(stored).toEqual(stored.toSorted((a, b) => a - b));
        const there = new Set(stored);
        expect(there.size).toBe(stored.length);
        expect(told[lane].filter((v) => !there.has(v))).toEqual([]);
      }
      expect(spool.stats().damagedSegments).toBe(0);
      await spool.close();
    }
    expect(told.safety.length).toBeGreaterThan(KILLS);
  },
  30_000 + KILLS * 10_000,
);
