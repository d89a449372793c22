// T1 from bytes to rows on a real PostgreSQL: each signal exactly once, whatever is repeated, lost, late or restarted.
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeBirth, topics } from '../../../device-profiles/contract/wire.ts';
import { ManualClock } from '../../../hub/clock.ts';
import { freshDatabase, type TestDatabase } from '../../helpers/database.ts';
import { until } from '../../helpers/wait.ts';
import {
  bear,
  enrolGateway,
  lastReceipt,
  OFFLINE,
  ONLINE,
  reached,
  send,
  signal,
  startRig,
  T0,
  tell,
  WireGateway,
  type DeviceSpec,
  type Rig,
} from './rig.ts';

const FIRE = signal({ id: 'fire', class: 'FIRE', point: 'zone', when: { eq: 1 }, latch: 'panel' });
const FAULT = signal({ id: 'fault', class: 'FAULT', point: 'zone', when: { eq: 2 } });
const RESET = signal({ id: 'reset', class: 'RESET', point: 'key', when: { eq: 1 } });
const LOW = signal({ id: 'low', class: 'PROCESS', point: 'bar', when: { lt: 4, hyst: 0.5 }, onDelayMs: 10_000 });
const PANEL: DeviceSpec = {
  id: 'panel',
  building: '1',
  floor: 12,
  points: [ONLINE, { id: 'zone' }, { id: 'key' }],
  signals: [OFFLINE, FIRE, FAULT, RESET],
};
const PUMP: DeviceSpec = {
  id: 'pump',
  kind: 'fire-pump',
  points: [ONLINE, { id: 'bar' }, { id: 'temp', lane: 'telemetry' }],
  signals: [OFFLINE, LOW],
};

let database: TestDatabase;
let clock: ManualClock;

beforeEach(async () => {
  database = await freshDatabase();
  clock = new ManualClock(T0);
  await enrolGateway(database, 'gw');
});

const gateway = (devices: readonly DeviceSpec[] = [PANEL, PUMP]): WireGateway => new WireGateway('gw', devices, clock);

interface Alarm {
  signal: string;
  state: string;
  condition: string;
  recurrences: number;
  raised: number;
  cleared: number | null;
  device: string;
}
const alarms = (): Promise<Alarm[]> =>
  database.db.read((tx) =>
    tx.query<Alarm>(
      `select signal, state, condition, recurrences, device,
         (extract(epoch from raised_at) * 1000)::float8 as raised, (extract(epoch from cleared_at) * 1000)::float8 as cleared
       from alarms.alarm order by seq`,
    ),
  );
const brief = async (): Promise<string[]> => (await alarms()).map((a) => `${a.signal} ${a.state} ${a.condition}`);
const events = async (): Promise<string[]> =>
  (await database.db.read((tx) => tx.query<{ type: string }>('select type from events.event order by id'))).map(
    (e) => e.type,
  );

/** A rig with a gateway that is born and quiet. */
async function quiet(rig?: Rig, gw = gateway()): Promise<{ rig: Rig; gw: WireGateway }> {
  const started = rig ?? (await startRig(database, { clock }));
  for (const s of [gw.sample('panel', 'online', 1), gw.sample('panel', 'zone', 0), gw.sample('panel', 'key', 0)])
    gw.batch('safety', [s]);
  for (const s of [gw.sample('pump', 'online', 1), gw.sample('pump', 'bar', 6)]) gw.batch('safety', [s]);
  await bear(started, gw);
  for (const made of gw.sent) send(started, gw, made);
  await reached(started, gw);
  return { rig: started, gw };
}

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

describe('silence', () => {
  /** Time passes, and the hub looks each second. */
  function pass(rig: Rig, seconds: number): void {
    for (let s = 0; s < seconds; s++) {
      clock.advance(1_000);
      rig.ingest.look();
    }
  }

  test('[S2] a gateway that is not heard blinds its points, holds its alarms, and is told as COMMS until it is back', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    pass(rig, 5);
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
    pass(rig, 1);
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
    expect(rig.ingest.site('gw')?.silence?.since).toBe(T0);
    expect((await brief()).toSorted()).toEqual(['fault unacked-active unknown', 'silent unacked-active true']);
    const site = rig.ingest.site('gw');
    const zone = rig.ingest.entry('gw.panel', 'zone');
    expect(site && zone && site.read(zone)).toMatchObject({ value: 2, quality: 'stale', reason: 'gateway-silent' });

    clock.advance(60_000);
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    await until(() => rig.said.some((s) => s.ask), { what: 'the hub asks for a birth' });
    expect(site && zone && site.read(zone)).toMatchObject({ quality: 'stale' });
    await bear(rig, gw);
    expect((await brief()).toSorted()).toEqual(['fault unacked-active true', 'silent unacked-cleared false']);
    expect(site && zone && site.read(zone)).toMatchObject({ value: 2, quality: 'good' });
    expect((await events()).filter((e) => e.startsWith('gateway'))).toEqual(['gateway.silent', 'gateway.heard']);
  });

  test('a pulse told between being heard again and the new birth is not missed', async () => {
    const { rig, gw } = await quiet();
    pass(rig, 6);
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    await bear(rig, gw);
    expect((await brief()).toSorted()).toEqual(['fault unacked-cleared false', 'silent unacked-cleared false']);
  });

  test("the hub's own pause is not held against gateways", async () => {
    const { rig, gw } = await quiet();
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    clock.advance(30_000);
    rig.ingest.look();
    expect(await brief()).toEqual([]);
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    pass(rig, 4);
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
  });

  test('a restart does not end a silence: the alarm stands until the gateway is heard', async () => {
    const { rig } = await quiet();
    pass(rig, 6);
    await until(async () => (await brief()).includes('silent unacked-active true'), { what: 'silence is told' });
    await rig.stop();
    const again = await startRig(database, { clock });
    pass(again, 60);
    expect(await brief()).toEqual(['silent unacked-active true']);
    expect((await alarms())[0]?.recurrences).toBe(0);
  });
});

describe('catching up', () => {
  test('[S3] while a long backlog is told, the hub asks for fresh snapshots, so that a new fire is seen now', async () => {
    const { rig, gw } = await quiet();
    await rig.stop();
    for (let k = 0; k < 50; k++) gw.batch('safety', [gw.sample('pump', 'bar', 6 + (k % 2))]);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    expect(again.ingest.settled('gw')).toBe(false);
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
    expect(again.ingest.settled('gw')).toBe(true);
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
