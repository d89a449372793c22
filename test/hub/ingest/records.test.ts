// From the records of a gateway to alarms, on a real PostgreSQL; ten thousand at once too.
import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../helpers/wait.ts';
import { alarms, brief, clock, database, events, freshGround, PUMP, quiet } from './ground.ts';
import {
  bear,
  lastReceipt,
  OFFLINE,
  ONLINE,
  send,
  signal,
  startRig,
  T0,
  tell,
  WireGateway,
  type DeviceSpec,
} from './rig.ts';

beforeEach(freshGround);

describe('from records to alarms', () => {
  test('[S1] a fire is raised, latched, released by RESET, and told as events', async () => {
    const { rig, gw } = await quiet();
    clock.advance(1_000);
    await tell(rig, gw, gw.sample('panel', 'zone', 1));
    expect(await brief()).toEqual(['fire unacked-active true']);
    expect((await alarms())[0]).toMatchObject({ device: 'gw.panel', raised: T0 + 1_000 });
    clock.advance(1_000);
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    expect(await brief()).toEqual(['fire latched-unacked false']);
    await tell(rig, gw, gw.sample('panel', 'key', 1), gw.sample('panel', 'key', 0));
    expect(await brief()).toEqual(['fire unacked-cleared false']);
    expect(await events()).toEqual(['alarm.raised', 'alarm.cleared', 'panel.state']);
  });

  test('a whole episode within one batch is kept', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 2), gw.sample('panel', 'zone', 0), gw.sample('panel', 'zone', 2));
    expect(await alarms()).toMatchObject([{ signal: 'fault', state: 'unacked-active', recurrences: 1 }]);
    expect(await events()).toEqual(['alarm.raised', 'alarm.cleared', 'alarm.recurred']);
  });

  test('a gap makes the condition unknown and clears nothing', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    await tell(rig, gw, gw.gap('panel', 'zone'));
    expect(await brief()).toEqual(['fault unacked-active unknown']);
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    expect(await brief()).toEqual(['fault unacked-active true']);
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    expect(await brief()).toEqual(['fault unacked-cleared false']);
  });

  test('a device that goes offline makes every condition on it unknown, until each point is heard again', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    await tell(rig, gw, gw.sample('panel', 'online', 0));
    expect((await brief()).toSorted()).toEqual(['fault unacked-active unknown', 'offline unacked-active true']);
    await tell(rig, gw, gw.sample('panel', 'online', 1));
    expect((await brief()).toSorted()).toEqual(['fault unacked-active unknown', 'offline unacked-cleared false']);
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    expect((await brief()).toSorted()).toEqual(['fault unacked-cleared false', 'offline unacked-cleared false']);
  });

  test('backfilled history raises nothing', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 1, { historical: true, sourceTime: T0 - 3_600_000 }));
    expect(await alarms()).toEqual([]);
  });

  test('an on-delay is a timer: it raises by itself, and not when the pressure came back', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('pump', 'bar', 3.9));
    clock.advance(9_999);
    await rig.timers.runDue();
    expect(await alarms()).toEqual([]);
    clock.advance(1);
    await rig.timers.runDue();
    expect(await alarms()).toMatchObject([{ signal: 'low', state: 'unacked-active', raised: T0 + 10_000 }]);
    await tell(rig, gw, gw.sample('pump', 'bar', 4.4));
    expect(await brief()).toEqual(['low unacked-active true']);
    await tell(rig, gw, gw.sample('pump', 'bar', 4.6));
    expect(await brief()).toEqual(['low unacked-cleared false']);
    await tell(rig, gw, gw.sample('pump', 'bar', 3.9));
    clock.advance(5_000);
    await tell(rig, gw, gw.sample('pump', 'bar', 6));
    clock.advance(60_000);
    await rig.timers.runDue();
    expect(await brief()).toEqual(['low unacked-cleared false']);
  });
});

describe('floods', () => {
  const COUNT = 10_000;
  const MANY: DeviceSpec = {
    id: 'many',
    building: '1',
    points: [
      ONLINE,
      ...Array.from({ length: COUNT }, (_, k) => ({ id: `det-${k}`, template: 'det-{n}', floor: (k % 26) + 1 })),
    ],
    signals: [
      OFFLINE,
      signal({ id: 'fault', class: 'FAULT', point: 'det-{n}', when: { eq: 1 } }),
      signal({ id: 'fire', class: 'FIRE', point: 'det-{n}', when: { eq: 2 }, latch: 'panel' }),
    ],
  };

  test('[S2] ten thousand alarms at once: none dropped, few statements, and a fire behind them is raised in its turn', async () => {
    const rig = await startRig(database, { clock });
    const gw = new WireGateway('gw', [MANY, PUMP], clock);
    await bear(rig, gw);
    const before = rig.ingest.allCounters()['transactions'] ?? 0;
    for (let from = 0; from < COUNT; from += 2_500)
      send(
        rig,
        gw,
        gw.batch(
          'safety',
          Array.from({ length: 2_500 }, (_, k) => gw.sample('many', `det-${from + k}`, 1)),
        ),
      );
    send(rig, gw, gw.batch('safety', [gw.sample('many', 'det-7', 2)]));
    await until(() => (lastReceipt(rig, gw, 'safety')?.seq ?? 0) >= gw.head.safety, {
      ms: 30_000,
      what: 'the flood is applied',
    });
    const rows = await database.db.read((tx) =>
      tx.query<{ signal: string; state: string; count: string }>(
        `select signal, state, count(*) as count from alarms.alarm group by signal, state order by signal, state`,
      ),
    );
    expect(rows).toEqual([
      { signal: 'fault', state: 'unacked-active', count: String(COUNT - 1) },
      { signal: 'fault', state: 'unacked-cleared', count: '1' },
      { signal: 'fire', state: 'unacked-active', count: '1' },
    ]);
    expect((rig.ingest.allCounters()['transactions'] ?? 0) - before).toBeLessThanOrEqual(5);
    const seqs = await database.db.read((tx) =>
      tx.one<{ distinct: string; max: string }>(
        'select count(distinct seq) as distinct, max(seq) as max from alarms.alarm',
      ),
    );
    expect(Number(seqs.distinct)).toBe(COUNT + 1);
    expect(Number(seqs.max)).toBeGreaterThanOrEqual(COUNT + 1);
  }, 60_000);
});
