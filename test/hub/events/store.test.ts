import { beforeAll, describe, expect, test } from 'vitest';
import type { NewEvent } from '../../../hub/events/api.ts';
import {
  appendEvents,
  EVENTS_CHANNEL,
  eventsAfter,
  latestPosition,
  readPosition,
  rebaseAfterRestore,
  savePosition,
} from '../../../hub/events/store.ts';
import { freshDatabase, type TestDatabase } from '../../helpers/database.ts';
import { until } from '../../helpers/wait.ts';

const jump = (subject: string, jumpMs = 1): NewEvent => ({
  type: 'clock.jumped',
  community: 'c1',
  subject,
  payload: { jumpMs, seenAt: 0 },
});
const NOW = Date.UTC(2026, 10, 22);
const START = { txid: '0', id: '0' };

describe('stored events', () => {
  let test1: TestDatabase;
  beforeAll(async () => {
    test1 = await freshDatabase();
  });

  test('are read in the order in which they were appended, with what they carried', async () => {
    const { db } = test1;
    await db.transaction((tx) => appendEvents(tx, [jump('a', 1), jump('b', 2)], NOW));
    await db.transaction((tx) => appendEvents(tx, [jump('c', 3)], NOW + 5));
    const { events, hidden } = await db.transaction((tx) => eventsAfter(tx, START, 10));
    expect(events).toMatchObject([
      { subject: 'a', at: NOW, type: 'clock.jumped', community: 'c1', payload: { jumpMs: 1, seenAt: 0 } },
      { subject: 'b', at: NOW, payload: { jumpMs: 2, seenAt: 0 } },
      { subject: 'c', at: NOW + 5, payload: { jumpMs: 3, seenAt: 0 } },
    ]);
    expect(hidden).toBe(false);
  });

  test('a page ends where it is told, and the next goes on behind it', async () => {
    const { db } = test1;
    const first = await db.transaction((tx) => eventsAfter(tx, START, 2));
    const second = await db.transaction((tx) => eventsAfter(tx, first.events[1] ?? START, 2));
    expect(second.events.map((e) => e.subject)).toEqual(['c']);
  });

  test('of a transaction that began earlier and commits later are not passed over', async () => {
    const { db } = test1;
    const start = await db.transaction(latestPosition);
    let commit: () => void = () => undefined;
    const slow = db.transaction(async (tx) => {
      await appendEvents(tx, [jump('slow')], NOW);
      await new Promise<void>((resolve) => (commit = resolve));
    });
    await until(() => commit !== undefined && commit.name !== '', { what: 'the slow transaction has its event' });
    await db.transaction((tx) => appendEvents(tx, [jump('quick')], NOW));
    // The quick one is committed, but a reader that took it now would never come back for the slow one.
    expect(await db.transaction((tx) => eventsAfter(tx, start, 10))).toEqual({ events: [], hidden: true });
    commit();
    await slow;
    const { events } = await db.transaction((tx) => eventsAfter(tx, start, 10));
    expect(events.map((e) => e.subject)).toEqual(['slow', 'quick']);
  });

  test('wait for no transaction of another database of the server', async () => {
    const { db } = test1;
    const neighbour = await freshDatabase();
    const start = await db.transaction(latestPosition);
    let end: (() => void) | undefined;
    const theirs = neighbour.db.transaction(async (tx) => {
      await appendEvents(tx, [jump('theirs')], NOW);
      await new Promise<void>((resolve) => (end = resolve));
    });
    await until(() => end !== undefined, { what: 'the neighbour is at work' });
    await db.transaction((tx) => appendEvents(tx, [jump('ours')], NOW));
    // With the rights of readers, too.
    for (const ahead of [
      await db.transaction((tx) => eventsAfter(tx, start, 10)),
      await db.read((tx) => eventsAfter(tx, start, 10)),
    ])
      expect(ahead.events.map((e) => e.subject)).toEqual(['ours']);
    expect((await db.read(latestPosition)).id).not.toBe(start.id);
    end?.();
    await theirs;
  });

  test('whoever writes at the same time, a reader that goes on from where it was sees each once, in order', async () => {
    const { db } = test1;
    const neighbour = await freshDatabase();
    let at = await db.transaction(latestPosition);
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      const { events } = await db.read((tx) => eventsAfter(tx, at, 7));
      at = events.at(-1) ?? at;
      seen.push(...events.map((e) => e.subject));
    };
    const writer = async (name: string, on: TestDatabase): Promise<void> => {
      for (let k = 0; k < 40; k++)
        await on.db.transaction(async (tx) => {
          await appendEvents(tx, [jump(`${name}-${k}-a`)], NOW);
          if (k % 3 === 0) await tx.query('select pg_sleep(0.004)');
          await appendEvents(tx, [jump(`${name}-${k}-b`)], NOW);
        });
    };
    const writers = Promise.all([writer('one', test1), writer('two', test1), writer('far', neighbour)]);
    await until(
      async () => {
        await read();
        return seen.length >= 160;
      },
      { ms: 30_000, what: 'all events are read' },
    );
    await writers;
    await read();
    const of = (name: string): string[] =>
      Array.from({ length: 40 }, (_, k) => [`${name}-${k}-a`, `${name}-${k}-b`]).flat();
    for (const name of ['one', 'two']) expect(seen.filter((s) => s.startsWith(name))).toEqual(of(name));
    expect(seen).toHaveLength(160);
  }, 60_000);

  test('wake a listener when they are committed, not before and not when rolled back', async () => {
    const { db } = test1;
    let heard = 0;
    const stop = await db.listen(EVENTS_CHANNEL, () => heard++);
    await db
      .transaction(async (tx) => {
        await appendEvents(tx, [jump('never')], NOW);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await db.transaction((tx) => appendEvents(tx, [jump('heard')], NOW));
    await until(() => heard > 0, { what: 'the listener is woken' });
    expect(heard).toBe(1);
    await stop();
  });
});

test('a position only moves forward', async () => {
  const { db } = await freshDatabase();
  await db.transaction((tx) => savePosition(tx, 'r', { txid: '900', id: '5' }));
  await db.transaction((tx) => savePosition(tx, 'r', { txid: '800', id: '9' }));
  expect(await db.transaction((tx) => readPosition(tx, 'r'))).toEqual({ txid: '900', id: '5' });
});

test('[fault 18] events of a restored copy whose transaction ids lie in the future are read, and only the unread ones', async () => {
  const { db } = await freshDatabase();
  await db.transaction((tx) =>
    appendEvents(
      tx,
      ['a', 'b', 'c', 'd'].map((s) => jump(s)),
      NOW,
    ),
  );
  const { events } = await db.transaction((tx) => eventsAfter(tx, START, 2));
  await db.transaction((tx) => savePosition(tx, 'policies', events[1] ?? START));
  // What a dump from a server with a longer history looks like here.
  await db.transaction(async (tx) => {
    await tx.run(`update events.event set txid = (txid::text::bigint + 1000000000)::text::xid8`);
    await tx.run(`update events.cursor set txid = (txid::text::bigint + 1000000000)::text::xid8`);
  });
  const read = async (): Promise<string[]> => {
    const from = await db.transaction((tx) => readPosition(tx, 'policies'));
    return (await db.transaction((tx) => eventsAfter(tx, from, 10))).events.map((e) => e.subject);
  };
  expect(await read()).toEqual([]);
  expect(await db.transaction(rebaseAfterRestore)).toBe(true);
  expect(await read()).toEqual(['c', 'd']);
  await db.transaction((tx) => appendEvents(tx, [jump('e')], NOW));
  expect(await read()).toEqual(['c', 'd', 'e']);
  expect(await db.transaction(rebaseAfterRestore)).toBe(false);
});
