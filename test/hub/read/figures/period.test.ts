// Periods by the community's own clock: midnight edges, days of 23 and 25 hours, months, shifts over midnight.
import { describe, expect, test } from 'vitest';
import { instantOf, periodOf } from '../../../../hub/read/figures/period.ts';

const SHANGHAI = 'Asia/Shanghai';
const BERLIN = 'Europe/Berlin';
const HOURS = [0, 8, 16];
const span = (query: Parameters<typeof periodOf>[0], zone = SHANGHAI, hours = HOURS): string => {
  const found = periodOf(query, zone, hours);
  if (!found.ok) return `${found.code} ${found.detail ?? ''}`;
  return `${new Date(found.value.from).toISOString()} ${new Date(found.value.to).toISOString()}`;
};

describe('a period by the clock of the site', () => {
  test.each([
    ['a day', { period: 'day', on: '2026-11-22' }, '2026-11-21T16:00:00.000Z 2026-11-22T16:00:00.000Z'],
    [
      'the last day of a year',
      { period: 'day', on: '2026-12-31' },
      '2026-12-30T16:00:00.000Z 2026-12-31T16:00:00.000Z',
    ],
    ['a week from Monday', { period: 'week', on: '2026-11-22' }, '2026-11-15T16:00:00.000Z 2026-11-22T16:00:00.000Z'],
    [
      'a Monday is of its own week',
      { period: 'week', on: '2026-11-23' },
      '2026-11-22T16:00:00.000Z 2026-11-29T16:00:00.000Z',
    ],
    ['a month', { period: 'month', on: '2026-02-17' }, '2026-01-31T16:00:00.000Z 2026-02-28T16:00:00.000Z'],
    ['December', { period: 'month', on: '2026-12-01' }, '2026-11-30T16:00:00.000Z 2026-12-31T16:00:00.000Z'],
    [
      'the day shift',
      { period: 'shift', on: '2026-11-22', shift: 1 },
      '2026-11-22T00:00:00.000Z 2026-11-22T08:00:00.000Z',
    ],
    [
      'the last shift',
      { period: 'shift', on: '2026-11-22', shift: 2 },
      '2026-11-22T08:00:00.000Z 2026-11-22T16:00:00.000Z',
    ],
    [
      'a range',
      { period: 'range', from: '2026-11-21T23:30', to: '2026-11-22T00:30' },
      '2026-11-21T15:30:00.000Z 2026-11-21T16:30:00.000Z',
    ],
  ] as const)('%s', (_, query, expected) => {
    expect(span(query)).toBe(expected);
  });

  test('a shift that runs over midnight ends at the first of the next day', () => {
    expect(span({ period: 'shift', on: '2026-11-22', shift: 2 }, SHANGHAI, [15, 23, 7])).toBe(
      '2026-11-22T15:00:00.000Z 2026-11-22T23:00:00.000Z',
    );
  });

  test.each([
    ['loses an hour', '2026-03-29', 23],
    ['gains an hour', '2026-10-25', 25],
  ])('a day whose clock %s has its own length', (_, on, hours) => {
    const found = periodOf({ period: 'day', on }, BERLIN, HOURS);
    expect(found.ok && (found.value.to - found.value.from) / 3_600_000).toBe(hours);
  });

  test('a time that the clock skips is the instant of the change, one that it shows twice is the first', () => {
    expect(new Date(instantOf('2026-03-29T02:30', BERLIN)).toISOString()).toBe('2026-03-29T01:00:00.000Z');
    expect(new Date(instantOf('2026-10-25T02:30', BERLIN)).toISOString()).toBe('2026-10-25T00:30:00.000Z');
  });

  test.each([
    [{ period: 'day' }, 'bad-request on'],
    [{ period: 'day', on: '2026-02-30' }, 'bad-request on'],
    [{ period: 'shift', on: '2026-11-22', shift: 3 }, 'bad-request shift'],
    [{ period: 'range', from: '2026-11-22T00:00', to: '2026-11-22T00:00' }, 'bad-request to'],
    [{ period: 'range', from: '2026-11-32T00:00', to: '2026-11-22T00:00' }, 'bad-request from'],
    [{ period: 'range', from: '2020-01-01T00:00', to: '2026-11-22T00:00' }, 'out-of-range to'],
  ] as const)('%o is refused as %s', (query, expected) => {
    expect(span(query)).toBe(expected);
  });
});
