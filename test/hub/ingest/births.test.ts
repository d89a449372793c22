// Births: what a snapshot shows against what the hub holds, and catching up with a backlog.
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeBirth, topics } from '../../../device-profiles/contract/wire.ts';
import { until } from '../../helpers/wait.ts';
import { alarms, brief, clock, database, events, freshGround, gateway, PANEL, PUMP, quiet } from './ground.ts';
import { bear, lastReceipt, reached, send, startRig, T0, tell } from './rig.ts';

beforeEach(freshGround);

describe('births', () => {
  test('after a restart everything is unknown; what the snapshot shows active is found, what is gone is cleared', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    await rig.stop();
    const again = await startRig(database, { clock });
    // The gateway applied both, and the hub has not heard of them.
    gw.batch('safety', [gw.sample('panel', 'zone', 0)]);
    gw.batch('safety', [gw.sample('panel', 'online', 1)]);
    await bear(again, gw);
    for (const made of gw.sent.slice(-2)) send(again, gw, made);
    await reached(again, gw);
    expect(await brief()).toEqual(['fault unacked-cleared false']);
  });

  test('an alarm that came and went during an outage is raised once, and stays to be acknowledged', async () => {
    const { rig, gw } = await quiet();
    await rig.stop();
    clock.advance(60_000);
    const pulse = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    clock.advance(60_000);
    const gone = gw.batch('safety', [gw.sample('panel', 'zone', 0)]);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    send(again, gw, pulse);
    send(again, gw, gone);
    await reached(again, gw);
    expect(await alarms()).toMatchObject([
      { signal: 'fire', state: 'latched-unacked', raised: T0 + 60_000, cleared: T0 + 120_000 },
    ]);
  });

  test('[S3] what burns now is raised from the snapshot at once, although a backlog is still to come', async () => {
    const { rig, gw } = await quiet();
    await rig.stop();
    const backlog = [
      gw.batch('safety', [gw.sample('panel', 'zone', 2)]),
      gw.batch('safety', [gw.sample('panel', 'zone', 0)]),
      gw.batch('safety', [gw.sample('panel', 'zone', 1)]),
      gw.batch('safety', [gw.sample('panel', 'zone', 0)]),
      gw.batch('safety', [gw.sample('panel', 'zone', 1)]),
    ];
    const again = await startRig(database, { clock });
    await bear(again, gw);
    expect(await brief()).toEqual(['fire unacked-active true']);
    for (const made of backlog) send(again, gw, made);
    await reached(again, gw);
    // The earlier fault is told by the backlog; the fire never left the screen meanwhile.
    expect((await alarms()).map((a) => `${a.signal} ${a.state} ${a.recurrences}`)).toEqual([
      'fire unacked-active 0',
      'fault unacked-cleared 0',
    ]);
    expect((await events()).filter((e) => e === 'alarm.cleared')).toHaveLength(1);
  });

  test('a batch with an index that the hub does not know makes it ask; with the answer the lane goes on', async () => {
    const { rig, gw } = await quiet();
    const newer = gateway([PANEL, PUMP, { ...PANEL, id: 'panel2' }]);
    const old = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    Object.assign(newer, { n: gw.n });
    newer.head.safety = gw.head.safety;
    await rig.stop();
    await database.db.transaction((tx) => tx.run('delete from ingest.birth'));
    const again = await startRig(database, { clock });
    await bear(again, newer);
    send(again, gw, old);
    await until(() => again.said.find((s) => s.ask?.birth === gw.birthId), { what: 'the hub asks for the old index' });
    const { snapshot: _, ...index } = gw.born();
    void again.ingest.receive(topics.birth('gw'), encodeBirth(index));
    await until(() => again.ingest.counters.birthsTaken === 2, { what: 'the old index is taken' });
    send(again, gw, old);
    await reached(again, gw);
    expect(await brief()).toEqual(['fire unacked-active true']);
  });

  test('a birth for another community than enrolled is refused, told as a fault, and changes nothing', async () => {
    const { rig, gw } = await quiet();
    void rig.ingest.receive(topics.birth('gw'), gw.birth({ community: 'other' }));
    await until(() => rig.ingest.counters.birthsRefused === 1, { what: 'the birth is refused' });
    await until(async () => (await brief()).length === 1, { what: 'the refusal is an alarm' });
    expect(await brief()).toEqual(['birth-refused latched-unacked false']);
    await tell(rig, gw, gw.sample('panel', 'zone', 1));
    expect(await brief()).toContain('fire unacked-active true');
  });

  test('points get lasting numbers: a second birth and a restart keep them', async () => {
    const { rig, gw } = await quiet();
    const before = rig.ingest.entry('gw.panel', 'zone')?.num;
    await bear(rig, gw);
    await rig.stop();
    const again = await startRig(database, { clock });
    const newer = gateway([{ ...PUMP, id: 'first' }, PANEL, PUMP]);
    newer.n = gw.n;
    newer.head.safety = gw.head.safety;
    await bear(again, newer);
    expect(before).toBeGreaterThan(0);
    expect(again.ingest.entry('gw.panel', 'zone')?.num).toBe(before);
  });
});

describe('catching up', () => {
  test('[S3] while a long backlog is told, the hub asks for fresh snapshots, so that a new fire is seen now', async () => {
    const { rig, gw } = await quiet();
    await rig.stop();
    for (let k = 0; k < 50; k++) gw.batch('safety', [gw.sample('pump', 'bar', 6 + (k % 2))]);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    expect(again.ingest.site('gw')?.settled).toBeUndefined();
    void again.ingest.receive(topics.beat('gw'), gw.beat());
    // The lane goes on slowly; meanwhile something begins to burn, at the end of the backlog.
    const asked = again.said.filter((s) => s.ask).length;
    for (let s = 0; s < 6; s++) {
      clock.advance(1_000);
      void again.ingest.receive(topics.beat('gw'), gw.beat());
      again.ingest.look();
    }
    expect(again.said.filter((s) => s.ask).length).toBe(asked + 1);
    const burning = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    await bear(again, gw);
    expect(await brief()).toEqual(['fire unacked-active true']);
    for (const made of gw.sent) send(again, gw, made);
    await reached(again, gw, 'safety', burning.batch.first);
    expect(await brief()).toEqual(['fire unacked-active true']);
    expect(again.ingest.site('gw')?.settled).toBeDefined();
  });

  test('a head that is never reached makes the hub ask the gateway to go back', async () => {
    const { rig, gw } = await quiet();
    gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    for (let s = 0; s < 4; s++) {
      clock.advance(1_000);
      void rig.ingest.receive(topics.beat('gw'), gw.beat());
      rig.ingest.look();
    }
    await until(() => lastReceipt(rig, gw, 'safety')?.rewind, { what: 'the hub asks to go back' });
    expect(lastReceipt(rig, gw, 'safety')).toMatchObject({ seq: gw.head.safety - 1 });
  });
});
