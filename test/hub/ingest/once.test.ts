// Each signal exactly once, whatever is repeated, lost, late, restarted or restored, and with two hubs.
import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../helpers/wait.ts';
import { alarms, brief, clock, database, events, freshGround, PANEL, PUMP, quiet } from './ground.ts';
import { bear, lastReceipt, reached, send, startRig, tell, WireGateway } from './rig.ts';

beforeEach(freshGround);

describe('exactly once', () => {
  test('every batch sent twice, in any order behind the cursor, changes nothing more', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 1));
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    const before = await alarms();
    const told = await events();
    for (const made of gw.sent.toReversed()) send(rig, gw, made);
    for (const made of gw.sent) send(rig, gw, made);
    await until(() => rig.ingest.allCounters()['repeats'] === gw.sent.length * 2, { what: 'all repeats are seen' });
    expect(await alarms()).toEqual(before);
    expect(await events()).toEqual(told);
    expect(lastReceipt(rig, gw, 'safety')?.rewind).toBeUndefined();
  });

  test('a gap makes the hub ask to go back, and what was sent too early is applied in its turn', async () => {
    const { rig, gw } = await quiet();
    const one = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    const two = gw.batch('safety', [gw.sample('panel', 'zone', 0)]);
    send(rig, gw, two);
    await until(() => lastReceipt(rig, gw, 'safety')?.rewind, { what: 'the hub asks to go back' });
    expect(lastReceipt(rig, gw, 'safety')).toMatchObject({ seq: one.batch.first - 1 });
    expect(await alarms()).toEqual([]);
    send(rig, gw, one);
    send(rig, gw, two);
    await reached(rig, gw);
    expect(await brief()).toEqual(['fire latched-unacked false']);
  });

  test('a batch with another CRC is refused and not applied', async () => {
    const { rig, gw } = await quiet();
    const made = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    const other = new WireGateway('gw', [PANEL, PUMP], clock);
    other.head.safety = made.batch.first - 1;
    const forged = other.batch('safety', [other.sample('panel', 'zone', 2)]);
    send(rig, gw, forged);
    await until(() => rig.ingest.counters.refusedCrc === 1, { what: 'the batch is refused' });
    expect(await alarms()).toEqual([]);
    send(rig, gw, made);
    await reached(rig, gw);
    expect(await brief()).toEqual(['fire unacked-active true']);
  });

  test('records carried into a new epoch are known by their n', async () => {
    const { rig, gw } = await quiet();
    const fire = gw.sample('panel', 'zone', 1);
    await tell(rig, gw, fire);
    const after = gw.sample('panel', 'zone', 0);
    await tell(rig, gw, after);
    await tell(rig, gw, gw.sample('panel', 'key', 1));
    gw.newEpoch('epoch-0002');
    const carried = gw.batch('safety', [fire, after, gw.sample('panel', 'zone', 2)]);
    await bear(rig, gw);
    send(rig, gw, carried);
    await reached(rig, gw);
    expect((await alarms()).map((a) => [a.signal, a.recurrences])).toEqual([
      ['fire', 0],
      ['fault', 0],
    ]);
  });

  test('after a restart the lane goes on from its cursor, and repeats are still repeats', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 1));
    await rig.stop();
    const again = await startRig(database, { clock });
    expect(await brief()).toEqual(['fire unacked-active true']);
    await bear(again, gw);
    expect(lastReceipt(again, gw, 'safety')).toMatchObject({ seq: gw.head.safety });
    for (const made of gw.sent) send(again, gw, made);
    await tell(again, gw, gw.sample('panel', 'zone', 0));
    expect(await brief()).toEqual(['fire latched-unacked false']);
    expect(await events()).toEqual(['alarm.raised', 'alarm.cleared']);
  });

  test('a hub restored from an older state of its database gets its alarms back, each once', async () => {
    const { rig, gw } = await quiet();
    await rig.stop();
    const { seq } = lastReceipt(rig, gw, 'safety') ?? { seq: 0 };
    const cursor = await database.db.read((tx) =>
      tx.one<{ seq: string; crc: string; n: string }>(
        `select seq, crc, n from ingest.cursor where gateway = 'gw' and lane = 'safety'`,
      ),
    );
    const later = await startRig(database, { clock });
    await bear(later, gw);
    await tell(later, gw, gw.sample('panel', 'zone', 1));
    await tell(later, gw, gw.sample('panel', 'zone', 0));
    await tell(later, gw, gw.sample('panel', 'zone', 2));
    await later.stop();
    // What a backup of that moment would hold.
    await database.db.transaction(async (tx) => {
      await tx.run('truncate alarms.alarm, alarms.act, alarms.alarm_order, alarms.sequence cascade');
      await tx.run(`update ingest.cursor set seq = $1, crc = $2, n = $3 where lane = 'safety'`, [
        cursor.seq,
        cursor.crc,
        cursor.n,
      ]);
    });
    const restored = await startRig(database, { clock });
    await bear(restored, gw);
    expect(lastReceipt(restored, gw, 'safety')).toMatchObject({ seq });
    for (const made of gw.sent) if (made.batch.first > seq) send(restored, gw, made);
    await reached(restored, gw);
    expect((await brief()).toSorted()).toEqual(['fault unacked-active true', 'fire latched-unacked false']);
  });

  test('a loss that the gateway admits moves the lane on and is itself an alarm', async () => {
    const { rig, gw } = await quiet();
    send(rig, gw, gw.loss('safety', gw.head.safety + 500, 500));
    await reached(rig, gw);
    await tell(rig, gw, gw.sample('panel', 'zone', 1));
    expect((await brief()).toSorted()).toEqual(['fire unacked-active true', 'loss latched-unacked false']);
    expect(await events()).toContain('gateway.note');
  });
});

describe('two hubs', () => {
  test('the one that lost the lease can commit nothing, and stands by', async () => {
    const { rig, gw } = await quiet();
    const second = await startRig(database, { clock });
    await bear(second, gw);
    const made = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    send(rig, gw, made);
    await until(() => rig.ingest.state === 'standby', { what: 'the first hub stands by' });
    expect(await alarms()).toEqual([]);
    send(second, gw, made);
    await reached(second, gw);
    expect(await brief()).toEqual(['fire unacked-active true']);
  });
});
