// A process of its own that opens the embedded store, appends for ever, and prints what it knows to be durable.
// Usage: open-store.ts DIR [COUNT]; without COUNT it only holds the file.
import { HistoryError, type SeriesKey } from '../../../hub/history/api.ts';
import { openDuckdb } from '../../../hub/history/duckdb.ts';

const [dir = '', count = '0'] = process.argv.slice(2);
const SERIES: SeriesKey = { community: 'c', building: '1', kind: 'fire-panel', device: 'gw.panel', point: 'fire' };
const T0 = Date.UTC(2026, 2, 2);
const BATCH = 100;

try {
  const store = await openDuckdb({ dir, now: () => T0, limits: { commitDelayMs: 1, foldRows: 5_000 } });
  const lane = ['gw', 'epoch-01', 'safety'] as const;
  let seq = store.writer.stored(...lane);
  console.log(JSON.stringify({ ready: true, stored: seq }));
  const end = seq + Number(count);
  while (seq < end) {
    const first = seq + 1;
    const samples = Array.from({ length: BATCH }, (_, k) => ({
      series: SERIES,
      t: T0 + first + k,
      n: first + k,
      value: first + k,
      quality: 'good' as const,
    }));
    seq += BATCH;
    const batch = { gateway: lane[0], epoch: lane[1], lane: lane[2], first, last: seq, samples };
    const appended = await store.writer.append(batch);
    console.log(JSON.stringify({ stored: appended.stored }));
  }
  setInterval(() => undefined, 60_000);
} catch (error) {
  console.error(error instanceof HistoryError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
