// A gateway's clock is set while delays run: they end when they would have ended, however far it jumps, whatever the hub
// or the gateway does meanwhile, and the jump is one fault.
import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../helpers/wait.ts';
import { alarms, brief, clock, database, freshGround } from './ground.ts';
import {
  bear,
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

beforeEach(freshGround);

const SECOND = 1_000;
const YEARS_56 = Date.UTC(2026, 0, 1);
const HOUR = 3_600 * SECOND;
/** Doors closed, the car between floors, somebody inside, for a minute. */
const TRAPPED = signal({
  id: 'trapped',
  class: 'ENTRAPMENT',
  point: 'load',
  when: { all: [{ point: 'door', eq: 1 }, { point: 'zone', eq: 0 }, { gt: 0 }] },
  onDelayMs: 60_000,
});
/** Over when it was dry for a minute. */
const WET = signal({ id: 'wet', class: 'FAULT', point: 'pit', when: { eq: 1 }, offDelayMs: 60_000 });
const LIFT: DeviceSpec = {
  id: 'lift',
  kind: 'elevator',
  points: [ONLINE, { id: 'door' }, { id: 'zone' }, { id: 'load' }, { id: 'pit' }],
  signals: [OFFLINE, TRAPPED, WET],
};

/** The hub and a lift that stands at a floor with an empty car and water in the pit; the gateway's clock is so far ahead. */
async function standing(ahead: number): Promise<{ rig: Rig; gw: WireGateway }> {
  const rig = await startRig(database, { clock });
  const gw = new WireGateway('gw', [LIFT], clock);
  gw.start(ahead);
  const first = { online: 1, door: 0, zone: 1, load: 0, pit: 1 };
  gw.batch(
    'safety',
    Object.entries(first).map(([point, value]) => gw.sample('lift', point, value)),
  );
  await bear(rig, gw);
  for (const made of gw.sent) send(rig, gw, made);
  await reached(rig, gw);
  expect(await brief()).toEqual(['wet unacked-active true']);
  return { rig, gw };
}

const stuck = (gw: WireGateway) => [
  gw.sample('lift', 'door', 1),
  gw.sample('lift', 'zone', 0),
  gw.sample('lift', 'load', 70),
];
/** It goes on saying what it said: every point, as heartbeats do. */
const repeat = (gw: WireGateway) => [...stuck(gw), gw.sample('lift', 'pit', 0)];

/** Seconds pass; every ten of them the gateway tells that nothing has changed, if it does. */
async function pass(rig: Rig, seconds: number, gw?: WireGateway): Promise<void> {
  for (let left = seconds; left > 0; left -= 10) {
    clock.advance(Math.min(10, left) * SECOND);
    if (gw) await tell(rig, gw, ...repeat(gw));
    await rig.timers.runDue();
  }
}

const trapped = async (): Promise<string | undefined> => (await brief()).find((b) => b.startsWith('trapped'));
const wet = async (): Promise<string | undefined> => (await brief()).find((b) => b.startsWith('wet'));
const STANDS = 'trapped unacked-active true';
const DRY = 'wet unacked-cleared false';
const jumps: readonly [string, number, number][] = [
  ['1970 to now', -YEARS_56, YEARS_56],
  ['an hour back', HOUR, -HOUR],
];

/** Someone is trapped and the pit is dry for 20 s. */
async function running(ahead: number): Promise<{ rig: Rig; gw: WireGateway }> {
  const { rig, gw } = await standing(ahead);
  await tell(rig, gw, ...repeat(gw));
  await pass(rig, 20);
  return { rig, gw };
}

describe.each(jumps)('a jump from %s, with delays that have run for 20 s of 60 s', (_, ahead, ms) => {
  test.each([true, false])('leaves them 40 s; the points are told again meanwhile: %s', async (again) => {
    const { rig, gw } = await running(ahead);
    send(rig, gw, gw.jump(ms));
    await reached(rig, gw);
    await pass(rig, 39, again ? gw : undefined);
    expect(await trapped()).toBeUndefined();
    expect(await wet()).toBe('wet unacked-active false');
    await pass(rig, 2, again ? gw : undefined);
    expect(await trapped()).toBe(STANDS);
    expect(await wet()).toBe(DRY);
    const raised = (await alarms()).find((a) => a.signal === 'trapped')?.raised;
    expect(raised).toBe(T0 + 60 * SECOND + gw.ahead);
  });

  test('is one fault, which says by how much, and is not told again', async () => {
    const { rig, gw } = await running(ahead);
    const jump = gw.jump(ms);
    send(rig, gw, jump);
    await reached(rig, gw);
    send(rig, gw, jump);
    send(rig, gw, gw.batch('telemetry', []));
    await bear(rig, gw);
    await pass(rig, 5, gw);
    const faults = await database.db.read((tx) =>
      tx.query<{ text: { en: string }; recurrences: number; device: string }>(
        `select text, recurrences, device from alarms.alarm where signal = 'clock-jump'`,
      ),
    );
    const [from, to] = [T0 + 20 * SECOND + ahead, T0 + 20 * SECOND + ahead + ms].map((t) => new Date(t).toISOString());
    const by = `${ms < 0 ? '−' : '+'}${Math.abs(ms) / SECOND} s`;
    expect(faults).toEqual([
      {
        device: 'gw.gateway',
        recurrences: 0,
        text: expect.objectContaining({
          en: `The clock of the gateway jumped: ${from} became ${to} (${by})`,
        }) as object,
      },
    ]);
  });

  test('changes nothing for a hub that is away meanwhile and hears the past first', async () => {
    const { rig, gw } = await running(ahead);
    await rig.stop();
    const missed = [gw.jump(ms)];
    clock.advance(10 * SECOND);
    missed.push(gw.batch('safety', repeat(gw)));
    const again = await startRig(database, { clock });
    await bear(again, gw);
    expect(await trapped()).toBeUndefined();
    for (const made of missed) send(again, gw, made);
    await reached(again, gw);
    await pass(again, 29, gw);
    expect(await trapped()).toBeUndefined();
    expect(await wet()).toBe('wet unacked-active false');
    await pass(again, 2, gw);
    expect(await trapped()).toBe(STANDS);
    expect(await wet()).toBe(DRY);
  });

  test('and of which a hub hears only later, is not added to delays that began before', async () => {
    const { rig, gw } = await standing(ahead);
    await rig.stop();
    const missed = [gw.batch('safety', repeat(gw))];
    clock.advance(20 * SECOND);
    missed.push(gw.jump(ms));
    clock.advance(10 * SECOND);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    for (const made of missed) send(again, gw, made);
    await reached(again, gw);
    await pass(again, 29);
    expect(await trapped()).toBeUndefined();
    await pass(again, 2);
    expect(await trapped()).toBe(STANDS);
    expect(await wet()).toBe(DRY);
  });

  test('changes nothing for a hub that begins anew after it and is told of the present alone', async () => {
    const { rig, gw } = await running(ahead);
    send(rig, gw, gw.jump(ms));
    await reached(rig, gw);
    await rig.stop();
    clock.advance(5 * SECOND);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    await pass(again, 34);
    expect(await trapped()).toBeUndefined();
    expect(await wet()).toBe('wet unacked-active false');
    await pass(again, 2);
    expect(await trapped()).toBe(STANDS);
    expect(await wet()).toBe(DRY);
  });

  test('of a gateway that began anew meanwhile ends nothing: a gap starts delays anew', async () => {
    const { rig, gw } = await running(ahead);
    const started = gw.start(ahead + ms);
    // Its birth comes before its records, and knows of nothing yet.
    await bear(rig, gw);
    expect(await trapped()).toBeUndefined();
    send(rig, gw, started);
    await reached(rig, gw);
    await tell(rig, gw, gw.sample('lift', 'online', 1), ...repeat(gw));
    await pass(rig, 59, gw);
    expect(await trapped()).toBeUndefined();
    expect(await wet()).toBe('wet unacked-active false');
    await pass(rig, 2, gw);
    expect(await trapped()).toBe(STANDS);
    expect(await wet()).toBe(DRY);
  });

  test('of a gateway that began anew while the hub was away ends nothing either', async () => {
    const { rig, gw } = await running(ahead);
    await rig.stop();
    const missed = [gw.start(ahead + ms), gw.batch('safety', [gw.sample('lift', 'online', 1), ...repeat(gw)])];
    clock.advance(5 * SECOND);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    for (const made of missed) send(again, gw, made);
    await reached(again, gw);
    await pass(again, 54, gw);
    expect(await trapped()).toBeUndefined();
    await pass(again, 2, gw);
    expect(await trapped()).toBe(STANDS);
  });

  test('does not make a signal look longer gone, nor gone anew', async () => {
    const { rig, gw } = await running(ahead);
    await pass(rig, 60, gw);
    const since = () =>
      database.db.read((tx) => tx.query(`select since from alarms.steady where signal = 'wet' and since is not null`));
    const before = await since();
    expect(before).toHaveLength(1);
    send(rig, gw, gw.jump(ms));
    await reached(rig, gw);
    await pass(rig, 5, gw);
    expect(await since()).toEqual(before);
  });
});

test.each([-YEARS_56, -HOUR, HOUR])(
  'a gateway whose clock is %d ms off ends no delay by falling silent, though the hub has another time',
  async (ahead) => {
    const { rig, gw } = await standing(ahead);
    await tell(rig, gw, ...repeat(gw));
    for (let s = 0; s < 40 && rig.ingest.site('gw')?.silence === undefined; s++) {
      clock.advance(SECOND);
      rig.ingest.look();
    }
    await until(async () => (await brief()).some((b) => b.startsWith('silent')), { what: 'the gateway is silent' });
    expect(await trapped()).toBeUndefined();
    expect(await wet()).toBe('wet unacked-active unknown');
  },
);

test('a gateway whose disk was wiped ends delays by its new time, though its runs were later before', async () => {
  const { rig, gw: before } = await standing(HOUR);
  await tell(rig, before, before.sample('lift', 'door', 0));
  const gw = new WireGateway('gw', [LIFT], clock, 'epoch-0002');
  // Told by the hub above which number to go on; its run is of its own clock, which was ahead and is right again.
  gw.n = before.n + 1_000;
  gw.timebase = { run: 0, jumped: 0 };
  await bear(rig, gw);
  await tell(rig, gw, gw.sample('lift', 'online', 1), ...repeat(gw));
  await pass(rig, 59);
  expect(await trapped()).toBeUndefined();
  await pass(rig, 2);
  expect(await trapped()).toBe(STANDS);
});
