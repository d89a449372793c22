import { describe, expect, test } from 'vitest';
import { CLOCK_TRUST, ClockTrust } from '../../gateway/clock-trust.ts';

/** A clock that stands where it is put. */
const still = { at: 0, monotonic: () => still.at };

describe("the gateway's own clock", () => {
  test('is sure only when somebody says that it is kept right', async () => {
    let says = false;
    const trust = new ClockTrust(still, () => Promise.resolve(says));
    expect(trust.sure).toBe(false);
    await trust.look();
    expect(trust.sure).toBe(false);
    says = true;
    await trust.look();
    expect(trust.sure).toBe(true);
    says = false;
    await trust.look();
    expect(trust.sure).toBe(false);
  });

  test('is not sure for a while after a jump', async () => {
    const trust = new ClockTrust(still, () => Promise.resolve(true));
    await trust.look();
    trust.jumped();
    still.at += CLOCK_TRUST.afterJumpMs - 1;
    expect(trust.sure).toBe(false);
    still.at += 1;
    expect(trust.sure).toBe(true);
  });
});
