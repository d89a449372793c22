// Events are kept for a time: none goes that a reader has yet to read or a rule has yet to deal with.
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../hub/clock.ts';
import { claimEffect, park } from '../../../hub/events/books.ts';
import { pruneEvents, RETENTION_LIMITS } from '../../../hub/events/retention.ts';
import { appendEvents, eventsAfter, savePosition, type PlacedEvent } from '../../../hub/events/store.ts';
import { startHousekeeping } from '../../../hub/housekeeping.ts';
import { freshDatabase, silentLog, type TestDatabase } from '../../helpers/database.ts';

const NOW = Date.UTC(2026, 10, 22);
const DAY = 86_400_000;
let database: TestDatabase;
let clock: ManualClock;

beforeEach(async () => {
  database = await freshDatabase();
  clock = new ManualClock(NOW);
});

const inTx: TestDatabase['db']['transaction'] = (work) => database.db.transaction(work);
const placed = async (): Promise<readonly PlacedEvent[]> =>
  (await inTx((tx) => eventsAfter(tx, { txid: '0', id: '0' }, 1_000))).events;
const subjects = async (): Promise<string[]> => (await placed()).map((e) => e.subject);
const done = async (): Promise<string[]> =>
  (await inTx((tx) => tx.query<{ key: string }>('select key from events.done order by event, key'))).map((r) => r.key);

/** Events with these subjects, one a transaction, stored now; each was dealt with by one rule by its own key. */
async function happened(...names: string[]): Promise<void> {
  for (const subject of names) {
    const payload = { jumpMs: 1, seenAt: 0 };
    await inTx((tx) => appendEvents(tx, [{ type: 'clock.jumped', community: 'c1', subject, payload }], clock.now()));
    const event = (await placed()).at(-1)?.id ?? '';
    await inTx((tx) => claimEffect(tx, { rule: 'r', key: `event:${event}`, event, now: clock.now() }));
    await inTx((tx) => claimEffect(tx, { rule: 'r', key: `alarm:${subject}`, event, now: clock.now() }));
  }
}
/** A reader has come to the event of this subject. */
async function read(reader: string, subject: string): Promise<void> {
  const at = (await placed()).find((e) => e.subject === subject);
  if (at) await inTx((tx) => savePosition(tx, reader, at));
}
async function keepHouse(): Promise<void> {
  const house = startHousekeeping({ db: database.db, clock, log: silentLog, tellRecords: async () => undefined });
  await house.run();
  await house.stop();
}

describe('housekeeping of events', () => {
  test('throws away what is old and dealt with, and what the books say of it alone', async () => {
    await happened('a', 'b');
    clock.advance(RETENTION_LIMITS.eventKeepMs);
    await happened('c');
    await read('policies', 'c');
    clock.advance(1);
    const house = startHousekeeping({ db: database.db, clock, log: silentLog, tellRecords: async () => undefined });
    await house.run();
    expect(await subjects()).toEqual(['c']);
    expect(await done()).toEqual(['alarm:a', 'alarm:b', 'alarm:c', expect.stringMatching(/^event:/)]);
    expect(house.counters()).toEqual({ rounds: 1, failures: 0, events: 2, keys: 0, records: 0 });
    clock.advance(RETENTION_LIMITS.keyKeepMs - RETENTION_LIMITS.eventKeepMs);
    await house.run();
    expect(await subjects()).toEqual([]);
    expect(await done()).toEqual(['alarm:c']);
    await house.stop();
  });

  test('leaves every event that a reader has not passed, however old', async () => {
    await happened('a', 'b', 'c');
    await read('policies', 'c');
    await read('another', 'a');
    clock.advance(10 * RETENTION_LIMITS.keyKeepMs);
    await keepHouse();
    expect(await subjects()).toEqual(['b', 'c']);
    expect(await done()).toHaveLength(4);
  });

  test('leaves everything while nobody has ever read', async () => {
    await happened('a');
    clock.advance(10 * RETENTION_LIMITS.keyKeepMs);
    await keepHouse();
    expect(await subjects()).toEqual(['a']);
  });

  test.each([
    ['waits for another try', false],
    ['was set aside', true],
  ])('leaves an event of which a rule %s, and what is behind it still goes', async (_what, aside) => {
    await happened('a', 'b', 'c');
    await read('policies', 'c');
    const [first] = await placed();
    if (!first) throw new Error('no event');
    const parked = { rule: 'broken', event: first, queue: 'q', attempts: 1, error: 'x', nextAt: NOW };
    await inTx((tx) => park(tx, parked));
    if (aside) await inTx((tx) => tx.run('update events.parked set set_aside_at = now()'));
    clock.advance(RETENTION_LIMITS.eventKeepMs + DAY);
    await keepHouse();
    expect(await subjects()).toEqual(['a']);
    expect(await done()).toContain(`event:${first.id}`);
  });

  test('takes a batch at a time, the oldest first', async () => {
    await happened('a', 'b', 'c');
    await read('policies', 'c');
    expect(await inTx((tx) => pruneEvents(tx, NOW + DAY, 2))).toBe(2);
    expect(await subjects()).toEqual(['c']);
  });
});
