// What a device costs the whole gateway process, from ten to a thousand: 100 registers each second, a tenth of them
// changing, read, reported and written to the spool. Without a hub: what a hub costs is measured by the pipe.
import { cleanUp } from '../helpers/cleanup.ts';
import { round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { Rig, stored } from './rig.ts';
import { watchUsage, type Spent } from './usage.ts';

const REGISTERS = 100;
const METERS_PER_LINK = 10;
const print = (line: Record<string, unknown>): void => console.log(JSON.stringify({ bench: 'devices', ...line }));

interface Cost {
  readonly devices: number;
  readonly changing: number;
  readonly spent: Spent;
}

async function devicesCase(devices: number, changing: number, seconds: number): Promise<Cost> {
  const began = performance.now();
  const rig = await Rig.start(tempDir('bench-devices'), {
    meters: devices,
    registers: REGISTERS,
    pollMs: 1_000,
    metersPerLink: METERS_PER_LINK,
    changing,
    hub: false,
  });
  const upS = (performance.now() - began) / 1_000;
  // The first reading of everything is behind it, and the compiler has seen what is used most.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const spent = watchUsage({ gateway: rig.gateway.pid });
  const before = await rig.metrics();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const after = await rig.metrics();
  const { seconds: s, of } = spent();
  const links = (counter: string): number =>
    [...after].reduce((sum, [name, value]) => {
      if (!name.startsWith('link{') || !name.includes(`counter="${counter}"`)) return sum;
      return sum + value - (before.get(name) ?? 0);
    }, 0);
  print({
    case: 'a whole gateway, 100 registers a device each second',
    devices,
    changing,
    cores: of.gateway.cores,
    rssMb: of.gateway.rssMb,
    registersPerSecond: round((links('replies') * REGISTERS) / s, 0),
    recordsPerSecond: round((stored(after, 'lane_head') - stored(before, 'lane_head')) / s, 0),
    overruns: links('overruns'),
    missed: links('missed'),
    failures: links('failures'),
    upS: round(upS, 1),
  });
  await rig.stop();
  return { devices, changing, spent: of.gateway };
}

/** What one device more costs between two sizes. */
function printSteps(costs: readonly Cost[]): void {
  costs.slice(1).forEach((cost, k) => {
    const less = costs[k];
    if (!less || less.changing !== cost.changing) return;
    const more = cost.devices - less.devices;
    print({
      case: 'one device more',
      from: less.devices,
      to: cost.devices,
      changing: cost.changing,
      millicores: round(((cost.spent.cores - less.spent.cores) / more) * 1_000, 3),
      rssKb: round(((cost.spent.rssMb - less.spent.rssMb) / more) * 1_024, 1),
    });
  });
}

const quick = process.argv.includes('--quick');
try {
  const costs: Cost[] = [];
  for (const changing of quick ? [0.1] : [0.1, 0])
    for (const devices of [10, 100, 1_000]) costs.push(await devicesCase(devices, changing, quick ? 8 : 30));
  printSteps(costs);
} finally {
  await cleanUp();
}
