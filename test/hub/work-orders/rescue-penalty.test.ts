// What a contractor who comes late owes: by table, and for any terms and times.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contractOf, type MaintenanceContract, type PenaltyTerms } from '../../../hub/work-orders/rescue-norms.ts';
import { penaltyOf, type PenaltyFacts } from '../../../hub/work-orders/rescue-penalty.ts';

const MINUTE = 60_000;
const TOLD = Date.UTC(2026, 10, 22, 3, 14);
const TERMS: PenaltyTerms = { arriveMs: 30 * MINUTE, stepMs: 10 * MINUTE, perStepFen: 50_000, capFen: 200_000 };
const after = (minutes: number, ms = 0): number => TOLD + minutes * MINUTE + ms;

describe('[S5] [X6] the penalty', () => {
  const rows: [what: string, facts: Partial<PenaltyFacts>, expected: string][] = [
    ['of nobody who was told', { toldAt: undefined, arrivedAt: after(90) }, 'not-told 0 × = 0'],
    ['of an arrival in time', { arrivedAt: after(29) }, 'on-time 0 × = 0'],
    ['of an arrival on the limit', { arrivedAt: after(30) }, 'on-time 0 × = 0'],
    ['of an arrival before the call', { arrivedAt: after(-5) }, 'on-time 0 × = 0'],
    ['of one millisecond', { arrivedAt: after(30, 1) }, 'final 1 × = 50000'],
    ['of ten minutes', { arrivedAt: after(40) }, 'final 1 × = 50000'],
    ['of ten minutes and a millisecond', { arrivedAt: after(40, 1) }, 'final 2 × = 100000'],
    ['of exactly the cap', { arrivedAt: after(70) }, 'final 4 × = 200000'],
    ['beyond the cap', { arrivedAt: after(71) }, 'final 5 × = 200000 (cap)'],
    ['while they are still expected', { now: after(20) }, 'running 0 × = 0'],
    ['while they are late', { now: after(45) }, 'running 2 × = 100000'],
    ['when others freed the people', { releasedAt: after(55), now: after(500) }, 'final 3 × = 150000'],
    ['ends with their arrival, not the release', { arrivedAt: after(35), releasedAt: after(90) }, 'final 1 × = 50000'],
  ];
  test.each(rows)('%s', (_, facts, expected) => {
    const p = penaltyOf(TERMS, { toldAt: TOLD, arrivedAt: undefined, releasedAt: undefined, now: after(10), ...facts });
    expect(`${p.status} ${p.steps} × = ${p.fen}${p.capped ? ' (cap)' : ''}`).toBe(expected);
  });

  test('is a whole number of fen, never above the cap, never falls with lateness, and nothing when in time', () => {
    const terms = fc.record({
      arriveMs: fc.integer({ min: 1_000, max: 86_400_000 }),
      stepMs: fc.integer({ min: 1_000, max: 86_400_000 }),
      perStepFen: fc.integer({ min: 0, max: 100_000_000_000 }),
      capFen: fc.integer({ min: 0, max: 100_000_000_000 }),
    });
    const at = fc.integer({ min: 0, max: 400 * 86_400_000 });
    fc.assert(
      fc.property(terms, at, at, (given, one, two) => {
        const fenAt = (ms: number): number =>
          penaltyOf(given, { toldAt: TOLD, arrivedAt: TOLD + ms, releasedAt: undefined, now: TOLD }).fen;
        const [early, late] = [Math.min(one, two), Math.max(one, two)];
        expect(Number.isSafeInteger(fenAt(late))).toBe(true);
        expect(fenAt(late)).toBeLessThanOrEqual(given.capFen);
        expect(fenAt(early)).toBeLessThanOrEqual(fenAt(late));
        expect(fenAt(Math.min(early, given.arriveMs))).toBe(0);
        const steps = Math.ceil(Math.max(0, late - given.arriveMs) / given.stepMs);
        expect(fenAt(late)).toBe(Number(bigMin(BigInt(steps) * BigInt(given.perStepFen), BigInt(given.capFen))));
      }),
      { verbose: true },
    );
  });
});

const bigMin = (a: bigint, b: bigint): bigint => (a < b ? a : b);

describe('the contract of a lift', () => {
  const contract = (id: string, lifts: string[]): MaintenanceContract => ({
    id,
    company: { zh: id, en: id },
    phone: '1',
    lifts,
    penalty: TERMS,
  });
  const all = contract('all', []);
  const one = contract('one', ['gw.lift-1']);
  test.each([
    ['is the one that names it', [all, one], 'gw.lift-1', 'one'],
    ['is else the one for all', [one, all], 'gw.lift-2', 'all'],
    ['may not be there', [one], 'gw.lift-2', undefined],
    ['is the one for all when the lift is not known', [one, all], undefined, 'all'],
  ])('%s', (_, contracts, device, expected) => expect(contractOf(contracts, device)?.id).toBe(expected));
});
