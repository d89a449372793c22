// What twenty screens cost the hub beside one: processor time of the hub process while each watches the same changing
// points, measured in turns within one run (one, twenty, one, …), so that what else the hub does is in both alike.
import type { Socket } from 'socket.io-client';
import { cleanUp } from '../helpers/cleanup.ts';
import { round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import type { Caller } from '../e2e/compound.ts';
import { Rig } from './rig.ts';
import { usageOf, watchUsage } from './usage.ts';

const METERS = 50;
const SITE = { meters: METERS, registers: 100, pollMs: 1_000, metersPerLink: 10, changing: 'all' } as const;
const SCREENS = 20;

/** A screen that watches every meter and takes each frame as it comes. */
async function screen(rig: Rig, caller: Caller, frames: { count: number }): Promise<Socket> {
  const socket = await rig.live(caller);
  socket.on('values', (_frame: unknown, done: () => void) => {
    frames.count += 1;
    done();
  });
  const devices = Array.from({ length: METERS }, (_, k) => rig.meterDevice(k));
  await socket.timeout(30_000).emitWithAck('watch', { devices });
  return socket;
}

interface Turn {
  readonly cores: number;
  readonly framesPerScreen: number;
}

async function measure(rig: Rig, callers: readonly Caller[], seconds: number): Promise<Turn> {
  const frames = { count: 0 };
  const screens = await Promise.all(callers.map((caller) => screen(rig, caller, frames)));
  await until(() => frames.count > screens.length, { ms: 30_000, what: 'every screen is sent frames' });
  const [before, began] = [frames.count, performance.now()];
  const cpu = usageOf(rig.hub?.pid ?? 0).cpuS;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const took = (performance.now() - began) / 1_000;
  const cores = (usageOf(rig.hub?.pid ?? 0).cpuS - cpu) / took;
  for (const socket of screens) socket.close();
  return { cores, framesPerScreen: (frames.count - before) / screens.length / took };
}

const mean = (of: readonly number[]): number => of.reduce((sum, n) => sum + n, 0) / of.length;

async function main(turns: number, seconds: number): Promise<void> {
  const rig = await Rig.start(tempDir('bench-screens'), SITE);
  const operator = await rig.signIn('operator');
  const spent = watchUsage({ hub: rig.hub?.pid ?? 0 });
  const one: Turn[] = [];
  const many: Turn[] = [];
  for (let k = 0; k < turns; k++) {
    one.push(await measure(rig, [operator], seconds));
    many.push(
      await measure(
        rig,
        Array.from({ length: SCREENS }, () => operator),
        seconds,
      ),
    );
  }
  const [coresOfOne, coresOfMany] = [mean(one.map((t) => t.cores)), mean(many.map((t) => t.cores))];
  console.log(
    JSON.stringify({
      bench: 'screens',
      case: `${SCREENS} screens on one hub beside 1, each shown ${rig.perSecond} changes a second`,
      coresWithOne: round(coresOfOne, 3),
      coresWithMany: round(coresOfMany, 3),
      ratio: round(coresOfMany / coresOfOne),
      framesPerSecondOfOne: round(mean(one.map((t) => t.framesPerScreen)), 1),
      framesPerSecondOfEach: round(mean(many.map((t) => t.framesPerScreen)), 1),
      turns,
      secondsEach: seconds,
      machineBusy: spent().machineBusy,
    }),
  );
  await rig.stop();
}

const quick = process.argv.includes('--quick');
try {
  await main(quick ? 2 : 4, quick ? 8 : 20);
} finally {
  await cleanUp();
}
