// An eight-hour shift of the control room's page in minutes: whether its heap, its nodes and its frame time grow.
// `--hours=24` is a longer shift.
import { cleanUp } from '../helpers/cleanup.ts';
import { launchBrowser } from '../helpers/chromium.ts';
import { ClassPanel } from '../helpers/class-panel.ts';
import { soak } from '../helpers/soak.ts';
import { round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { Rig } from './rig.ts';
import { watchUsage } from './usage.ts';

/** Each beat of the hub stands for so many: a shift of eight hours takes eight minutes. */
const TIMES = 60;
const LOOKS = 8;

async function main(hours: number): Promise<void> {
  const dir = tempDir('bench-soak');
  const { panel, links, devices } = await ClassPanel.start(dir);
  const site = { meters: 10, registers: 100, pollMs: 1_000, metersPerLink: 10, changing: 'all' } as const;
  const rig = await Rig.start(dir, { ...site, links, devices });
  const operator = await rig.signIn('operator');
  const spent = watchUsage({ hub: rig.hub?.pid ?? 0 });
  const { looks, changes } = await soak(await launchBrowser(), {
    url: rig.url,
    panel,
    operator,
    beats: hours * 3_600,
    times: TIMES,
    looks: LOOKS,
  });
  const [first, last] = [looks[0], looks.at(-1)];
  console.log(
    JSON.stringify({
      bench: 'soak',
      case: `a shift of ${hours} h, faster than real time, the page of a control room`,
      hours,
      alarmChanges: changes,
      first,
      last,
      heapRatio: round((last?.heapMb ?? 0) / (first?.heapMb ?? 0)),
      nodesRatio: round((last?.nodes ?? 0) / (first?.nodes ?? 0)),
      frameP99Ratio: round((last?.frameP99Ms ?? 0) / (first?.frameP99Ms ?? 0)),
      machineBusy: spent().machineBusy,
    }),
  );
  await rig.stop();
}

const asked = process.argv.map((a) => /^--hours=(\d+(?:\.\d+)?)$/.exec(a)?.[1]).find((h) => h !== undefined);
try {
  await main(asked === undefined ? (process.argv.includes('--quick') ? 0.5 : 8) : Number(asked));
} finally {
  await cleanUp();
}
