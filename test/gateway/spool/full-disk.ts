// What happens on a full disk, told as one JSON line; run on a tmpfs of 2 MiB by spool-full-disk.test.ts.
//   tsx full-disk.ts DIR
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Spool } from '../../../gateway/spool.ts';
import { until } from '../../helpers/wait.ts';
import { options, readAll, sample } from './rig.ts';

const [dir = ''] = process.argv.slice(2);
const limits = { segmentBytes: 64 * 1024 };
const spool = await Spool.open(options(dir, { limits }));
const result: Record<string, unknown> = {};
const text = 'x'.repeat(900);

// 4 MiB of telemetry on 2 MiB of disk, with safety records in between.
const safety: number[] = [];
for (let k = 0; k < 400; k++) {
  await spool.append(
    'telemetry',
    Array.from({ length: 11 }, (_, j) => sample(spool, `${k}.${j} ${text}`)),
  ).done;
  if (k % 10 === 0) {
    await spool.append('safety', [sample(spool, k)]).done;
    safety.push(k);
  }
}
const consumer = spool.consumer('uplink');
result.telemetryLost = (await readAll(consumer, 'telemetry', 0)).lost.length === 1;
result.safetyWhole = String((await readAll(consumer, 'safety', 0)).values) === String(safety);

// Somebody else fills the disk to the last byte while there is no telemetry left to give.
consumer.commit('telemetry', spool.head().telemetry, spool.epoch);
await until(() => spool.stats().bytes < 200_000, { what: 'telemetry is gone' });
const filler = join(dirname(dir), 'filler');
for (let size = 64 * 1024; size >= 1; size >>= 1) {
  let part = 0;
  for (;;)
    try {
      writeFileSync(`${filler}-${size}-${part++}`, Buffer.alloc(size));
    } catch {
      break;
    }
}
const groups = Array.from({ length: 400 }, (_, k) => spool.append('safety', [sample(spool, `late ${k} ${text}`)]));
await until(() => spool.stats().failing.safety !== '', { what: 'the disk is full' });
result.faultShown = spool.stats().failing.safety;
const last = groups.at(-1);
result.waitedUnacknowledged = last?.settled === false;
await until(async () => (await readAll(consumer, 'safety', 0)).values.length === safety.length + 400, {
  what: 'all is readable from memory',
});
result.stillReadable = true;

for (let size = 64 * 1024; size >= 1; size >>= 1)
  for (let part = 0; part < 64; part++) rmSync(`${filler}-${size}-${part}`, { force: true });
await last?.done;
result.acknowledgedAfterwards = spool.stats().failing.safety === '';
await spool.close();
const again = await Spool.open(options(dir, { limits }));
result.reopenedWhole = (await readAll(again.consumer('uplink'), 'safety', 0)).values.length === safety.length + 400;
await again.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
