import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Table } from '../../../device-profiles/contract/point.ts';
import {
  confirm,
  heal,
  learn,
  maxCount,
  planReads,
  type PlanLimits,
  type PlannedRead,
  type PlanPoint,
  type ReadPlan,
} from '../../../gateway/modbus/plan-reads.ts';

const LIMITS: PlanLimits = { maxRegisters: 125, gap: 0, illegal: [] };
const holding = (addresses: readonly number[], length = 1): PlanPoint[] =>
  addresses.map((address, index) => ({ index, table: 'holding', address, length }));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const spans = (plan: ReadPlan): string[] => plan.reads.map((r) => `${r.address}+${r.count}`);

const tables = fc.constantFrom<Table>('coil', 'discrete', 'holding', 'input');
const arbitraryPoints = fc
  .array(
    fc.record({ table: tables, address: fc.integer({ min: 0, max: 400 }), length: fc.integer({ min: 1, max: 6 }) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((list) => list.map((p, index): PlanPoint => ({ ...p, index })));
const arbitraryLimits: fc.Arbitrary<PlanLimits> = fc.record({
  maxRegisters: fc.integer({ min: 1, max: 125 }),
  gap: fc.integer({ min: 0, max: 20 }),
  illegal: fc.array(
    fc
      .record({ table: tables, from: fc.integer({ min: 0, max: 400 }), size: fc.integer({ min: 0, max: 30 }) })
      .map(({ table, from, size }) => ({ table, from, to: from + size })),
    { maxLength: 4 },
  ),
});

/** The rules that a plan must keep, whatever it has learned; returns those that it breaks. */
function breaches(plan: ReadPlan): string[] {
  const found: string[] = [];
  const byIndex = new Map(plan.points.map((p) => [p.index, p]));
  const fetched = [
    ...plan.reads.flatMap((r) => r.points),
    ...plan.holes.flatMap((h) => h.points),
    ...plan.refused.map((r) => r.point),
  ];
  for (const index of byIndex.keys()) {
    const times = fetched.filter((p) => p === index).length;
    if (times !== 1) found.push(`point ${index} is fetched ${times} times`);
  }
  for (const read of plan.reads) {
    const end = read.address + read.count;
    const name = `${read.table} ${read.address}…${end - 1}`;
    if (read.count < 1 || read.count > maxCount(read.table, plan.limits)) found.push(`${name} is too long`);
    if (plan.limits.illegal.some((r) => r.table === read.table && r.from < end && r.to >= read.address))
      found.push(`${name} touches an illegal range`);
    for (const index of read.points) {
      const p = byIndex.get(index);
      if (!p || p.table !== read.table || p.address < read.address || p.address + p.length > end)
        found.push(`${name} does not fetch point ${index}`);
    }
    const perRegister = read.table === 'coil' || read.table === 'discrete' ? 16 : 1;
    if (longestUnused(read, byIndex) > plan.limits.gap * perRegister) found.push(`${name} bridges too much`);
  }
  return found;
}

function longestUnused(read: PlannedRead, byIndex: ReadonlyMap<number, PlanPoint>): number {
  let end = read.address;
  let longest = 0;
  for (const index of read.points) {
    const p = byIndex.get(index);
    if (!p) continue;
    longest = Math.max(longest, p.address - end);
    end = Math.max(end, p.address + p.length);
  }
  return longest;
}

/** A device that refuses what touches a missing place, crosses a border or is too long, until the plan fits it. */
function converge(
  plan: ReadPlan,
  refuses: (read: PlannedRead) => boolean,
  maxRounds = 2_000,
): { plan: ReadPlan; refusals: number } {
  let refusals = 0;
  for (let round = 0; round < maxRounds; round++) {
    const before = plan;
    for (const read of before.reads) {
      if (!plan.reads.includes(read)) continue;
      if (refuses(read)) {
        refusals++;
        plan = learn(plan, read, 'exception-02');
      } else plan = confirm(plan, read);
      const broken = breaches(plan);
      if (broken.length > 0) throw new Error(broken.join('; '));
    }
    if (plan === before) return { plan, refusals };
  }
  throw new Error('the plan never settles');
}

describe('planning reads', () => {
  test('adjacent registers are one read up to the limit of the device', () => {
    expect(spans(planReads(holding(range(0, 249)), { ...LIMITS, maxRegisters: 100 }))).toEqual([
      '0+100',
      '100+100',
      '200+50',
    ]);
  });

  test('without a maximum in the profile the protocol limit of 125 registers holds, 2000 for coils', () => {
    expect(spans(planReads(holding(range(0, 299)), LIMITS))).toEqual(['0+125', '125+125', '250+50']);
    const coils = range(0, 4_199).map((address): PlanPoint => ({ index: address, table: 'coil', address, length: 1 }));
    expect(spans(planReads(coils, LIMITS))).toEqual(['0+2000', '2000+2000', '4000+200']);
  });

  test('a limit of registers is a limit of sixteen times as many coils', () => {
    const coils = range(0, 99).map((address): PlanPoint => ({ index: address, table: 'discrete', address, length: 1 }));
    expect(spans(planReads(coils, { ...LIMITS, maxRegisters: 2 }))).toEqual(['0+32', '32+32', '64+32', '96+4']);
  });

  test('a gap is bridged only as far as the profile allows', () => {
    const points = holding([0, 3, 10]);
    expect(spans(planReads(points, LIMITS))).toEqual(['0+1', '3+1', '10+1']);
    expect(spans(planReads(points, { ...LIMITS, gap: 2 }))).toEqual(['0+4', '10+1']);
    expect(spans(planReads(points, { ...LIMITS, gap: 6 }))).toEqual(['0+11']);
  });

  test('a gap that holds an illegal range is never bridged, and a point in one is refused with its reason', () => {
    const plan = planReads(holding([0, 4, 5]), { ...LIMITS, gap: 10, illegal: [{ table: 'holding', from: 5, to: 6 }] });
    expect(spans(plan)).toEqual(['0+5']);
    expect(plan.refused).toEqual([{ point: 2, why: 'holding 5…5 lies in a range that must never be read' }]);
  });

  test('sixteen bits of one register are one read of one register', () => {
    const bits = range(0, 15).map((index): PlanPoint => ({ index, table: 'holding', address: 1000, length: 1 }));
    expect(spans(planReads(bits, LIMITS))).toEqual(['1000+1']);
  });

  test('a value longer than the device can send at once is refused, not split', () => {
    const plan = planReads(holding([0], 40), { ...LIMITS, maxRegisters: 16 });
    expect(plan.reads).toEqual([]);
    expect(plan.refused[0]?.why).toContain('40 holding places exceed the 16 of one read');
  });

  test('every point is fetched once, within limits, never from an illegal range (any map)', () => {
    fc.assert(
      fc.property(arbitraryPoints, arbitraryLimits, (points, limits) => {
        expect(breaches(planReads(points, limits))).toEqual([]);
      }),
    );
  });
});

describe('learning from refusals', () => {
  test('one absent detector among a hundred ends as one hole with two reads around it', () => {
    const { plan, refusals } = converge(planReads(holding(range(0, 99)), LIMITS), (r) => touches(r, [37]));
    expect(plan.holes.map((h) => [h.address, h.count, h.reason])).toEqual([[37, 1, 'exception-02']]);
    expect(spans(plan)).toEqual(['0+37', '38+62']);
    expect(refusals).toBeLessThanOrEqual(9);
  });

  test('a hole is never read again inside a longer read, even where gaps may be bridged', () => {
    const { plan } = converge(planReads(holding(range(0, 9)), { ...LIMITS, gap: 8 }), (r) => touches(r, [4]));
    expect(spans(plan)).toEqual(['0+4', '5+5']);
  });

  test('a device that refuses the bridged gap is read in two, without losing a point', () => {
    const { plan } = converge(planReads(holding([0, 1, 6, 7]), { ...LIMITS, gap: 8 }), (r) => touches(r, [3]));
    expect(spans(plan)).toEqual(['0+2', '6+2']);
    expect(plan.holes).toEqual([]);
  });

  test('a border that no read may cross is learned as a border, with no hole', () => {
    const { plan } = converge(
      planReads(holding(range(0, 99)), LIMITS),
      (r) => r.address < 50 && r.address + r.count > 50,
    );
    expect(plan.holes).toEqual([]);
    expect(spans(plan)).toEqual(['0+50', '50+50']);
  });

  test('a device that takes fewer registers than its profile says is read in shorter pieces', () => {
    const { plan } = converge(planReads(holding(range(0, 99)), LIMITS), (r) => r.count > 30);
    expect(plan.holes).toEqual([]);
    expect(Math.max(...plan.reads.map((r) => r.count))).toBeLessThanOrEqual(30);
  });

  test('a hole that answers again is healed and read with its neighbours', () => {
    const { plan } = converge(planReads(holding(range(0, 9)), LIMITS), (r) => touches(r, [4]));
    const hole = plan.holes[0];
    if (!hole) throw new Error('no hole was learned');
    expect(spans(heal(plan, hole))).toEqual(['0+10']);
    expect(heal(plan, hole).holes).toEqual([]);
  });

  test('reads that are not concerned stay the same objects, so that what is known of them stays', () => {
    const plan = planReads(holding([0, 1, 100, 101]), LIMITS);
    const [first, second] = plan.reads;
    if (!first || !second) throw new Error('two reads were expected');
    expect(learn(plan, second, 'exception-02').reads[0]).toBe(first);
  });

  test('with any missing places and any border a plan settles, keeps every rule, and loses only what is missing', () => {
    const place = fc.integer({ min: 0, max: 400 });
    const device = fc.record({ missing: fc.array(place, { maxLength: 12 }), border: place });
    fc.assert(
      fc.property(arbitraryPoints, arbitraryLimits, device, (points, limits, { missing, border }) => {
        const crosses = (r: PlannedRead): boolean => r.address < border && r.address + r.count > border;
        const refuses = (r: PlannedRead): boolean => touches(r, missing) || crosses(r);
        const { plan } = converge(planReads(points, limits), refuses);
        for (const read of plan.reads) expect(refuses(read)).toBe(false);
        for (const hole of plan.holes) expect(refuses(hole)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

const touches = (read: PlannedRead, places: readonly number[]): boolean =>
  places.some((p) => p >= read.address && p < read.address + read.count);
