import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PollSchedule } from '../../../gateway/modbus/poll-schedule.ts';

describe('the poll schedule', () => {
  test('a thousand devices of one interval are spread evenly over it', () => {
    const schedule = new PollSchedule<number>();
    for (let n = 0; n < 1_000; n++) schedule.add(n, 1_000, 0);
    const perTick = Array.from({ length: 100 }, (_, tick) => {
      let count = 0;
      schedule.runDue((tick + 1) * 10 - 1e-9, () => count++);
      return count;
    });
    expect(perTick.reduce((a, b) => a + b)).toBe(1_000);
    expect(Math.max(...perTick)).toBeLessThanOrEqual(14);
    expect(Math.min(...perTick)).toBeGreaterThanOrEqual(6);
  });

  test('the rate is fixed: a late run does not move the times after it', () => {
    const schedule = new PollSchedule<string>();
    schedule.add('a', 100, 0);
    schedule.runDue(30, () => undefined);
    expect(schedule.next()).toBe(100);
    schedule.runDue(199, () => undefined);
    expect(schedule.next()).toBe(200);
  });

  test('times that passed unused are skipped and counted, never made up', () => {
    const schedule = new PollSchedule<string>();
    schedule.add('a', 100, 0);
    const runs: number[] = [];
    schedule.runDue(1_050, (_job, missed) => runs.push(missed));
    expect(runs).toEqual([10]);
    expect(schedule.next()).toBe(1_100);
  });

  test('every job runs once in each of its intervals, earliest first (any intervals)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 20, max: 500 }), { minLength: 1, maxLength: 40 }), (intervals) => {
        const schedule = new PollSchedule<number>();
        intervals.forEach((ms, job) => schedule.add(job, ms, 0));
        const runs = intervals.map(() => 0);
        for (let now = 0; now <= 2_000; now += 10) schedule.runDue(now, (job) => (runs[job] = (runs[job] ?? 0) + 1));
        intervals.forEach((ms, job) => expect(Math.abs((runs[job] ?? 0) - 2_000 / ms)).toBeLessThanOrEqual(1));
      }),
    );
  });
});
