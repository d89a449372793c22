// A gateway that beats but no longer tells a point: its last value is not shown as good for ever.
import { beforeEach, describe, expect, test } from 'vitest';
import { topics, type Birth } from '../../../device-profiles/contract/wire.ts';
import { HeardTimes } from '../../../hub/ingest/heard-times.ts';
import { countPoints } from '../../../hub/live/state.ts';
import { clock, database, freshGround } from './ground.ts';
import { until } from '../../helpers/wait.ts';
import { bear, ONLINE, startRig, tell, WireGateway, type DeviceSpec, type Rig } from './rig.ts';

beforeEach(freshGround);

const DECLARED: Partial<Birth> = { heartbeatS: 60 };
const METERS: DeviceSpec = {
  id: 'room',
  kind: 'water-main',
  points: [ONLINE, { id: 'bar' }, { id: 'level' }, { id: 'm3', everyS: 3_600 }],
  signals: [],
};

/** A hub, and a gateway that has told everything just now. */
async function told(more: Partial<Birth> = DECLARED): Promise<{ rig: Rig; gw: WireGateway }> {
  const rig = await startRig(database, { clock });
  const gw = new WireGateway('gw', [METERS], clock);
  gw.start(0);
  await bear(rig, gw, { ...more, head: { safety: 0, telemetry: 0 } });
  for (const made of gw.sent) void rig.ingest.receive(topics.up('gw', 'safety'), Buffer.from(made.bytes));
  await tell(rig, gw, gw.sample('room', 'online', 1), gw.sample('room', 'bar', 6));
  await tell(rig, gw, gw.sample('room', 'level', 2), gw.sample('room', 'm3', 100));
  return { rig, gw };
}

/** Seconds pass in which the gateway beats; every half minute it tells the points that it still tells. */
async function pass(rig: Rig, gw: WireGateway, seconds: number, ...still: string[]): Promise<void> {
  for (let s = 2; s <= seconds; s += 2) {
    clock.advance(2_000);
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    // The lease is renewed in the database's own time, which this clock does not wait for.
    await until(() => rig.ingest.stuckSince === undefined, { what: 'the hub can store' });
    rig.ingest.look();
    if (s % 30 === 0) await tell(rig, gw, ...still.map((point) => gw.sample('room', point, 1)));
  }
}

const read = (rig: Rig, point: string): string => {
  const entry = rig.ingest.entry('gw.room', point);
  const state = entry && rig.ingest.site('gw')?.read(entry);
  return `${state?.quality} ${state?.reason}`;
};
const fresh = (rig: Rig) => countPoints(rig.ingest.sites(), clock.now(), 0).points;
const OVERDUE = 'stale not-told';

describe('a point that a living gateway does not tell for three heartbeats', () => {
  test('is stale with a reason of its own, is told to screens, and stands against green, until it is told again', async () => {
    const { rig, gw } = await told();
    const heard: (readonly number[] | null)[] = [];
    await pass(rig, gw, 180, 'online', 'bar');
    rig.ingest.onChange((_site, nums) => void heard.push(nums && [...nums]));
    expect(read(rig, 'level')).toBe('good ');
    expect(fresh(rig)).toMatchObject({ all: 4, fresh: 4 });
    await pass(rig, gw, 6);
    expect(read(rig, 'level')).toBe(OVERDUE);
    expect(read(rig, 'bar')).toBe('good ');
    expect(fresh(rig)).toMatchObject({ all: 4, fresh: 3, unknown: 1 });
    // Told once, that point alone.
    expect(heard.filter((nums) => nums !== null)).toEqual([[rig.ingest.entry('gw.room', 'level')?.num]]);
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
    await tell(rig, gw, gw.sample('room', 'level', 2));
    expect(read(rig, 'level')).toBe('good ');
    expect(fresh(rig)).toMatchObject({ all: 4, fresh: 4 });
  });

  test('is not one that is read more rarely, before three of its intervals', async () => {
    const { rig, gw } = await told();
    await pass(rig, gw, 240, 'online', 'bar', 'level');
    expect(read(rig, 'm3')).toBe('good ');
    clock.advance(3 * 3_600_000 - 242_000);
    rig.ingest.look();
    await pass(rig, gw, 30, 'online', 'bar', 'level');
    expect(read(rig, 'm3')).toBe('good ');
  });

  test('is not renewed by snapshots that repeat it, nor by a restart of the hub', async () => {
    const { rig, gw } = await told();
    await pass(rig, gw, 120, 'online', 'bar');
    await bear(rig, gw, DECLARED);
    await pass(rig, gw, 66, 'online', 'bar');
    expect(read(rig, 'level')).toBe(OVERDUE);
    await bear(rig, gw, DECLARED);
    expect(read(rig, 'level')).toBe(OVERDUE);
    await rig.stop();
    const again = await startRig(database, { clock });
    await bear(again, gw, DECLARED);
    // The hub itself needs to have heard it for as long: nothing is held against the gateway that it could not hear.
    await pass(again, gw, 150, 'online', 'bar');
    expect(read(again, 'level')).toBe('good ');
    await pass(again, gw, 36, 'online', 'bar');
    expect(read(again, 'level')).toBe(OVERDUE);
  });

  test('is not one whose hub has slept meanwhile', async () => {
    const { rig, gw } = await told();
    await pass(rig, gw, 30, 'online', 'bar', 'level');
    clock.advance(600_000);
    rig.ingest.look();
    await pass(rig, gw, 150, 'online', 'bar');
    expect(read(rig, 'level')).toBe('good ');
    await pass(rig, gw, 36, 'online', 'bar');
    expect(read(rig, 'level')).toBe(OVERDUE);
  });

  test('is not known of a gateway that does not say how often it tells', async () => {
    const { rig, gw } = await told({});
    await pass(rig, gw, 400, 'online');
    expect(read(rig, 'level')).toBe('good ');
  });
});

test('points that a new configuration has as well keep their times, others begin with none', async () => {
  const { rig, gw } = await told();
  const { program } = rig.ingest.site('gw') ?? {};
  const [bar = -1, m3 = -1] = ['bar', 'm3'].map((id) => rig.ingest.entry('gw.room', id)?.num);
  if (!program) throw new Error('no program');
  const before = new HeardTimes(program, 60);
  before.told(bar, 5_000);
  const after = new HeardTimes({ ...program, birth: 'another' }, 60, before);
  expect(after.look(185_000, 0)).toEqual([]);
  expect(after.look(185_001, 0)).toEqual([bar]);
  expect(after.look(1e12, 0)).toEqual([]);
  expect(after.count).toBe(1);
  expect([after.isOverdue(bar), after.isOverdue(m3), after.isOverdue(gw.n)]).toEqual([true, false, false]);
  after.told(bar, 190_000);
  expect(after.count).toBe(0);
});
