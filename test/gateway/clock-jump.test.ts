// What a jump of the wall clock does on the gateway: no batch holds times of both sides, the note goes before what is on
// the new time, and the snapshot is on the new time as well.
import { beforeEach, describe, expect, test } from 'vitest';
import { LANES, type Lane } from '../../device-profiles/contract/point.ts';
import { decodeBatch, decodeBirth, encodeBirth, type Batch, type Sample } from '../../device-profiles/contract/wire.ts';
import { makeBirth, pointIndex } from '../../gateway/birth.ts';
import { FollowingClock } from '../../gateway/clock.ts';
import type { Reading } from '../../gateway/drivers/driver.ts';
import { Intake } from '../../gateway/intake.ts';
import type { Spool } from '../../gateway/spool.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { tempDir } from '../helpers/temp.ts';
import { device, model, point } from './site-rig.ts';
import { open, silent } from './spool/rig.ts';

const YEARS_56 = Date.UTC(2026, 0, 1);
const BOOT = 30_000;
const lift = device(
  'lift',
  model([point('door', { lane: 'safety' }), point('floor'), point('own', { lane: 'safety' })]),
);
const [ONLINE, DOOR, FLOOR, OWN] = [0, 1, 2, 3];

let system = { wall: BOOT, mono: 0 };
let clock: FollowingClock;
let dir: string;
beforeEach(() => {
  system = { wall: BOOT, mono: 0 };
  clock = new FollowingClock({ now: () => system.wall, monotonic: () => system.mono });
  dir = tempDir('clock-jump');
});
const pass = (ms: number): void => {
  system.wall += ms;
  system.mono += ms;
};

async function started(): Promise<{ spool: Spool; intake: Intake }> {
  // Groups wait for a minute: what parts batches here is the jump alone.
  const spool = await open(dir, { clock, limits: { groupMs: { safety: 60_000, telemetry: 60_000 } } });
  onCleanup(() => spool.close());
  void spool.announce({ kind: 'started', text: 'test' });
  const intake = new Intake({ devices: [lift], links: [], spool, clock, log: silent });
  void intake.online(lift, true, '');
  return { spool, intake };
}

const reading = (on: number, value: number, more: Partial<Reading> = {}): Reading => ({
  point: on,
  value,
  quality: 'good',
  reason: '',
  ...more,
});
const read = (intake: Intake, ...readings: Reading[]): void =>
  void intake.accept(lift, readings, clock.now()).catch(() => undefined);

/** The clock is set by so many ms and the gateway looks at it, as main does. */
function jump(intake: Intake, ms: number): void {
  system.wall += ms;
  expect(clock.look()).toBe(ms);
  intake.clockJumped(ms);
}

async function batches(spool: Spool, lane: Lane): Promise<Batch[]> {
  await spool.flush();
  const consumer = spool.consumer('uplink');
  const out: Batch[] = [];
  for (let e = await consumer.next(lane, 0); e; e = await consumer.next(lane, e.last)) out.push(decodeBatch(e.bytes));
  return out;
}

const words = (all: readonly Batch[]): string[] =>
  all.map((b) => [...b.samples.map((s) => String(s.value)), ...b.notes.map((x) => x.kind)].join(' '));
const evidence = (s: Sample): number => s.receivedTime - (s.timebase?.jumped ?? NaN);

describe.each([YEARS_56, -25_000])('a jump of %d ms', (ms) => {
  test('parts the batches of both lanes, and its note goes first in the safety lane', async () => {
    const { spool, intake } = await started();
    read(intake, reading(DOOR, 0), reading(FLOOR, 3));
    pass(10_000);
    read(intake, reading(DOOR, 1), reading(FLOOR, 4));
    jump(intake, ms);
    read(intake, reading(DOOR, 2), reading(FLOOR, 5));
    pass(10_000);
    read(intake, reading(DOOR, 3));
    const safety = await batches(spool, 'safety');
    expect(words(safety)).toEqual(['started', '1 0 1', 'clock-jump', '2 3']);
    expect(words(await batches(spool, 'telemetry'))).toEqual(['3 4', '5']);
    const [note] = safety[2]?.notes ?? [];
    expect(note).toMatchObject({ count: ms, at: BOOT + 10_000 + ms });
    for (const lane of LANES) {
      const all = (await batches(spool, lane)).flatMap((b) => [...b.samples, ...b.notes]).map((r) => r.n);
      expect(all).toEqual(all.toSorted((a, b) => a - b));
    }
  });

  test('leaves times as they were told, and how far they are apart is still known', async () => {
    const { spool, intake } = await started();
    read(intake, reading(DOOR, 0));
    pass(10_000);
    jump(intake, ms);
    read(intake, reading(DOOR, 1));
    pass(5_000);
    read(intake, reading(DOOR, 2));
    const door = (await batches(spool, 'safety')).flatMap((b) => b.samples).filter((s) => s.i === DOOR);
    expect(door.map((s) => s.receivedTime)).toEqual([BOOT, BOOT + 10_000 + ms, BOOT + 15_000 + ms]);
    expect(door.map(evidence)).toEqual([BOOT, BOOT + 10_000, BOOT + 15_000]);
    expect(new Set(door.map((s) => s.timebase?.run))).toEqual(new Set([spool.timebase.run]));
  });

  test('is known to the next snapshot: same n, the new time, and what a device said of its own time stays', async () => {
    const { spool, intake } = await started();
    read(intake, reading(DOOR, 1), reading(OWN, 7, { sourceTime: BOOT - 1_000 }));
    pass(10_000);
    const before = intake.table.snapshot();
    jump(intake, ms);
    const at = { gateway: 'gw-1', community: 'xfl', epoch: spool.epoch, at: clock.now(), software: 'test' };
    const more = {
      head: spool.head(),
      writesHistory: false,
      timebase: spool.timebase,
      snapshot: intake.table.snapshot(),
    };
    const born = decodeBirth(encodeBirth(makeBirth(pointIndex([lift]), { ...at, ...more })));
    expect(born.timebase).toEqual({ run: spool.timebase.run, jumped: ms });
    const after = intake.table.snapshot();
    expect(after.map((s) => s.n)).toEqual(before.map((s) => s.n));
    // No time is before 1970.
    const moved = Math.max(0, BOOT + ms);
    expect(after[ONLINE]).toMatchObject({ receivedTime: moved, sourceTime: moved });
    expect(after[DOOR]).toMatchObject({ value: 1, receivedTime: moved, sourceTime: moved });
    expect(after[OWN]).toMatchObject({ value: 7, receivedTime: moved, sourceTime: BOOT - 1_000 });
    expect(after[FLOOR]).toEqual(before[FLOOR]);
  });

  test('makes nothing stale and nothing due', async () => {
    const { spool, intake } = await started();
    read(intake, reading(DOOR, 1), reading(FLOOR, 3), reading(OWN, 7));
    const { n } = intake.table.told(OWN);
    pass(1_000);
    jump(intake, ms);
    const note = spool.lastN;
    pass(1_000);
    intake.sweep();
    read(intake, reading(DOOR, 1), reading(FLOOR, 3));
    expect(spool.lastN).toBe(note);
    expect(intake.table.told(OWN).n).toBe(n);
  });
});

test('a jump while a new epoch begins parts what waits as well', async () => {
  const { spool, intake } = await started();
  read(intake, reading(DOOR, 0));
  const minted = spool.mintEpoch('test');
  pass(1_000);
  read(intake, reading(DOOR, 1));
  jump(intake, YEARS_56);
  read(intake, reading(DOOR, 2));
  await minted;
  const safety = await batches(spool, 'safety');
  expect(words(safety)).toEqual(['started', '1 0', '1', 'clock-jump', '2']);
  expect(safety.map((b) => b.timebase?.jumped)).toEqual([0, 0, 0, YEARS_56, YEARS_56]);
});

test('a process that begins anew is another run, and its records are not on the time of the one before', async () => {
  const first = await started();
  read(first.intake, reading(DOOR, 0));
  jump(first.intake, YEARS_56);
  await first.spool.close();
  system.wall = BOOT;
  clock = new FollowingClock({ now: () => system.wall, monotonic: () => system.mono });
  const { spool, intake } = await started();
  read(intake, reading(DOOR, 1));
  const runs = (await batches(spool, 'safety')).map((b) => [b.timebase?.run, b.timebase?.jumped]);
  const [a, b] = [first.spool.timebase.run, spool.timebase.run];
  expect(b).toBeGreaterThan(a);
  expect(runs).toEqual([
    [a, 0],
    [a, 0],
    [a, YEARS_56],
    [b, 0],
    [b, 0],
  ]);
});
