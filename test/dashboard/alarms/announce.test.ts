// What a screen reader is told: each new alarm for a life, a count in a flood, and nothing faster than it can be heard.
import { expect, test } from 'vitest';
import { ANNOUNCE, Announcements } from '../../../dashboard/src/alarms/announce.ts';
import { countByClass } from '../../../dashboard/src/alarms/book.ts';
import { compareAlarms } from '../../../dashboard/src/alarms/order.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { alarm, second } from './alarm.ts';

const fires = (n: number): AlarmView[] =>
  Array.from({ length: n }, (_, k) => alarm({ id: `f${k}`, class: 'FIRE', receivedAt: second(k % 60) }));
const told = (to: Announcements, alarms: readonly AlarmView[], now: number): ReturnType<Announcements['next']> =>
  to.next([...alarms].sort(compareAlarms), countByClass(alarms), now);

test('a single fire is told by itself, at once', () => {
  const said = told(new Announcements(), fires(1), 0);
  expect(said).toMatchObject({ urgent: { first: { id: 'f0' }, n: 1, flood: null }, later: false });
});

test('[S2] a flood is told as a count, and what comes within the gap is gathered into the next word', () => {
  const to = new Announcements();
  expect(told(to, fires(20), 0).urgent).toMatchObject({ n: 20, flood: 20 });
  expect(told(to, fires(40), ANNOUNCE.gapMs - 1)).toEqual({ later: true });
  expect(told(to, fires(60), ANNOUNCE.gapMs).urgent).toMatchObject({ n: 40, flood: 60 });
  expect(told(to, fires(60), 10 * ANNOUNCE.gapMs)).toEqual({ later: false });
});

test('others are told as the number that nobody has acknowledged, and only when it rises', () => {
  const to = new Announcements();
  const faults = (n: number): AlarmView[] => Array.from({ length: n }, (_, k) => alarm({ id: `x${k}` }));
  expect(told(to, faults(2), 0).plain).toBe(2);
  expect(told(to, faults(5), 10)).toEqual({ later: true });
  expect(told(to, faults(5), ANNOUNCE.gapMs).plain).toBe(5);
  expect(told(to, faults(1), 2 * ANNOUNCE.gapMs).plain).toBeUndefined();
  expect(told(to, faults(2), 3 * ANNOUNCE.gapMs).plain).toBe(2);
});

test('a fire that comes back after it was acknowledged is told again', () => {
  const to = new Announcements();
  told(to, fires(1), 0);
  told(to, [alarm({ id: 'f0', class: 'FIRE', state: 'acked-active' })], 5_000);
  expect(told(to, fires(1), 10_000).urgent?.first.id).toBe('f0');
});
