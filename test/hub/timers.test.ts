// The one timer table on a real PostgreSQL, with clocks that move only when told.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../hub/clock.ts';
import type { Effect, NewEvent } from '../../hub/events/api.ts';
import { TIMER_LIMITS, TimerRunner, type TimerHandler } from '../../hub/timers.ts';
import { cancelTimers, setTimers, type NewTimer } from '../../hub/timers-store.ts';
import { freshDatabase, silentLog, type TestDatabase } from '../helpers/database.ts';
import { until } from '../helpers/wait.ts';

const T0 = Date.UTC(2026, 10, 22, 8);
let database: TestDatabase;
let clock: ManualClock;
let events: NewEvent[];

beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  clock = new ManualClock(T0);
  events = [];
  await database.db.transaction((tx) => tx.run('delete from timers.timer'));
});

function runner(kinds: Record<string, TimerHandler>, ready?: () => boolean): TimerRunner {
  const made = new TimerRunner({
    db: database.db,
    clock,
    log: silentLog,
    community: 'xfl',
    ...(ready === undefined ? {} : { ready }),
    execute: async (_tx, effects: readonly Effect[]) => {
      for (const e of effects) if (e.effect === 'event') events.push(e.event);
    },
  });
  for (const [kind, handle] of Object.entries(kinds)) made.register(kind, { handle });
  return made;
}

const timer = (key: string, afterMs: number, more: Partial<NewTimer> = {}): NewTimer => ({
  key,
  kind: 'test',
  community: 'xfl',
  dueAt: T0 + afterMs,
  basis: 'duration',
  payload: {},
  ...more,
});
const set = (...timers: NewTimer[]): Promise<void> =>
  database.db.transaction((tx) => setTimers(tx, timers, clock.now()));
const row = (
  key: string,
): Promise<{ due: string; attempts: number; error: string | null; aside: boolean } | undefined> =>
  database.db.read((tx) =>
    tx.maybe('select due, attempts, error, set_aside_at is not null as aside from timers.timer where key = $1', [key]),
  );

describe('deadlines', () => {
  test('nothing runs before it is due; then in order of deadline, each once', async () => {
    const ran: string[] = [];
    const timers = runner({ test: async (_c, t) => void ran.push(t.key) });
    await set(timer('late', 3_000), timer('early', 1_000), timer('middle', 2_000));
    expect(await timers.runDue()).toBe(0);
    clock.advance(2_000);
    expect(await timers.runDue()).toBe(2);
    clock.advance(1_000);
    await timers.runDue();
    expect(await timers.runDue()).toBe(0);
    expect(ran).toEqual(['early', 'middle', 'late']);
  });

  test('a timer that was set before a restart runs after it', async () => {
    await set(timer('kept', 1_000, { payload: { alarm: 'a1' } }));
    clock.advance(60_000);
    const seen: unknown[] = [];
    const afterRestart = runner({ test: async (_c, t) => void seen.push(t.payload) });
    await afterRestart.runDue();
    expect(seen).toEqual([{ alarm: 'a1' }]);
  });

  test('setting a key again moves it; cancelling removes it', async () => {
    const ran: string[] = [];
    const timers = runner({ test: async (_c, t) => void ran.push(t.key) });
    await set(timer('moved', 1_000), timer('gone', 1_000));
    await set(timer('moved', 9_000));
    expect(await database.db.transaction((tx) => cancelTimers(tx, ['gone', 'never-was']))).toBe(1);
    clock.advance(5_000);
    expect(await timers.runDue()).toBe(0);
    clock.advance(5_000);
    await timers.runDue();
    expect(ran).toEqual(['moved']);
  });

  test('a timer of a kind that nobody handles here stays', async () => {
    await set(timer('foreign', 0, { kind: 'other' }));
    expect(await runner({ test: async () => undefined }).runDue()).toBe(0);
    expect(await row('foreign')).toBeDefined();
  });

  test('a hub that may not run them leaves due timers for the one that may', async () => {
    let may = false;
    const ran: string[] = [];
    const timers = runner({ test: async (_c, t) => void ran.push(t.key) }, () => may);
    await set(timer('t', 0));
    expect(await timers.runDue()).toBe(0);
    expect(await row('t')).toMatchObject({ attempts: 0 });
    may = true;
    expect(await timers.runDue()).toBe(1);
    expect(ran).toEqual(['t']);
  });

  test('what the handler gives back is called after the commit only', async () => {
    const order: string[] = [];
    const timers = runner({
      test: async (c) => {
        order.push('in');
        const alone = await c.tx.query('select 1 from timers.timer');
        order.push(`left ${alone.length}`);
        return () => order.push('after');
      },
    });
    await set(timer('t', 0));
    await timers.runDue();
    expect(order).toEqual(['in', 'left 0', 'after']);
  });

  test('the loop runs a timer by itself and stops', async () => {
    const ran: string[] = [];
    const timers = runner({ test: async (_c, t) => void ran.push(t.key) });
    timers.start();
    await set(timer('t', 0));
    timers.poke();
    await until(() => ran.length === 1, { what: 'the timer ran' });
    await timers.stop();
    expect(ran).toEqual(['t']);
  });
});

describe('failures', () => {
  test('a failing timer is tried again with pauses, then set aside with an event, and others go on', async () => {
    const ran: string[] = [];
    const timers = runner({
      test: async (_c, t) => {
        if (t.key === 'bad') throw new Error('no such order');
        ran.push(t.key);
      },
    });
    await set(timer('bad', 0), timer('good', 1));
    clock.advance(1);
    await timers.runDue();
    expect(ran).toEqual(['good']);
    expect(await row('bad')).toMatchObject({ attempts: 1, error: 'no such order', aside: false });
    for (const pause of TIMER_LIMITS.retryMs) {
      clock.advance(pause - 1);
      expect(await timers.runDue()).toBe(0);
      clock.advance(1);
      expect(await timers.runDue()).toBe(1);
    }
    expect(await row('bad')).toMatchObject({ attempts: TIMER_LIMITS.retryMs.length + 1, aside: true });
    clock.advance(86_400_000);
    expect(await timers.runDue()).toBe(0);
    expect(events).toEqual([
      {
        type: 'policy.failed',
        community: 'xfl',
        subject: 'bad',
        payload: { rule: 'timer:test', event: 'bad', error: 'no such order' },
      },
    ]);
    expect(timers.counters()).toMatchObject({ setAside: 1 });
  });

  test('what a failing handler wrote is rolled back', async () => {
    const timers = runner({
      test: async (c) => {
        await setTimers(c.tx, [timer('half-done', 0, { kind: 'other' })], c.now);
        throw new Error('later step failed');
      },
    });
    await set(timer('t', 0));
    await timers.runDue();
    expect(await row('half-done')).toBeUndefined();
    expect(await row('t')).toMatchObject({ attempts: 1 });
  });
});

describe('clock jumps', () => {
  test.each([3_600_000, -3_600_000])('a jump of %i ms moves durations and leaves dates', async (jumpMs) => {
    const timers = runner({ test: async () => undefined });
    await set(timer('duration', 10_000), timer('date', 10_000, { basis: 'calendar', kind: 'other' }));
    clock.advance(100);
    clock.jump(jumpMs);
    await timers.checkClock();
    expect(Number((await row('duration'))?.due)).toBe(T0 + 10_000 + jumpMs);
    expect(Number((await row('date'))?.due)).toBe(T0 + 10_000);
    expect(events).toEqual([
      { type: 'clock.jumped', community: 'xfl', subject: 'hub', payload: { jumpMs, seenAt: T0 } },
    ]);
    await timers.checkClock();
    expect(events).toHaveLength(1);
  });

  test('a duration set between the jump and its discovery is not moved', async () => {
    const timers = runner({ test: async () => undefined });
    clock.jump(3_600_000);
    clock.advance(50);
    await set(timer('after', 3_600_050 + 5_000));
    clock.advance(50);
    await timers.checkClock();
    expect(Number((await row('after'))?.due)).toBe(T0 + 3_605_050);
  });

  test('a slow drift is no jump', async () => {
    const timers = runner({ test: async () => undefined });
    await set(timer('t', 10_000));
    for (let i = 0; i < 10; i++) {
      clock.jump(TIMER_LIMITS.jumpMs);
      await timers.checkClock();
    }
    expect(Number((await row('t'))?.due)).toBe(T0 + 10_000);
    expect(events).toEqual([]);
  });
});
