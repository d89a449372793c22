// A flood of ten thousand alarms in ten seconds, as the screen's book and list take it: nothing is lost, nothing moves
// under the operator's hand, the origin stays on top.
import { expect, test } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { AlarmBook } from '../../../dashboard/src/alarms/book.ts';
import { arrange, compareAlarms, NOTHING } from '../../../dashboard/src/alarms/order.ts';
import { alarm } from './alarm.ts';

const FLOOD = 10_000;
const FRAME = 500;
const CLASSES = ['FIRE', 'SUPERVISORY', 'FAULT', 'DISABLED'] as const;

/** One alarm a millisecond; every fourth a fire. */
const flood: readonly AlarmView[] = Array.from({ length: FLOOD }, (_, k) =>
  alarm({
    id: `a-${String(k).padStart(5, '0')}`,
    class: CLASSES[k % CLASSES.length] ?? 'FAULT',
    seq: k + 1,
    building: `b${k % 6}`,
    floor: 1 + (k % 30),
    receivedAt: new Date(Date.UTC(2026, 10, 22, 3, 0, 0, k)).toISOString(),
  }),
);

/** The book after each frame, in the order of the list. */
function* frames(book: AlarmBook): Generator<readonly AlarmView[]> {
  for (let from = 0; from < FLOOD; from += FRAME) {
    const items = flood.slice(from, from + FRAME);
    expect(book.apply({ from: from + 1, seq: from + items.length, items })).toBe('applied');
    yield [...book.open()].sort(compareAlarms);
  }
}

test('[S2] lists every one of 10,000, the first fire on top all the while', () => {
  const book = new AlarmBook();
  for (const sorted of frames(book)) expect(sorted[0]?.id).toBe('a-00000');
  const { rows, waiting } = arrange(NOTHING, [...book.open()].sort(compareAlarms), false, () => undefined);
  expect(waiting).toEqual([]);
  expect(new Set(rows.map((r) => r.id)).size).toBe(FLOOD);
  expect(rows.findIndex((r) => r.class !== 'FIRE')).toBe(FLOOD / CLASSES.length);
  expect(book.counts().FIRE).toEqual([FLOOD / CLASSES.length, FLOOD / CLASSES.length]);
  expect(book.arrivals).toBe(FLOOD);
});

test('[S2] moves no row that is held, and loses none of those that wait', () => {
  const book = new AlarmBook();
  let list = NOTHING;
  for (const sorted of frames(book)) {
    const held = list.rows.length > 0;
    const before = list.rows.map((r) => r.id);
    list = arrange(list, sorted, held, (id) => book.closed(id));
    expect(held ? list.rows.map((r) => r.id) : before).toEqual(before);
    expect(list.rows.length + list.waiting.length).toBe(book.size);
  }
  expect(list.rows).toHaveLength(FRAME);
  const released = arrange(list, [...book.open()].sort(compareAlarms), false, (id) => book.closed(id));
  expect(released.rows).toHaveLength(FLOOD);
  expect(released.rows[0]?.id).toBe('a-00000');
});
