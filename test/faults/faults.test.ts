// The fault runs in CI size; `npm run faults` runs them in full.
import { expect, test } from 'vitest';
import { describeWith } from '../helpers/needs.ts';
import { runFullDisk, smallDisksPossible } from './full-disk.ts';
import { runKills } from './kills.ts';
import { runOldBackup } from './old-backup.ts';
import { runOutage } from './outage.ts';
import { freshSeed } from './random.ts';

const KILLS = 5;
/** Ten minutes of 500 changes/s, made twelve times faster. */
const OUTAGE = { seconds: 600, speed: 12 } as const;
const MINUTES = 60_000;
const log = (line: string): void => console.log(line);
const seed = Number(process.env['FAULTS_SEED'] ?? freshSeed());

test(
  `kill -9 of gateway, hub and bundled PostgreSQL: every signal and every order is there once (seed ${seed})`,
  async () => {
    const kills = { gateway: KILLS, hub: KILLS, 'bundled-postgres': KILLS };
    expect((await runKills({ seed, kills, log })).wrong).toEqual([]);
  },
  20 * MINUTES,
);

describeWith(['postgresql', 'mosquitto'], 'with servers of their own', () => {
  test(
    `kill -9 of PostgreSQL and of the broker: every signal and every order is there once (seed ${seed})`,
    async () => {
      const kills = { postgres: KILLS, broker: KILLS };
      expect((await runKills({ seed, kills, log })).wrong).toEqual([]);
    },
    20 * MINUTES,
  );
});

test(
  'ten minutes of outage of the hub at 500 changes/s are caught up without loss',
  async () => {
    const result = await runOutage({ ...OUTAGE, written: false, log });
    expect(result.wrong).toEqual([]);
    expect(result.recordsBehind).toBeGreaterThanOrEqual(OUTAGE.seconds * 500);
  },
  20 * MINUTES,
);

const leftOut = !smallDisksPossible() && process.env['CI'] !== 'true';
test.skipIf(leftOut)(
  `a full disk gives up telemetry first and the hub says so${leftOut ? ' (needs root or user namespaces)' : ''}`,
  async () => {
    const result = await runFullDisk(log);
    expect(result.wrong).toEqual([]);
    expect(result.dropped).toBeGreaterThan(0);
  },
  10 * MINUTES,
);

test(
  'a hub restored from an old backup gets its alarms back, each once',
  async () => {
    const result = await runOldBackup(log);
    expect(result.wrong).toEqual([]);
    expect(result.afterBackup).toBeGreaterThan(0);
  },
  10 * MINUTES,
);
