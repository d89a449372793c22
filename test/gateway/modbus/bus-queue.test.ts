import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BusQueue, type Priority } from '../../../gateway/modbus/bus-queue.ts';

const drain = (queue: BusQueue<string>): string[] => {
  const all: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) all.push(item);
  return all;
};

describe('the queue of a bus', () => {
  test('safety goes before fast, fast before normal, normal before slow; within one class first come first served', () => {
    const queue = new BusQueue<string>(100, 100);
    queue.add('slow', 3);
    queue.add('normal', 2);
    queue.add('fast', 1);
    queue.add('safety 1', 0);
    queue.add('safety 2', 0);
    expect(drain(queue)).toEqual(['safety 1', 'safety 2', 'fast', 'normal', 'slow']);
  });

  test('the longest waiting read of a lower class has its turn after so many of higher ones', () => {
    const queue = new BusQueue<string>(100, 4);
    queue.add('slow', 3);
    queue.add('normal', 2);
    for (let n = 0; n < 12; n++) queue.add('safety', 0);
    expect(drain(queue).map((item) => item[1])).toEqual([...'aaaalaaaaoaaaa']);
  });

  test('a full queue takes nothing more, and says so', () => {
    const queue = new BusQueue<string>(2, 4);
    expect([queue.add('a', 0), queue.add('b', 3), queue.add('c', 0)]).toEqual([true, true, false]);
    expect(queue.size).toBe(2);
  });

  test('what is put back is next of its class', () => {
    const queue = new BusQueue<string>(10, 4);
    queue.add('a', 1);
    queue.add('b', 1);
    const a = queue.take();
    if (a) queue.putBack(a, 1);
    expect(drain(queue)).toEqual(['a', 'b']);
  });

  test('no read waits for more than (picks + 1) times the reads before it, however many safer ones keep coming', () => {
    const priority = fc.constantFrom<Priority>(0, 1, 2, 3);
    fc.assert(
      fc.property(fc.array(priority, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (before, picks) => {
        const queue = new BusQueue<string>(1_000, picks);
        for (const p of before) queue.add('before', p);
        queue.add('mine', 3);
        let taken = 0;
        for (let item = queue.take(); item !== 'mine'; item = queue.take()) {
          taken++;
          queue.add('later', 0);
        }
        expect(taken).toBeLessThanOrEqual((picks + 1) * (before.length + 1));
      }),
    );
  });

  test('nothing is lost or given twice', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Priority | 'take'>(0, 1, 2, 3, 'take'), { maxLength: 200 }), (steps) => {
        const queue = new BusQueue<string>(1_000, 3);
        const added: string[] = [];
        const taken: string[] = [];
        steps.forEach((what, n) => {
          if (what === 'take') {
            const item = queue.take();
            if (item !== undefined) taken.push(item);
          } else {
            added.push(`${n}`);
            queue.add(`${n}`, what);
          }
        });
        taken.push(...queue.clear());
        expect(taken.sort()).toEqual(added.sort());
        expect(queue.size).toBe(0);
      }),
    );
  });
});
