import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONDITION_DEPTH_MAX,
  evaluate,
  expandSignals,
  extractBits,
  fillTemplate,
  indicesOf,
  negate,
  placeholders,
  type Lookup,
  type PointState,
  type Truth,
} from '../../device-profiles/contract/conditions.ts';
import { QUALITIES, type Reason } from '../../device-profiles/contract/point.ts';
import type { Comparison, Condition, Signal } from '../../device-profiles/contract/signal.ts';

const good = (value: PointState['value']): PointState => ({ value, quality: 'good', reason: '' });
const bad = (reason: Reason, value: PointState['value'] = null): PointState => ({ value, quality: 'bad', reason });
const own =
  (state: PointState | undefined): Lookup =>
  () =>
    state;
const signal = (point: string, when: Condition): Signal => ({
  id: 's',
  class: 'FAULT',
  point,
  when,
  text: { zh: '故障', en: 'Fault' },
});

describe('templates', () => {
  it('reads the indices of an id and writes them into a sibling', () => {
    const indices = indicesOf('det-{loop}-{n}', 'det-01-007');
    expect(indices).toEqual({ loop: '01', n: '007' });
    expect(fillTemplate('led-{loop}-{n}', indices ?? {})).toBe('led-01-007');
    expect(placeholders('det-{loop}-{n}')).toEqual(['loop', 'n']);
  });

  it.each([
    ['det-{loop}-{n}', 'mod-01-007'],
    ['det-{loop}-{n}', 'det-01-'],
    ['det-{loop}-{n}', 'det-01-007x'],
    ['det-{n}-{n}', 'det-1-2'],
    ['det-{n}', 'det-a'],
  ])('%s did not make %s', (template, id) => {
    expect(indicesOf(template, id)).toBeUndefined();
  });

  it('finds back what was filled in, for any indices', () => {
    fc.assert(
      fc.property(fc.nat(999), fc.nat(99_999), (loop, n) => {
        const indices = { loop: String(loop).padStart(2, '0'), n: String(n).padStart(3, '0') };
        expect(indicesOf('a-{loop}_{n}-b', fillTemplate('a-{loop}_{n}-b', indices))).toEqual(indices);
      }),
    );
  });
});

describe('expandSignals', () => {
  const points = [
    { id: 'online' },
    { id: 'det-01-001', template: 'det-{loop}-{n}' },
    { id: 'det-02-013', template: 'det-{loop}-{n}' },
    { id: 'led-01-001', template: 'led-{loop}-{n}' },
  ];

  it('stands a template signal on every point made from it, and shares a condition that names none', () => {
    const s = signal('det-{loop}-{n}', { bit: 11, eq: 1 });
    const out = expandSignals([s], points);
    expect(out.map((x) => x.point)).toEqual(['det-01-001', 'det-02-013']);
    expect(out.map((x) => x.reads)).toEqual([['det-01-001'], ['det-02-013']]);
    expect(out[0]?.when).toBe(s.when);
    expect(out[1]?.when).toBe(s.when);
  });

  it('turns a sibling template into the point with the same indices, and leaves a plain name alone', () => {
    const s = signal('det-{loop}-{n}', {
      all: [{ eq: 1 }, { not: { point: 'led-{loop}-{n}', eq: 0 } }, { any: [{ point: 'online', eq: 1 }] }],
    });
    const out = expandSignals([s], points);
    expect(out[1]?.when).toEqual({
      all: [{ eq: 1 }, { not: { point: 'led-02-013', eq: 0 } }, { any: [{ point: 'online', eq: 1 }] }],
    });
    expect(out[1]?.reads).toEqual(['det-02-013', 'led-02-013', 'online']);
  });

  it('does not read the own point when every comparison names another', () => {
    const out = expandSignals([signal('online', { point: 'det-01-001', eq: 1 })], points);
    expect(out.map((x) => x.reads)).toEqual([['det-01-001']]);
  });

  it('yields nothing for a template that made no point', () => {
    expect(expandSignals([signal('mod-{loop}-{n}', { eq: 1 })], points)).toEqual([]);
  });

  it('refuses a condition nested without end', () => {
    let when: Condition = { eq: 1 };
    for (let i = 0; i < CONDITION_DEPTH_MAX; i++) when = { not: when };
    expect(() => expandSignals([signal('online', when)], points)).toThrow(RangeError);
  });
});

describe('evaluate: comparisons', () => {
  it.each<[Comparison, number, Truth]>([
    [{ eq: 2 }, 2, 'true'],
    [{ eq: 2 }, 3, 'false'],
    [{ ne: 2 }, 3, 'true'],
    [{ gt: 2 }, 2, 'false'],
    [{ ge: 2 }, 2, 'true'],
    [{ lt: 2 }, 2, 'false'],
    [{ le: 2 }, 2, 'true'],
    [{ in: [1, 3] }, 3, 'true'],
    [{ in: [1, 3] }, 2, 'false'],
    [{ notIn: [1, 3] }, 2, 'true'],
    [{ bit: 11, eq: 1 }, 0x0800, 'true'],
    [{ bit: 11, eq: 1 }, 0xf7ff, 'false'],
    [{ bits: [0, 7], eq: 0x10 }, 0x0810, 'true'],
    [{ bits: [0, 7], in: [0x11, 0x12] }, 0x0812, 'true'],
    [{ bits: [8, 15], ne: 8 }, 0x0810, 'false'],
  ])('%j on %d is %s', (c, value, expected) => {
    expect(evaluate(c, own(good(value)))).toBe(expected);
  });

  it('is unknown for every quality but good, whatever the value', () => {
    for (const quality of QUALITIES.filter((q) => q !== 'good'))
      expect(evaluate({ eq: 1 }, own({ value: 1, quality, reason: 'link-down' }))).toBe('unknown');
  });

  it('is unknown without a point, without a number, and with a parameter nobody filled in', () => {
    expect(evaluate({ eq: 1 }, own(undefined))).toBe('unknown');
    expect(evaluate({ eq: 1 }, own(good(null)))).toBe('unknown');
    expect(evaluate({ eq: 1 }, own(good('text')))).toBe('unknown');
    expect(evaluate({ bit: 0, eq: 1 }, own(good(0.5)))).toBe('unknown');
    expect(evaluate({ bits: [7, 0], eq: 1 }, own(good(1)))).toBe('unknown');
    expect(evaluate({ gt: { param: 'high' } }, own(good(1)))).toBe('unknown');
  });

  it('reads integers beyond 2^53 from their text', () => {
    expect(evaluate({ gt: 1 }, own(good('9223372036854775807')))).toBe('true');
    expect(evaluate({ bit: 63, eq: 1 }, own(good('18446744073709551615')))).toBe('true');
    expect(evaluate({ bit: 62, eq: 0 }, own(good('-9223372036854775808')))).toBe('true');
  });

  it('keeps a limit until the value has come back by the hysteresis', () => {
    const over: Condition = { gt: 5, hyst: 1 };
    expect(evaluate(over, own(good(4.5)), false)).toBe('false');
    expect(evaluate(over, own(good(5.1)), false)).toBe('true');
    expect(evaluate(over, own(good(4.5)), true)).toBe('true');
    expect(evaluate(over, own(good(4)), true)).toBe('false');
    expect(evaluate({ le: 1, hyst: 0.5 }, own(good(1.5)), true)).toBe('true');
    expect(evaluate({ not: { gt: 5, hyst: 1 } }, own(good(4.5)), true)).toBe('true');
    expect(evaluate({ not: { gt: 5, hyst: 1 } }, own(good(4.5)), false)).toBe('false');
  });

  it('compares reasons: never by value, unknown only while nothing is heard', () => {
    const unknownCode: Condition = { reason: 'unknown-code' };
    expect(evaluate(unknownCode, own(bad('unknown-code', 99)))).toBe('true');
    expect(evaluate(unknownCode, own(good(1)))).toBe('false');
    expect(evaluate(unknownCode, own(bad('sentinel')))).toBe('false');
    expect(evaluate(unknownCode, own(bad('timeout')))).toBe('unknown');
    expect(evaluate(unknownCode, own({ value: 3, quality: 'stale', reason: 'silent' }))).toBe('unknown');
    expect(evaluate({ reason: 'timeout' }, own(bad('timeout')))).toBe('true');
    expect(evaluate({ reason: 'timeout' }, own(bad('crc')))).toBe('false');
    expect(evaluate({ reason: 'not-yet-read' }, own(undefined))).toBe('true');
  });
});

describe('evaluate: Kleene logic', () => {
  const values: Record<Truth, PointState> = { true: good(1), false: good(0), unknown: bad('timeout') };
  const truths: Truth[] = ['true', 'false', 'unknown'];
  const lookup: Lookup = (id) => values[(id ?? 'unknown') as Truth];
  const is = (t: Truth): Condition => ({ point: t, eq: 1 });
  const rank = { false: 0, unknown: 1, true: 2 };
  const least = (ts: Truth[]) => ts.reduce((a, b) => (rank[a] <= rank[b] ? a : b));
  const most = (ts: Truth[]) => ts.reduce((a, b) => (rank[a] >= rank[b] ? a : b));
  const some = fc.array(fc.constantFrom(...truths), { minLength: 1, maxLength: 5 });

  const tree: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(...truths).map(is),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
      tie('tree').map((not) => ({ not })),
    ),
  })).tree;

  it('all is the least of its parts, any the most', () => {
    fc.assert(
      fc.property(some, (ts) => {
        expect(evaluate({ all: ts.map(is) }, lookup)).toBe(least(ts));
        expect(evaluate({ any: ts.map(is) }, lookup)).toBe(most(ts));
      }),
    );
  });

  it('obeys double negation and De Morgan', () => {
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        const of = (c: Condition) => evaluate(c, lookup);
        expect(of({ not: { not: a } })).toBe(of(a));
        expect(of({ not: a })).toBe(negate(of(a)));
        expect(of({ not: { all: [a, b] } })).toBe(of({ any: [{ not: a }, { not: b }] }));
        expect(of({ not: { any: [a, b] } })).toBe(of({ all: [{ not: a }, { not: b }] }));
      }),
    );
  });

  it('learning a value never turns true into false: unknown only resolves', () => {
    fc.assert(
      fc.property(tree, fc.boolean(), (c, answer) => {
        const before = evaluate(c, lookup);
        const after = evaluate(c, (id) => (id === 'unknown' ? good(answer ? 1 : 0) : lookup(id)));
        expect(after).not.toBe('unknown');
        expect([after, 'unknown']).toContain(before);
      }),
    );
  });
});

describe('extractBits', () => {
  it('agrees with BigInt for any integer and field', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(0, -1, 0x7fff_ffff, 0x8000_0000)),
        fc.integer({ min: 0, max: 63 }),
        fc.integer({ min: 0, max: 15 }),
        (value, low, width) => {
          const high = Math.min(63, low + width);
          const expected = BigInt.asUintN(high - low + 1, BigInt.asUintN(64, BigInt(value)) >> BigInt(low));
          expect(extractBits(value, low, high)).toBe(Number(expected));
        },
      ),
    );
  });

  it('knows no field wider than a number can hold', () => {
    expect(extractBits(-1, 0, 63)).toBeUndefined();
  });
});
