import { describe, expect, test } from 'vitest';
import { abandoned, admits, CLOSED, failed, succeeded, tried, type Breaker } from '../../../gateway/modbus/breaker.ts';

const LIMITS = { breakerFailures: 3, breakerProbeMinMs: 5_000, breakerProbeMaxMs: 60_000 };
const failTimes = (n: number, from: Breaker = CLOSED, now = 0): Breaker =>
  Array.from({ length: n }).reduce<Breaker>((b) => failed(b, now, LIMITS), from);

describe('the breaker of a slave', () => {
  test('it opens at the third failure in a row, and a success in between starts the count anew', () => {
    expect(failTimes(2).state).toBe('closed');
    expect(failTimes(3)).toEqual({ state: 'open', until: 5_000, probeMs: 5_000 });
    expect(failTimes(2, succeeded(failTimes(2))).state).toBe('closed');
  });

  test('open, it lets one read through when its time has come, and no second one beside it', () => {
    const open = failTimes(3);
    expect([admits(open, 4_999), admits(open, 5_000)]).toEqual([false, true]);
    const probing = tried(open);
    expect(admits(probing, 99_999)).toBe(false);
  });

  test('each failed probe doubles the interval up to its maximum; one success closes it', () => {
    let breaker = failTimes(3);
    const waits: number[] = [];
    for (let now = 5_000, n = 0; n < 6; n++) {
      breaker = failed(tried(breaker), now, LIMITS);
      if (breaker.state === 'open') waits.push(breaker.until - now);
      now = breaker.state === 'open' ? breaker.until : now;
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    expect(succeeded(tried(breaker))).toEqual(CLOSED);
  });

  test('a probe that went with its connection may be tried again at once', () => {
    expect(admits(abandoned(tried(failTimes(3)), 7_000), 7_000)).toBe(true);
  });
});
