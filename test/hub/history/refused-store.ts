// A process whose disk soon refuses to grow: appends until a batch is rejected, prints what the store then says, tries
// the same batch again until there is room, and prints once more. Usage: refused-store.ts DIR CHECKPOINT_MIB, under
// a limit on file sizes: a low one refuses the log, one above the log's size refuses the checkpoint.
import type { SeriesKey } from '../../../hub/history/api.ts';
import { openDuckdb } from '../../../hub/history/duckdb.ts';
import { until } from '../../helpers/wait.ts';

const [dir = '', checkpointMiB = '16'] = process.argv.slice(2);
const T0 = Date.UTC(2026, 2, 2);
const SERIES: SeriesKey = { community: 'c', building: '1', kind: 'fire-panel', device: 'gw.panel', point: 'fire' };
const BATCH = 4_000;
const BATCHES_MAX = 500;

const store = await openDuckdb({
  dir,
  now: () => T0,
  limits: { commitDelayMs: 1, checkpointMiB: Number(checkpointMiB) },
});
const append = async (first: number): Promise<boolean> => {
  const samples = Array.from({ length: BATCH }, (_, k) => ({
    series: SERIES,
    t: T0 + first + k,
    n: first + k,
    value: Math.sin(first + k),
    quality: 'good' as const,
  }));
  const last = first + BATCH - 1;
  return store.writer.append({ gateway: 'gw', epoch: 'epoch-01', lane: 'safety', first, last, samples }).then(
    () => true,
    () => false,
  );
};

const report = async (refused: number): Promise<void> => {
  const day = { from: T0, to: T0 + 86_400_000 };
  const { buckets } = await until(() => store.buckets(SERIES, day, 1), { what: 'history answers again' });
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const { status } = await store.health();
  const stored = store.writer.stored('gw', 'epoch-01', 'safety');
  const { reopened } = store.counters();
  console.log(JSON.stringify({ refused, sent, stored, count, status, reopened }));
};

let sent = 0;
let refused = 0;
for (let k = 0; k < BATCHES_MAX && refused < 3; k++) {
  if (await append(sent + 1)) sent += BATCH;
  else refused += 1;
}
await report(refused);
while (!(await append(sent + 1))) refused += 1;
sent += BATCH;
await report(refused);
await store.close();
