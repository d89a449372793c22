// The book of open alarms: sequence, gaps, and a resync over which nothing is lost or comes back from the dead.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { AlarmFrame } from '../../../hub/live/contract.ts';
import { openDigest as hubDigest } from '../../../hub/live/digest.ts';
import { AlarmBook, BOOK_LIMITS } from '../../../dashboard/src/alarms/book.ts';
import { openDigest } from '../../../dashboard/src/live/digest.ts';
import { alarm } from './alarm.ts';

const frame = (...items: AlarmView[]): AlarmFrame => ({
  from: items[0]?.seq ?? 0,
  seq: items.at(-1)?.seq ?? 0,
  items,
});
const openIds = (book: AlarmBook): string[] => [...book.open()].map((a) => a.id).sort();

describe('frames', () => {
  test('a frame that follows on is applied, one that leaves a hole is a gap', () => {
    const book = new AlarmBook();
    expect(book.apply(frame(alarm({ id: 'a', seq: 1 })))).toBe('applied');
    expect(book.apply(frame(alarm({ id: 'b', seq: 2 })))).toBe('applied');
    expect(book.apply(frame(alarm({ id: 'c', seq: 4 })))).toBe('gap');
    expect(openIds(book)).toEqual(['a', 'b', 'c']);
  });

  test('a closed alarm leaves, and is still found for whoever looks at it', () => {
    const book = new AlarmBook();
    book.apply(frame(alarm({ id: 'a', seq: 1 })));
    book.apply(frame(alarm({ id: 'a', seq: 2, state: 'normal' })));
    expect(book.size).toBe(0);
    expect(book.get('a')?.state).toBe('normal');
  });

  test('an older version never replaces a newer one', () => {
    const book = new AlarmBook();
    book.apply(frame(alarm({ id: 'a', seq: 5, state: 'acked-active' })));
    book.apply({ from: 3, seq: 3, items: [alarm({ id: 'a', seq: 3 })] });
    expect(book.get('a')?.state).toBe('acked-active');
  });

  test('what is remembered of closed alarms is bounded', () => {
    const book = new AlarmBook();
    for (let n = 1; n <= BOOK_LIMITS.closedKept + 5; n++)
      book.apply(frame(alarm({ id: `a${n}`, seq: n, state: 'normal' })));
    expect(book.get('a1')).toBeUndefined();
    expect(book.get(`a${BOOK_LIMITS.closedKept + 5}`)).toBeDefined();
  });
});

describe('arrivals', () => {
  const arrivals = (...steps: AlarmView[]): number => {
    const book = new AlarmBook();
    for (const step of steps) book.apply(frame(step));
    return book.arrivals;
  };
  test.each([
    ['raised', [alarm({ id: 'a', seq: 1 })], 1],
    [
      'changed but still unacknowledged',
      [alarm({ id: 'a', seq: 1 }), alarm({ id: 'a', seq: 2, condition: 'unknown' })],
      1,
    ],
    ['back before it was acknowledged', [alarm({ id: 'a', seq: 1 }), alarm({ id: 'a', seq: 2, recurrences: 1 })], 2],
    ['acknowledged', [alarm({ id: 'a', seq: 1 }), alarm({ id: 'a', seq: 2, state: 'acked-active' })], 1],
    [
      'back after it was acknowledged',
      [alarm({ id: 'a', seq: 1, state: 'acked-active' }), alarm({ id: 'a', seq: 2 })],
      1,
    ],
    ['suppressed by a drill', [alarm({ id: 'a', seq: 1, state: 'suppressed' })], 0],
  ])('%s', (_, steps, count) => {
    expect(arrivals(...steps)).toBe(count);
  });
});

describe('resync', () => {
  test('a snapshot replaces what is open; what came meanwhile is laid over it', () => {
    const book = new AlarmBook();
    book.apply(frame(alarm({ id: 'stale', seq: 1 })));
    book.startResync();
    expect(book.apply(frame(alarm({ id: 'during', seq: 9 }), alarm({ id: 'snap', seq: 10, state: 'normal' })))).toBe(
      'kept',
    );
    expect(book.finishResync([alarm({ id: 'snap', seq: 7 }), alarm({ id: 'other', seq: 8 })], 8)).toBe(true);
    expect(openIds(book)).toEqual(['during', 'other']);
    expect(book.seq).toBe(10);
    expect(book.get('stale')?.state).toBe('normal');
  });

  test('too many frames during a resync are not silently dropped: it must start again', () => {
    const book = new AlarmBook();
    book.startResync();
    for (let n = 1; n <= BOOK_LIMITS.framesDuringResync + 1; n++) book.apply(frame(alarm({ id: 'a', seq: n })));
    expect(book.finishResync([], 0)).toBe(false);
  });

  test('a snapshot of what was known already is no new arrival', () => {
    const book = new AlarmBook();
    book.apply(frame(alarm({ id: 'a', seq: 1 })));
    const before = book.arrivals;
    book.startResync();
    book.finishResync([alarm({ id: 'a', seq: 1 }), alarm({ id: 'b', seq: 2 })], 2);
    expect(book.arrivals).toBe(before + 1);
  });

  test('frames lost, late or doubled: after a resync the book equals the hub', () => {
    const history = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), open: fc.boolean() }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        history,
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        fc.nat(40),
        (changes, heard, at) => {
          const hub = new Map<string, AlarmView>();
          const book = new AlarmBook();
          let snapshot: AlarmView[] = [];
          let snapshotSeq = 0;
          const cut = Math.min(at, changes.length);
          for (const [i, change] of changes.entries()) {
            if (i === cut) {
              book.startResync();
              snapshot = [...hub.values()];
              snapshotSeq = i;
            }
            const item = alarm({ id: change.id, seq: i + 1, state: change.open ? 'unacked-active' : 'normal' });
            if (change.open) hub.set(item.id, item);
            else hub.delete(item.id);
            // Before the resync anything may be lost; from its start on, the socket delivers in order.
            if (i >= cut || heard[i]) book.apply(frame(item));
          }
          if (cut === changes.length) {
            book.startResync();
            snapshot = [...hub.values()];
            snapshotSeq = changes.length;
          }
          book.finishResync(snapshot, snapshotSeq);
          expect(openDigest(book.open())).toBe(hubDigest(hub.values()));
          expect(book.size).toBe(hub.size);
        },
      ),
    );
  });
});

test('the screen’s digest is the hub’s', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ id: fc.string(), seq: fc.nat() })), (open) => {
      expect(openDigest(open)).toBe(hubDigest(open));
    }),
  );
});

test('lamps count unacknowledged and total', () => {
  const book = new AlarmBook();
  book.apply(
    frame(
      alarm({ id: 'a', seq: 1 }),
      alarm({ id: 'b', seq: 2, state: 'acked-active' }),
      alarm({ id: 'c', seq: 3, class: 'FIRE' }),
    ),
  );
  expect(book.counts().FAULT).toEqual([1, 2]);
  expect(book.counts().FIRE).toEqual([1, 1]);
  expect(book.counts().TEST).toEqual([0, 0]);
});

describe('beats', () => {
  const beatOf = (seq: number, open: readonly AlarmView[]) => ({ seq, open: open.length, digest: hubDigest(open) });

  test('one made before what an act of this screen brought back tells nothing; the next one does', () => {
    const book = new AlarmBook();
    const raised = alarm({ id: 'a', seq: 1 });
    book.apply(frame(raised));
    expect(book.against(beatOf(1, [raised]))).toBe('equal');
    const closed = alarm({ id: 'a', seq: 2, state: 'normal' });
    book.put(closed);
    expect(book.against(beatOf(1, [raised]))).toBe('ahead');
    book.apply(frame(closed));
    expect(book.against(beatOf(2, []))).toBe('equal');
  });

  test('an act that is ahead of frames still on their way is no gap, and hides none', () => {
    const book = new AlarmBook();
    book.apply(frame(alarm({ id: 'a', seq: 1 }), alarm({ id: 'b', seq: 2 })));
    book.put(alarm({ id: 'b', seq: 5, state: 'normal' }));
    expect(book.apply(frame(alarm({ id: 'a', seq: 3, state: 'normal' })))).toBe('applied');
    expect(book.apply(frame(alarm({ id: 'c', seq: 6 })))).toBe('gap');
  });

  test('whoever closes everything never differs from the hub, in whatever order answers, frames and beats come', () => {
    const step = fc.oneof(
      fc.record({ does: fc.constant('change' as const), id: fc.constantFrom('a', 'b', 'c'), open: fc.boolean() }),
      fc.record({ does: fc.constantFrom('frame' as const, 'answer' as const, 'beat' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const book = new AlarmBook();
        const latest = new Map<string, AlarmView>();
        const answers: AlarmView[] = [];
        const verdicts: string[] = [];
        let [seq, read] = [0, 0];
        let board = new Map<string, AlarmView>();
        for (const s of steps) {
          if (s.does === 'change') {
            const item = alarm({ id: s.id, seq: ++seq, state: s.open ? 'unacked-active' : 'normal' });
            latest.set(item.id, item);
            answers.push(item);
          } else if (s.does === 'frame' && seq > read) {
            const items = [...latest.values()].filter((a) => a.seq > read).sort((x, y) => x.seq - y.seq);
            board = new Map([...latest].filter(([, a]) => a.state !== 'normal'));
            book.apply({ from: read + 1, seq, items });
            read = seq;
          } else if (s.does === 'answer') {
            const last = answers.pop();
            if (last) book.put(last);
          } else verdicts.push(book.against(beatOf(read, [...board.values()])));
        }
        expect(verdicts).not.toContain('differs');
      }),
    );
  });
});
