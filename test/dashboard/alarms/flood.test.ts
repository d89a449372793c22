// A flood of ten thousand alarms in ten seconds, as the screen's book and list take it: nothing is lost, nothing moves
// under the operator's hand, the origin stays on top.
import { expect, test } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { AlarmBook } from '../../../dashboard/src/alarms/book.ts';
import { arrange, NOTHING, type Arrangement } from '../../../dashboard/src/alarms/arrange.ts';
import { compareAlarms } from '../../../dashboard/src/alarms/order.ts';
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

const take = (
  book: AlarmBook,
  before: Arrangement,
  sorted: readonly AlarmView[],
  { held, flood }: { readonly held: boolean; readonly flood: boolean },
): Arrangement =>
  arrange(before, sorted, { held, flood, zoneMin: 3, opened: new Set(), closed: (id) => book.closed(id) });

test('[S2] lists every one of 10,000, the first fire on top all the while', () => {
  const book = new AlarmBook();
  for (const sorted of frames(book)) expect(sorted[0]?.id).toBe('a-00000');
  const sorted = [...book.open()].sort(compareAlarms);
  const { lines, waiting } = take(book, NOTHING, sorted, { held: false, flood: false });
  expect(waiting).toEqual([]);
  expect(new Set(lines.map((line) => line.key)).size).toBe(FLOOD);
  expect(sorted.findIndex((a) => a.class !== 'FIRE')).toBe(FLOOD / CLASSES.length);
  expect(book.counts().FIRE).toEqual([FLOOD / CLASSES.length, FLOOD / CLASSES.length]);
  expect(book.arrivals).toBe(FLOOD);
});

test('[S2] rolls 10,000 up into as many rows as there are places, the first of each class pinned', () => {
  const book = new AlarmBook();
  let list = NOTHING;
  for (const sorted of frames(book)) list = take(book, list, sorted, { held: false, flood: true });
  expect(list.pinned.map((line) => line.key)).toEqual(CLASSES.map((c) => `first:${c}`));
  const counts = list.lines.map((line) => (line.kind === 'zone' ? line.zone.alarms.length : 1));
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(FLOOD);
  // Building and floor repeat with 30, the class with 4: so many places have alarms.
  expect(list.lines).toHaveLength(60);
});

test('[S2] moves no row that is held, and loses none of those that wait', () => {
  const book = new AlarmBook();
  let list = NOTHING;
  for (const sorted of frames(book)) {
    const held = list.lines.length > 0;
    const before = list.lines.map((line) => line.key);
    list = take(book, list, sorted, { held, flood: false });
    expect(held ? list.lines.map((line) => line.key) : before).toEqual(before);
    expect(list.lines.length + list.waiting.length).toBe(book.size);
  }
  expect(list.lines).toHaveLength(FRAME);
  const released = take(book, list, [...book.open()].sort(compareAlarms), { held: false, flood: false });
  expect(released.lines).toHaveLength(FLOOD);
  expect(released.lines[0]?.key).toBe('a-00000');
});
