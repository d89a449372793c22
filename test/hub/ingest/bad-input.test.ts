// What gateways must not send: it is counted, set aside and told; nothing else stops.
import { beforeEach, describe, expect, test } from 'vitest';
import { topics } from '../../../device-profiles/contract/wire.ts';
import { alarms, brief, database, freshGround, gateway, PANEL, PUMP, quiet } from './ground.ts';
import { enrolGateway, reached, send, signal, tell, type DeviceSpec } from './rig.ts';

beforeEach(freshGround);

describe('bad input', () => {
  const ODD = signal({ id: 'odd', class: 'PREALARM', point: 'zone', when: { ge: 10 } });
  const WIDE: DeviceSpec = { ...PANEL, signals: [...PANEL.signals, ODD] };
  const quarantine = (): Promise<{ seq: string; reason: string; record: string }[]> =>
    database.db.read((tx) => tx.query('select seq, reason, record from ingest.quarantine order by id'));

  test('records that the database refuses are set aside with a fault; their neighbours and the lane go on', async () => {
    const { rig, gw } = await quiet(undefined, gateway([WIDE, PUMP]));
    await database.db.transaction((tx) =>
      tx.run(`alter table alarms.alarm add constraint poison check (value is distinct from '13'::jsonb)`),
    );
    const batch = gw.batch('safety', [
      gw.sample('pump', 'online', 0),
      gw.sample('panel', 'zone', 13),
      gw.sample('panel', 'zone', 1),
    ]);
    send(rig, gw, batch);
    await reached(rig, gw);
    expect((await brief()).toSorted()).toEqual([
      'fire unacked-active true',
      'offline unacked-active true',
      'quarantined latched-unacked false',
    ]);
    const [aside, ...more] = await quarantine();
    expect(more).toEqual([]);
    expect(aside).toMatchObject({
      seq: String(batch.batch.first + 1),
      reason: expect.stringContaining('poison') as unknown,
    });
    expect(JSON.parse(aside?.record ?? '')).toMatchObject({ value: 13 });
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    expect(await brief()).toContain('fire latched-unacked false');
    expect(rig.ingest.allCounters()['quarantined']).toBe(1);
  });

  test('a record whose index is not in its birth is set aside', async () => {
    const { rig, gw } = await quiet();
    const stray = { ...gw.sample('panel', 'zone', 1), i: 999 };
    await tell(rig, gw, stray, gw.sample('panel', 'zone', 2));
    expect((await brief()).toSorted()).toEqual(['fault unacked-active true', 'quarantined latched-unacked false']);
    expect(await quarantine()).toMatchObject([{ reason: expect.stringContaining('index 999') as unknown }]);
  });

  test('text that PostgreSQL cannot hold raises its alarm all the same', async () => {
    const text = signal({ id: 'code', class: 'FAULT', point: 'zone', when: { reason: 'unknown-code' } });
    const { rig, gw } = await quiet(undefined, gateway([{ ...PANEL, signals: [...PANEL.signals, text] }, PUMP]));
    await tell(rig, gw, gw.sample('panel', 'zone', 'E\u00001', { quality: 'bad', reason: 'unknown-code' }));
    expect(await brief()).toEqual(['code unacked-active true']);
  });

  test.each([
    ['bytes that are not CBOR', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['a whole MiB', Buffer.alloc(1024 * 1024, 0x80)],
  ])('%s change nothing but a counter', async (_title, bytes) => {
    const { rig, gw } = await quiet();
    for (const kind of ['birth', 'up/safety', 'up/telemetry', 'state', 'beat'])
      void rig.ingest.receive(`fengsui/v1/gw/${kind}`, bytes);
    expect(rig.ingest.counters.malformed).toBe(5);
    await tell(rig, gw, gw.sample('panel', 'zone', 1));
    expect(await brief()).toEqual(['fire unacked-active true']);
  });

  test('a gateway on the topic of another, an unknown gateway and a foreign topic are not heard', async () => {
    await enrolGateway(database, 'gw2');
    const { rig, gw } = await quiet();
    const made = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    void rig.ingest.receive(topics.up('gw2', 'safety'), made.bytes);
    void rig.ingest.receive(topics.up('gw', 'telemetry'), made.bytes);
    void rig.ingest.receive(topics.up('stranger', 'safety'), made.bytes);
    void rig.ingest.receive('fengsui/v1/gw/receipt/safety', made.bytes);
    expect(rig.ingest.counters).toMatchObject({ malformed: 2, unknownGateway: 1, foreign: 1 });
    expect(await alarms()).toEqual([]);
    send(rig, gw, made);
    await reached(rig, gw);
    expect(await brief()).toEqual(['fire unacked-active true']);
  });
});
