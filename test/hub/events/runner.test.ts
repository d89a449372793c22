import { beforeEach, describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { ManualClock } from '../../../hub/clock.ts';
import type { Tx } from '../../../hub/db/tx.ts';
import type { CommandContext, Effect, NewEvent } from '../../../hub/events/api.ts';
import { setAsideList, takeUpAgain } from '../../../hub/events/books.ts';
import { policy, PolicyRunner, RUNNER_LIMITS, type Policy } from '../../../hub/events/runner.ts';
import { appendEvents } from '../../../hub/events/store.ts';
import { freshDatabase, type TestDatabase } from '../../helpers/database.ts';
import { until } from '../../helpers/wait.ts';

const NOW = Date.UTC(2026, 10, 22);
const quiet = { error: () => undefined, info: () => undefined };

/** Effects of these tests are events and rows of a table of their own. */
const execute = async (tx: Tx, effects: readonly Effect[], by: { now: number }): Promise<void> =>
  appendEvents(
    tx,
    effects.flatMap((e) => (e.effect === 'event' ? [e.event] : [])),
    by.now,
  );

const heard = (gateway: string, blindMs = 0): NewEvent => ({
  type: 'gateway.heard',
  community: 'c1',
  subject: gateway,
  payload: { gateway, blindMs },
});

let database: TestDatabase;
let clock: ManualClock;

beforeEach(async () => {
  database = await freshDatabase();
  clock = new ManualClock(NOW);
  await database.db.transaction((tx) =>
    tx.run(`create table public.effect (n bigint generated always as identity, rule text, subject text, id bigint)`),
  );
});

const append = (...events: NewEvent[]): Promise<void> =>
  database.db.transaction((tx) => appendEvents(tx, events, clock.now()));

const effects = (): Promise<{ rule: string; subject: string; id: string }[]> =>
  database.db.transaction((tx) => tx.query(`select rule, subject, id from public.effect order by n`));

const write = (c: CommandContext, rule: string, event: { subject: string; id: string }): Promise<number> =>
  c.tx.run(`insert into public.effect (rule, subject, id) values ($1, $2, $3)`, [rule, event.subject, event.id]);

const runner = (policies: readonly Policy<object>[]): PolicyRunner<object> =>
  new PolicyRunner({ db: database.db, clock, execute, policies, ports: {}, log: quiet });

/** A rule that writes down that it ran; `fails` says whether this try throws, after the write. */
const noting = (
  rule: string,
  fails: (event: { subject: string; id: string }) => boolean = () => false,
  lane = 'one',
): Policy<object> =>
  policy({
    rule,
    on: 'gateway.heard',
    lane,
    run: async (c, event) => {
      await write(c, rule, event);
      if (fails(event)) throw new Error(`${rule} fails on ${event.subject}`);
    },
  });

/** Lets all retries come due, until nothing is waiting. */
async function settle(r: PolicyRunner<object>): Promise<void> {
  await r.runAll();
  for (const ms of RUNNER_LIMITS.retryMs) {
    clock.advance(ms);
    await r.runAll();
  }
}

describe('the policy runner', () => {
  test('runs matching rules on events in order, and none twice when started again', async () => {
    await append(heard('a'), heard('b'), {
      ...heard('c'),
      type: 'gateway.silent',
      payload: { gateway: 'c', since: 0 },
    });
    await runner([noting('first'), noting('second')]).runAll();
    await runner([noting('first'), noting('second')]).runAll();
    expect((await effects()).map((e) => `${e.rule} ${e.subject}`)).toEqual([
      'first a',
      'second a',
      'first b',
      'second b',
    ]);
  });

  test('makes an effect once for its key, however often the event is told', async () => {
    const rule = policy<object, 'gateway.heard'>({
      rule: 'keyed',
      on: 'gateway.heard',
      lane: 'one',
      when: (p) => p.blindMs < 10,
      key: (p) => p.gateway,
      run: async (c, event) => void (await write(c, 'keyed', event)),
    });
    await append(heard('a'), heard('a'), heard('b'), heard('c', 10));
    await runner([rule]).runAll();
    await append(heard('a'));
    await runner([rule]).runAll();
    expect((await effects()).map((e) => e.subject)).toEqual(['a', 'b']);
  });

  test('a failing rule leaves nothing behind, is tried again after named pauses, and the rest goes on', async () => {
    let failures = 2;
    const flaky = noting('flaky', (e) => e.subject === 'bad' && failures-- > 0);
    const r = runner([flaky, noting('steady', undefined, 'other')]);
    await append(heard('bad'), heard('good'));
    await r.runAll();
    expect((await effects()).map((e) => `${e.rule} ${e.subject}`)).toEqual(['steady bad', 'flaky good', 'steady good']);
    clock.advance(RUNNER_LIMITS.retryMs[0]);
    await r.runAll();
    expect(await effects()).toHaveLength(3);
    clock.advance(RUNNER_LIMITS.retryMs[1]);
    await r.runAll();
    expect((await effects()).at(-1)).toMatchObject({ rule: 'flaky', subject: 'bad' });
    expect(r.counters()).toMatchObject({ failures: 2, setAside: 0 });
  });

  test('what belongs to the same subject waits behind a failure, so that it stays in order', async () => {
    let failures = 1;
    const r = runner([noting('flaky', () => failures-- > 0)]);
    await append(heard('a'), heard('a'), heard('b'));
    await r.runAll();
    expect((await effects()).map((e) => e.subject)).toEqual(['b']);
    await settle(r);
    const ids = (await effects()).filter((e) => e.subject === 'a').map((e) => Number(e.id));
    expect(ids).toEqual([...ids].sort((x, y) => x - y));
    expect(ids).toHaveLength(2);
  });

  test('a rule that keeps failing is set aside, told as policy.failed, and can be taken up again', async () => {
    let broken = true;
    const told: string[] = [];
    const teller = policy<object, 'policy.failed'>({
      rule: 'teller',
      on: 'policy.failed',
      lane: 'faults',
      run: (_, event) => void told.push(`${event.payload.rule}: ${event.payload.error}`),
    });
    const r = runner([noting('broken', () => broken), teller]);
    await append(heard('a'), heard('a'));
    await settle(r);
    await settle(r);
    expect(told).toEqual(['broken: broken fails on a', 'broken: broken fails on a']);
    expect(await effects()).toEqual([]);
    const aside = await database.db.transaction((tx) => setAsideList(tx, 'c1', 10));
    expect(aside).toMatchObject([{ rule: 'broken', attempts: 6 }, { rule: 'broken' }]);
    broken = false;
    for (const a of aside)
      await database.db.transaction((tx) =>
        takeUpAgain(tx, { community: 'c1', rule: a.rule, event: a.event }, clock.now()),
      );
    await r.runAll();
    expect(await effects()).toHaveLength(2);
  });

  test("the database's own trouble is not held against a rule, but not for ever", async () => {
    let troubled = true;
    const r = runner([
      policy<object, 'gateway.heard'>({
        rule: 'waiting',
        on: 'gateway.heard',
        lane: 'one',
        run: async (c, event) => {
          await c.tx.run(`set local statement_timeout = 1`);
          if (troubled) await c.tx.run('select pg_sleep(5)');
          await c.tx.run(`set local statement_timeout = 0`);
          await write(c, 'waiting', event);
        },
      }),
    ]);
    await append(heard('a'));
    await r.runAll();
    clock.advance(RUNNER_LIMITS.retryMs[0]);
    for (let k = 0; k < 2 * RUNNER_LIMITS.retryMs.length; k++) {
      await r.runAll();
      clock.advance(RUNNER_LIMITS.troubleMs);
    }
    expect(r.counters()).toMatchObject({ failures: 1 + 2 * RUNNER_LIMITS.retryMs.length, setAside: 0 });
    troubled = false;
    await r.runAll();
    expect((await effects()).map((e) => e.subject)).toEqual(['a']);

    troubled = true;
    await append(heard('b'));
    await r.runAll();
    clock.advance(RUNNER_LIMITS.troubleForMs);
    await settle(r);
    await settle(r);
    expect(r.counters()).toMatchObject({ setAside: 1 });
  });

  test('a failure to tell of a failure is set aside without being told', async () => {
    const teller = policy<object, 'policy.failed'>({
      rule: 'teller',
      on: 'policy.failed',
      lane: 'faults',
      run: () => {
        throw new Error('no one to tell');
      },
    });
    const r = runner([teller]);
    await append({
      type: 'policy.failed',
      community: 'c1',
      subject: 'x',
      payload: { rule: 'x', event: '1', error: '' },
    });
    await settle(r);
    const events = await database.db.transaction((tx) => tx.query(`select 1 from events.event`));
    expect(events).toHaveLength(1);
    expect(await database.db.transaction((tx) => setAsideList(tx, 'c1', 10))).toHaveLength(1);
  });

  test('is woken by a commit', async () => {
    const r = runner([noting('first')]);
    await r.start();
    try {
      await append(heard('a'));
      const found = await until(async () => ((await effects()).length > 0 ? effects() : null), {
        what: 'the rule runs',
      });
      expect(found).toMatchObject([{ rule: 'first', subject: 'a' }]);
    } finally {
      await r.stop();
    }
  });

  test('refuses a table with the same name twice', () => {
    expect(() => runner([noting('same'), noting('same')])).toThrow('policy same is in the table twice');
  });
});

test('random failures, crashes and two hubs at once: every effect exactly once, none lost, each subject in order', async () => {
  const scenario = fc.record({
    seed: fc.integer({ min: 0, max: 0xffff_ffff }),
    subjects: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 25 }),
    failShare: fc.double({ min: 0, max: 0.6, noNaN: true }),
    crashShare: fc.double({ min: 0, max: 0.3, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ seed, subjects, failShare, crashShare }) => {
      let state = seed;
      const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
      await database.db.transaction((tx) =>
        tx.run(`truncate events.event, events.cursor, events.done, events.parked, public.effect cascade`),
      );
      let trouble = true;
      const rule = (name: string, lane: string): Policy<object> =>
        noting(name, () => trouble && random() < failShare, lane);
      const policies = [rule('one', 'x'), rule('two', 'x'), rule('three', 'y')];
      // A hub that dies loses its connection in the middle of a transaction: any of its database calls may be the last.
      const dying = (): PolicyRunner<object> => {
        let dead = false;
        const transaction: TestDatabase['db']['transaction'] = async (work) => {
          if (dead) throw new Error('dead');
          return database.db.transaction(async (tx) => {
            const value = await work(tx);
            if (trouble && random() < crashShare) {
              dead = true;
              throw new Error('killed before commit');
            }
            return value;
          });
        };
        return new PolicyRunner({
          db: { ...database.db, transaction },
          clock,
          execute,
          policies,
          ports: {},
          log: quiet,
        });
      };
      for (const subject of subjects) {
        await append(heard(subject));
        if (random() < 0.4) await Promise.allSettled([dying().runAll(), dying().runAll()]);
        if (random() < 0.2) clock.advance(RUNNER_LIMITS.retryMs[0]);
      }
      trouble = false;
      await settle(runner(policies));
      const aside = await database.db.transaction((tx) => setAsideList(tx, 'c1', 100));
      expect(aside).toEqual([]);
      const all = await effects();
      const byRule = (name: string) => all.filter((e) => e.rule === name);
      for (const name of ['one', 'two', 'three']) {
        expect(byRule(name)).toHaveLength(subjects.length);
        expect(new Set(byRule(name).map((e) => e.id)).size).toBe(subjects.length);
        for (const subject of new Set(subjects)) {
          const order = byRule(name).flatMap((e) => (e.subject === subject ? [Number(e.id)] : []));
          expect(order).toEqual(order.toSorted((x, y) => x - y));
        }
      }
    }),
    { numRuns: 15 },
  );
}, 120_000);
