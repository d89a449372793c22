// A transmission device with a wrong clock: its alarms keep their true time, it is set where its profile declares that and
// our own clock is sure, and one that refuses is left alone.
import { expect, test } from 'vitest';
import { readTime, writeTime } from '../../../gateway/gb26875/time.ts';
import { until } from '../../helpers/wait.ts';
import { status } from './messages.ts';
import { Line, listener, type Listener } from './rig.ts';
import { BEIJING } from './vectors.ts';

const SLOW = -25 * 60_000;
const READ_STATUS = 81;
const SET_CLOCK = 90;
/** Seconds are all that a time has, and a test machine may be slow. */
const NEAR_MS = 20_000;
const WELL = Buffer.from([21, 1, 1, 0, 0, 0, 0, 0, 0]);

/** The state of point 7 with the time of the device's own clock. */
function dated(line: Line, bits: number): Buffer {
  const bytes = status(7, bits);
  writeTime(bytes, bytes.length - 6, Date.now() + line.clockOff, BEIJING);
  return bytes;
}

/** A device with a slow clock that has answered what it was asked. */
async function slow(l: Listener): Promise<Line> {
  const line = await Line.to(l);
  line.clockOff = SLOW;
  line.say(Buffer.alloc(0));
  line.reply((await line.asked(READ_STATUS)).serial, WELL);
  await until(() => l.values('device-clock-offset').length > 0, { what: 'the offset is known' });
  return line;
}
const offBy = (l: Listener, point: string): number =>
  Math.abs((l.reported.findLast((r) => r.point === point)?.sourceTime ?? 0) - Date.now());

test('[S1] dates its fire by the moment it was, though its own clock is 25 minutes slow', async () => {
  const l = await listener({ clockTrusted: false });
  const line = await slow(l);
  // Time tags are whole seconds.
  expect(Math.abs(Number(l.values('device-clock-offset')[0]) + 1_500)).toBeLessThan(NEAR_MS / 1_000);
  await line.confirmed(dated(line, 2));
  expect(l.active()).toEqual(['FIRE part-1-1-40-1-7']);
  expect(offBy(l, 'part-1-1-40-1-7')).toBeLessThan(NEAR_MS);
});

test('dates by the moment of receipt what comes before anything is known of the clock, and asks for its time', async () => {
  const l = await listener({ clockTrusted: false });
  const line = await Line.to(l);
  line.clockOff = SLOW;
  await line.confirmed(dated(line, 2));
  expect(offBy(l, 'part-1-1-40-1-7')).toBeLessThan(NEAR_MS);
  expect(l.counters()['timesDoubted']).toBe(1);
  await line.asked(READ_STATUS);
});

test('is set by our clock, which is told as a moment of its own; nothing else is ever sent that sets', async () => {
  const l = await listener();
  const line = await slow(l);
  l.driver.check();
  const set = await line.asked(SET_CLOCK);
  expect(set.command).toBe(1);
  expect(Math.abs((readTime(set.adu, 2, BEIJING) ?? 0) - Date.now())).toBeLessThan(NEAR_MS);
  line.clockOff = 0;
  const before = line.frames.length;
  line.reply(set.serial, Buffer.alloc(0), 3);
  // It is asked at once whether that helped.
  line.reply((await line.asked(READ_STATUS, before)).serial, WELL);
  await until(() => l.values('device-clock-offset').length > 1, { what: 'the offset after the setting' });
  expect(l.values('device-clock')).toEqual([0, 1, 0]);
  expect(l.counters()).toMatchObject({ clockSet: 1, clockDenied: 0 });
  expect(l.active()).toEqual([]);
  const said = new Set(line.frames.map((f) => `${f.command} ${f.adu[0] ?? ''}`));
  expect([...said].sort()).toEqual(['1 90', '3 ', '4 81']);
});

test('that refuses to be set is left alone, and said so', async () => {
  const l = await listener();
  const line = await slow(l);
  l.driver.check();
  line.reply((await line.asked(SET_CLOCK)).serial, Buffer.alloc(0), 6);
  await until(() => l.active().includes('FAULT device-clock'), { what: 'the fault of the clock' });
  l.driver.check();
  await line.confirmed(status(1, 1));
  expect(line.frames.filter((f) => f.adu[0] === SET_CLOCK)).toHaveLength(1);
  expect(l.counters()).toMatchObject({ clockSet: 0, clockDenied: 1 });
});

test('is not set while our own clock is not sure, nor within the limit that the site has given', async () => {
  const unsure = await listener({ clockTrusted: false });
  const line = await slow(unsure);
  unsure.driver.check();
  await line.confirmed(status(1, 1));
  expect(line.frames.some((f) => f.command === 1)).toBe(false);

  const wide = await listener({ params: { clockOffBeyond: 3_600 } });
  const other = await slow(wide);
  wide.driver.check();
  await other.confirmed(status(1, 1));
  expect(other.frames.some((f) => f.command === 1)).toBe(false);
});
