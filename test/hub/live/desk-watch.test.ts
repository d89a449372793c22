// "No desk answers" (值班屏失联) on a supplied clock and a real database: raised after 10 s, told, cleared by the next
// report, neither hidden nor invented by a hub that is killed.
import { beforeEach, describe, expect, test } from 'vitest';
import { AlarmEngine } from '../../../hub/alarms/api.ts';
import { appendEvents } from '../../../hub/events/store.ts';
import { DESK_RULE } from '../../../hub/live/desk.ts';
import { DESK_TIMER, DeskWatch } from '../../../hub/live/desk-watch.ts';
import { controlRoomSince, qualified } from '../../../hub/duty/api.ts';
import { TimerRunner } from '../../../hub/timers.ts';
import { silentLog } from '../../helpers/database.ts';
import { HOUR, makeSite, type PersonName, type Site } from '../t2-site.ts';

const { silentMs, impairedMs, startGraceMs } = DESK_RULE.value;
const HEALTHY = { fresh: true, impaired: undefined } as const;
const REPORT_MS = 3_000;

let site: Site;
/** A hub as far as desks go: its memory, its timers, its engine. */
interface Hub {
  readonly watch: DeskWatch;
  /** Seconds pass, one after the other, as they do. */
  seconds(n: number): Promise<void>;
  /** A desk reports; the hub's reaction is in the database. */
  report(who: PersonName, impaired?: 'mute' | 'hidden'): Promise<void>;
  /** Somebody's desk answers for so long. */
  answer(who: PersonName, ms: number): Promise<void>;
}

async function startHub(): Promise<Hub> {
  const { db } = site.database;
  const { clock, execute } = site;
  const engine = new AlarmEngine({ appendEvents, group: async () => new Map(), proved: () => true });
  await db.transaction((tx) => engine.load(tx));
  const timers = new TimerRunner({ db, clock, execute, log: silentLog, community: 'c1' });
  const watch = new DeskWatch({
    db,
    clock,
    engine,
    exclusive: (work) => work(),
    assertLease: async () => undefined,
    qualified,
    onShiftSince: controlRoomSince,
    poke: () => undefined,
  });
  timers.register(DESK_TIMER, watch.timerKind());
  await watch.start();
  await watch.stop(); // its look at its own pauses is taken by `seconds`
  const run = async (): Promise<void> => {
    watch.look();
    await timers.runDue();
  };
  const seconds: Hub['seconds'] = async (n) => {
    for (let k = 0; k < n; k++) {
      clock.advance(1_000);
      await run();
    }
  };
  const report: Hub['report'] = async (who, impaired) => {
    watch.reported({ community: 'c1', person: site.people[who].id, word: { ...HEALTHY, impaired } });
    await watch.written();
    await run();
  };
  const answer: Hub['answer'] = async (who, ms) => {
    for (let t = 0; t < ms; t += REPORT_MS) {
      await report(who);
      await seconds(REPORT_MS / 1_000);
    }
  };
  return { watch, seconds, report, answer };
}

const alarms = async (): Promise<{ state: string; text: string; recurrences: number }[]> =>
  site.database.db.read((tx) =>
    tx.query(`select state, text->>'zh' as text, recurrences from alarms.alarm where signal = 'desk-silent'`),
  );
const state = async (): Promise<string> => (await alarms()).map((a) => a.state).join();
const told = async (): Promise<string[]> => {
  await site.policies.runAll();
  return (
    await site.database.db.read((tx) =>
      tx.query<{ username: string }>(
        `select p.username from notify.notification n join staff.person p on p.id = n.recipient
         where n.message = 'notify.desk-silent' order by n.id`,
      ),
    )
  ).map((r) => r.username);
};

beforeEach(async () => {
  site = await makeSite();
});

describe('[S2] no desk answers', () => {
  test('for 10 s of a control-room shift: an alarm, and supervisor and manager are told; a report ends it', async () => {
    const hub = await startHub();
    await hub.answer('operator', startGraceMs + 30_000);
    expect(await state()).toBe('');
    // The last report is 3 s old.
    await hub.seconds((silentMs - REPORT_MS) / 1_000 - 1);
    expect(await state()).toBe('');
    await hub.seconds(1);
    expect(await alarms()).toMatchObject([{ state: 'unacked-active', text: expect.stringContaining('值班屏失联') }]);
    expect(await told()).toEqual(['supervisor', 'manager']);
    await hub.report('operator');
    expect(await state()).toBe('unacked-cleared');
    await hub.answer('operator', 30_000);
    expect(await told()).toEqual(['supervisor', 'manager']);
  });

  test('again, before anybody acknowledged: the same alarm recurs, and they are told again', async () => {
    const hub = await startHub();
    await hub.answer('operator', startGraceMs);
    await hub.seconds(silentMs / 1_000);
    await hub.report('operator');
    await hub.seconds(silentMs / 1_000);
    expect(await alarms()).toMatchObject([{ state: 'unacked-active', recurrences: 1 }]);
    expect(await told()).toEqual(['supervisor', 'manager', 'supervisor', 'manager']);
  });

  test('is untrue while one of two desks does', async () => {
    const hub = await startHub();
    await hub.answer('operator', startGraceMs);
    await hub.answer('operator2', 60_000);
    expect(await state()).toBe('');
  });

  test('is true of one that is mute for a minute, of one whose screen is stale, and of one who may not acknowledge', async () => {
    const hub = await startHub();
    await hub.answer('operator', startGraceMs);
    for (let t = 0; t < impairedMs; t += REPORT_MS) {
      expect(await state()).toBe('');
      await hub.report('operator', 'mute');
      await hub.seconds(REPORT_MS / 1_000);
    }
    expect((await alarms())[0]?.text).toContain('没有声音');
    await hub.report('operator');
    expect(await state()).toBe('unacked-cleared');
    for (let t = 0; t < silentMs; t += REPORT_MS) {
      const person = site.people.operator.id;
      hub.watch.reported({ community: 'c1', person, word: { fresh: false, impaired: undefined } });
      await hub.report('manager');
      await hub.seconds(REPORT_MS / 1_000);
    }
    expect((await alarms())[0]).toMatchObject({ state: 'unacked-active' });
  });

  test('is no alarm while no shift is on, and one from the beginning of the next', async () => {
    const hub = await startHub();
    await hub.answer('operator', startGraceMs);
    await site.database.db.transaction((tx) => tx.run(`update duty.shift set ends_at = ends_at - interval '7 hours'`));
    await hub.seconds(60);
    expect(await state()).toBe('');
    await site.database.db.transaction((tx) =>
      tx.run(
        `update duty.shift set starts_at = to_timestamp($1::float8 / 1000), ends_at = to_timestamp($2::float8 / 1000)`,
        [site.clock.now(), site.clock.now() + HOUR],
      ),
    );
    await hub.seconds(2 * (silentMs / 1_000));
    expect(await state()).toBe('unacked-active');
  });
});

describe('a hub that is killed', () => {
  test('again and again within a minute does not wait anew for a desk that never answers', async () => {
    const starts = startGraceMs / 20_000;
    for (let n = 0; n < starts; n++) {
      expect(await state()).toBe('');
      await (await startHub()).seconds(20);
    }
    await (await startHub()).seconds(silentMs / 1_000);
    expect(await state()).toBe('unacked-active');
  });

  test('[S2] does not hide the silence: it is raised when the time of grace is over', async () => {
    const first = await startHub();
    await first.answer('operator', startGraceMs);
    const second = await startHub();
    await second.seconds(startGraceMs / 1_000 - 1);
    expect(await state()).toBe('');
    await second.seconds(1);
    expect(await state()).toBe('unacked-active');
  });

  test('[S2] does not invent it: a desk that is back in time is enough, and an alarm from before ends', async () => {
    const first = await startHub();
    await first.answer('operator', startGraceMs);
    await first.seconds(silentMs / 1_000);
    expect(await state()).toBe('unacked-active');
    const second = await startHub();
    await second.report('operator');
    expect(await state()).toBe('unacked-cleared');
    await second.answer('operator', 2 * startGraceMs);
    expect(await alarms()).toMatchObject([{ state: 'unacked-cleared', recurrences: 0 }]);
  });

  test('finds the desks of another hub in the database', async () => {
    const one = await startHub();
    const other = await startHub();
    await one.seconds(startGraceMs / 1_000 - 1);
    for (let k = 0; k < 10; k++) {
      other.watch.reported({ community: 'c1', person: site.people.operator.id, word: HEALTHY });
      await other.watch.written();
      await one.seconds(REPORT_MS / 1_000);
    }
    expect(await state()).toBe('');
  });

  test('or stood still for a while gives desks their time again', async () => {
    const hub = await startHub();
    await hub.answer('operator', startGraceMs);
    site.clock.advance(60_000);
    await hub.seconds(1);
    expect(await state()).toBe('');
    await hub.seconds(silentMs / 1_000);
    expect(await state()).toBe('unacked-active');
  });
});
