// Hub and screen must sum up the same open alarms to the same digest, in whatever order they learned of them.
import { assert, array, nat, property, record, shuffledSubarray, uuid } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDigest as shown } from '../../../dashboard/src/live/digest.ts';
import { openDigest, RunningDigest } from '../../../hub/live/digest.ts';

const alarms = array(record({ id: uuid(), seq: nat() }), { maxLength: 50 });

describe('digest of open alarms', () => {
  it('is sixteen zeros for none, and known values for one and two', () => {
    expect(openDigest([])).toBe('0000000000000000');
    const one = openDigest([{ id: 'a', seq: 1 }]);
    expect(one.slice(0, 8)).toBe(one.slice(8));
    expect(
      openDigest([
        { id: 'a', seq: 1 },
        { id: 'a', seq: 2 },
      ]),
    ).not.toBe(one);
  });

  it('is the same on both sides, in any order, and alarm by alarm', () => {
    assert(
      property(alarms, (open) => {
        const running = new RunningDigest();
        for (const alarm of open) running.add(alarm);
        expect(shown(open.toReversed())).toBe(openDigest(open));
        expect(running.text).toBe(openDigest(open));
      }),
    );
  });

  it('comes back to what it was when what was added is removed', () => {
    assert(
      property(
        alarms,
        alarms.chain((a) => shuffledSubarray(a)),
        (kept, gone) => {
          const running = new RunningDigest();
          for (const alarm of [...gone, ...kept]) running.add(alarm);
          for (const alarm of gone) running.remove(alarm);
          expect(running.text).toBe(openDigest(kept));
        },
      ),
    );
  });
});
