// The narrow rows that figures count, on a real database: they follow every change of an alarm, each once and in order.
import { beforeAll, expect, test } from 'vitest';
import { catchUpFacts } from '../../../hub/alarms/api.ts';
import { takeFacts } from '../../../hub/alarms/facts-store.ts';
import type { Db } from '../../../hub/db/tx.ts';
import { freshDatabase } from '../../helpers/database.ts';
import { storeEpisodes } from '../read/figures/stored.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
let db: Db;
beforeAll(async () => {
  ({ db } = await freshDatabase());
});

interface Told {
  readonly point: string;
  readonly acked: boolean;
  readonly verdict: string | null;
}
const facts = (community: string): Promise<Told[]> =>
  db.read((tx) =>
    tx.query<Told>(
      `select point, acked_at is not null as acked, verdict from alarms.fact where community = $1 order by seq`,
      [community],
    ),
  );

test('a change that comes later takes the place of what was told before, and no other community is touched', async () => {
  await storeEpisodes(db, 'a', [
    { at: NOW, point: 'one', endAfter: 1_000 },
    { at: NOW, point: 'two', endAfter: 1_000 },
  ]);
  await storeEpisodes(db, 'b', [{ at: NOW, point: 'theirs', endAfter: 1_000 }]);
  expect(await catchUpFacts(db, 'a')).toBe(true);
  expect(await facts('a')).toMatchObject([{ point: 'one', verdict: null }, { point: 'two' }]);
  await db.transaction((tx) =>
    tx.run(
      `update alarms.alarm set seq = 9000000, verdict = '{"verdict":"false","at":"2026-11-22T10:05:00Z"}',
         acked = '{"at":"2026-11-22T10:01:00Z"}' where community = 'a' and point = 'one'`,
    ),
  );
  await catchUpFacts(db, 'a');
  expect(await facts('a')).toEqual([
    { point: 'two', acked: false, verdict: null },
    { point: 'one', acked: true, verdict: 'false' },
  ]);
  expect(await facts('b')).toEqual([]);
});

test('two who take at once take each change once, and say when more may be waiting', async () => {
  await storeEpisodes(
    db,
    'c',
    Array.from({ length: 5 }, (_, i) => ({ at: NOW + i, point: `p${i}`, endAfter: 1_000 })),
  );
  const take = (): Promise<boolean> => db.transaction((tx) => takeFacts(tx, 'c', 2));
  expect(await Promise.all([take(), take()])).toEqual([true, true]);
  expect(await facts('c')).toHaveLength(4);
  expect(await take()).toBe(false);
  expect((await facts('c')).map((f) => f.point)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
});
