// `npm run faults`: the fault runs in full size, one JSON line a result. See README.md beside this file.
import { parseArgs } from 'node:util';
import { cleanUp } from '../helpers/cleanup.ts';
import { SEPARATE, VICTIMS, type Victim } from './compound.ts';
import { runFullDisk, smallDisksPossible } from './full-disk.ts';
import { runKills } from './kills.ts';
import { runOldBackup } from './old-backup.ts';
import { runOutage } from './outage.ts';
import { freshSeed } from './random.ts';

const OTHERS = ['outage', 'full-disk', 'old-backup'] as const;
const KNOWN: readonly string[] = [...VICTIMS, ...OTHERS];
/** The outage must be caught up this many times faster than it lasted. */
const CATCH_UP = 10;
/** The outage's load against 500 changes/s: ten minutes of it take less than one, a day two hours (`--speed 25`: one). */
const SPEED = 12;
/** Lengths of the outage by name, minutes. */
const OUTAGES: Readonly<Record<string, number>> = { hour: 60, day: 24 * 60 };

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    kills: { type: 'string', default: '100' },
    what: { type: 'string', default: KNOWN.join(',') },
    outage: { type: 'string', default: '10' },
    speed: { type: 'string', default: String(SPEED) },
    written: { type: 'boolean', default: false },
  },
});

const log = (line: string): void => console.error(line);
let failed = false;

/** Runs one scenario and prints its result; one that breaks does not keep the others from running. */
async function report(what: string, run: () => Promise<{ readonly wrong: readonly string[] }>): Promise<void> {
  log(what);
  try {
    const result = await run();
    console.log(JSON.stringify({ what, ...result }));
    failed ||= result.wrong.length > 0;
  } catch (error) {
    failed = true;
    console.log(JSON.stringify({ what, broke: String(error) }));
  }
}

function number(option: 'seed' | 'kills' | 'outage' | 'speed', fallback: number): number {
  const given = values[option];
  const value = given === undefined ? fallback : (OUTAGES[given] ?? Number(given));
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${option}: expected a number, not "${given}"`);
  return value;
}

async function main(): Promise<void> {
  const seed = number('seed', freshSeed());
  const kills = number('kills', 100);
  const wanted = values.what.split(',');
  const strange = wanted.filter((w) => !KNOWN.includes(w));
  if (strange.length > 0) throw new Error(`--what: expected some of ${KNOWN.join(', ')}, not ${strange.join(', ')}`);
  for (const group of [VICTIMS.filter((v) => !SEPARATE.includes(v)), SEPARATE]) {
    const victims = group.filter((v) => wanted.includes(v));
    const plan: Partial<Record<Victim, number>> = Object.fromEntries(victims.map((v) => [v, kills]));
    const what = `kill -9 of ${victims.join(', ')}, ${kills} times each, seed ${seed}`;
    if (victims.length > 0) await report(what, () => runKills({ seed, kills: plan, log }));
  }
  const seconds = number('outage', 10) * 60;
  const speed = number('speed', SPEED);
  if (wanted.includes('outage'))
    await report(`the hub is away for ${seconds} s of 500 changes/s`, async () => {
      const result = await runOutage({ seconds, speed, written: values.written, log });
      const slow = result.timesRealTime < CATCH_UP;
      return { ...result, wrong: [...result.wrong, ...(slow ? [`caught up at only ${result.timesRealTime} ×`] : [])] };
    });
  if (wanted.includes('full-disk')) {
    if (smallDisksPossible()) await report('the disk of the gateway is full', () => runFullDisk(log));
    else log('full-disk left out: a small disk needs root or user namespaces');
  }
  if (wanted.includes('old-backup')) await report('the hub is restored from an old backup', () => runOldBackup(log));
  await cleanUp();
}

try {
  await main();
} catch (error) {
  failed = true;
  console.error(error instanceof Error ? error.message : error);
}
process.exit(failed ? 1 : 0);
