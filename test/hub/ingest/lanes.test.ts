// What a batch means to a lane's cursor: the cases by name, and random deliveries that must apply each record once.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batchLast,
  encodeBatch,
  runningCrc,
  type Batch,
  type Note,
  type Sample,
} from '../../../device-profiles/contract/wire.ts';
import { FRESH, judge, type LaneCursor } from '../../../hub/ingest/lanes.ts';

const sample = (n: number): Sample => ({
  i: 0,
  value: n,
  quality: 'good',
  reason: '',
  sourceTime: n,
  receivedTime: n,
  n,
  historical: false,
  sourceClock: false,
});

interface Made {
  readonly batch: Batch;
  readonly bytes: Buffer;
  readonly crcAfter: number;
}

/** A lane of batches of these sizes, one after the other; a negative size is a loss of that many records. */
function lane(sizes: readonly number[], first = 1, crc = 0): Made[] {
  let seq = first;
  let prevCrc = crc;
  let n = 100;
  return sizes.map((size) => {
    const lost = size < 0;
    const to = seq - size - 1;
    const notes: Note[] = lost ? [{ kind: 'loss', at: 0, n: ++n, from: seq, to, count: -size, crc: 77 + seq }] : [];
    const batch: Batch = {
      gateway: 'gw',
      epoch: 'epoch-01',
      lane: 'safety',
      first: seq,
      birth: 'birth-001',
      prevCrc,
      samples: lost ? [] : Array.from({ length: size }, () => sample(++n)),
      notes,
    };
    const bytes = encodeBatch(batch);
    const crcAfter = lost ? 77 + seq : runningCrc(prevCrc, bytes);
    seq = batchLast(batch) + 1;
    prevCrc = crcAfter;
    return { batch, bytes, crcAfter };
  });
}

const verdictOf = (cursor: LaneCursor, made: Made | undefined): string => {
  if (!made) throw new Error('no such batch');
  const verdict = judge(cursor, made.batch, made.bytes);
  if (verdict.kind === 'refuse') return `refuse ${verdict.why}`;
  return verdict.kind === 'repeat' ? 'repeat' : `${verdict.kind} → ${verdict.cursor.seq}`;
};

describe('one batch', () => {
  const [one, two, three] = lane([3, 2, 4]);
  const afterOne: LaneCursor = { seq: 3, crc: one?.crcAfter ?? 0, n: 103 };
  const [gone] = lane([-4], 4, afterOne.crc);
  const [back] = lane([-6], 2, 0);

  test.each([
    ['the first of a lane', FRESH, one, 'apply → 3'],
    ['the next', afterOne, two, 'apply → 5'],
    ['one before the cursor', afterOne, one, 'repeat'],
    ['one past the next', afterOne, three, 'refuse gap'],
    ['the next with another CRC before it', { ...afterOne, crc: 1 }, two, 'refuse crc'],
    ['one that reaches over the cursor', { ...afterOne, seq: 2 }, one, 'refuse overlap'],
    ['a loss that begins at the next', afterOne, gone, 'loss → 7'],
    ['a loss that reaches back behind the cursor', afterOne, back, 'loss → 7'],
    ['a loss behind the cursor', { ...afterOne, seq: 9 }, gone, 'repeat'],
  ])('%s', (_title, cursor, made, expected) => {
    expect(verdictOf(cursor, made)).toBe(expected);
  });

  test('the cursor takes over sequence, running CRC and the highest n', () => {
    const verdict = two && judge(afterOne, two.batch, two.bytes);
    expect(verdict).toMatchObject({ kind: 'apply', cursor: { seq: 5, crc: two?.crcAfter, n: 105 } });
  });
});

describe('random deliveries', () => {
  test('repeated, reordered, dropped and rewound: every record once, in order', () => {
    const sizes = fc.array(
      fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: 1, arbitrary: fc.constant(-3) }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(), { maxLength: 80 }), (of, picks) => {
        const made = lane(of);
        let cursor = FRESH;
        const applied: number[] = [];
        const deliver = (m: Made): void => {
          const verdict = judge(cursor, m.batch, m.bytes);
          if (verdict.kind !== 'apply' && verdict.kind !== 'loss') return;
          cursor = verdict.cursor;
          applied.push(...m.batch.samples.map((s) => s.n));
        };
        for (const pick of picks) {
          const m = made[pick % made.length];
          if (m) deliver(m);
        }
        // The gateway goes back until the hub has all.
        for (const m of made) deliver(m);
        expect(applied).toEqual(made.flatMap((m) => m.batch.samples.map((s) => s.n)));
        expect(cursor).toMatchObject({ seq: batchLast(made.at(-1)?.batch ?? made[0]?.batch ?? ({} as Batch)) });
        expect(cursor.crc).toBe(made.at(-1)?.crcAfter);
      }),
      { numRuns: 500 },
    );
  });
});
