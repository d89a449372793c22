// Delays, gaps and hysteresis of signals: timelines as tables, and random timelines against a slow model.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, type Truth } from '../../../device-profiles/contract/conditions.ts';
import { advance, elapse, remaining, UNKNOWN, type Delays, type Track } from '../../../hub/alarms/evaluate.ts';

/** `T@0 F@5 ?@7 .@9` → records at seconds 0, 5, 7 and a mere passing of time to 9; answers `raise@3 clear@5`. */
function timeline(text: string, delays: Delays, from: Track = UNKNOWN): string {
  let track = from;
  const out: string[] = [];
  for (const step of text.split(/\s+/)) {
    const [what, s] = step.split('@');
    const at = Number(s) * 1_000;
    const truth: Truth = what === 'T' ? 'true' : what === 'F' ? 'false' : 'unknown';
    const done = what === '.' ? elapse(track, at, delays) : advance(track, truth, at, delays);
    track = done.track;
    out.push(...done.edges.map((e) => `${e.to}@${e.at / 1_000}`));
  }
  return out.join(' ');
}

const ON = { onDelayMs: 10_000 };
const OFF = { offDelayMs: 5_000 };

describe('timelines', () => {
  test.each([
    ['no delay: follows the condition', {}, 'T@1 F@2 T@3', 'raise@1 clear@2 raise@3'],
    ['told twice: once', {}, 'T@1 T@2 F@3 F@4', 'raise@1 clear@3'],
    ['a gap holds what is raised', {}, 'T@1 ?@2 .@99', 'raise@1'],
    ['a gap holds what is not raised', {}, 'F@1 ?@2 F@3', ''],
    ['after a gap the truth decides', {}, 'T@1 ?@2 F@9', 'raise@1 clear@9'],
    ['after a gap still true: the same episode', {}, 'T@1 ?@2 T@9', 'raise@1'],
    ['on-delay: held long enough', ON, 'T@0 .@10', 'raise@10'],
    ['on-delay: not a moment sooner', ON, 'T@0 .@9.999', ''],
    ['on-delay: false in between starts anew', ON, 'T@0 F@9 T@9.5 .@15 .@19.5', 'raise@19.5'],
    ['on-delay: a gap starts it anew', ON, 'T@0 ?@9 T@11 .@20 .@21', 'raise@21'],
    ['on-delay: a gap after it was over comes too late', ON, 'T@0 ?@12', 'raise@10'],
    ['on-delay: a backlog in a burst gives what live would have given', ON, 'T@0 F@30', 'raise@10 clear@30'],
    ['on-delay: repeats do not restart it', ON, 'T@0 T@4 T@8 T@12', 'raise@10'],
    ['off-delay: gone long enough', OFF, 'T@0 F@1 .@6', 'raise@0 clear@6'],
    ['off-delay: back in between is the same episode', OFF, 'T@0 F@1 T@4 F@5 .@9 .@10', 'raise@0 clear@10'],
    ['off-delay: a gap never counts as gone', OFF, 'T@0 F@1 ?@3 .@60', 'raise@0'],
    ['both delays in one burst', { ...ON, ...OFF }, 'T@0 F@20 T@30', 'raise@10 clear@25'],
  ])('%s', (_title, delays, input, expected) => {
    expect(timeline(input, delays)).toBe(expected);
  });

  test('a snapshot tells how long a condition has held', () => {
    const early = advance(UNKNOWN, 'true', 60_000, ON, 45_000);
    expect(early.edges).toEqual([{ to: 'raise', at: 55_000 }]);
    const late = advance(UNKNOWN, 'true', 60_000, ON, 58_000);
    expect(late.edges).toEqual([]);
    expect(remaining(late.track, 60_000, ON)).toBe(8_000);
    expect(remaining(early.track, 60_000, ON)).toBeUndefined();
  });
});

describe('hysteresis', () => {
  const when = { gt: 1.4, hyst: 0.1 };
  const pressure = (value: number, quality: 'good' | 'stale' = 'good', held: boolean): Truth =>
    evaluate(when, () => ({ value, quality, reason: quality === 'good' ? '' : 'timeout' }), held);

  test('a limit with hysteresis clears only past it, over a gap too', () => {
    let track = UNKNOWN;
    const seen: string[] = [];
    for (const [at, value, quality] of [
      [1, 1.41, 'good'],
      [2, 1.35, 'good'],
      [3, 1.35, 'stale'],
      [4, 1.35, 'good'],
      [5, 1.29, 'good'],
      [6, 1.35, 'good'],
    ] as const) {
      const done = advance(track, pressure(value, quality, track.held), at, {});
      track = done.track;
      seen.push(...done.edges.map((e) => `${e.to}@${e.at}`));
    }
    expect(seen).toEqual(['raise@1', 'clear@5']);
  });
});

describe('random timelines', () => {
  const delays = fc.record({ onDelayMs: fc.constantFrom(0, 7, 20), offDelayMs: fc.constantFrom(0, 5, 30) });
  const records = fc.array(
    fc.record({ truth: fc.constantFrom<Truth>('true', 'false', 'unknown'), gap: fc.integer({ min: 0, max: 25 }) }),
    { maxLength: 40 },
  );
  const END_MS = 40;

  /** The definition, millisecond by millisecond: raised after `on` ms of unbroken true, cleared after `off` of false. */
  function model(
    list: readonly { truth: Truth; gap: number }[],
    d: { onDelayMs: number; offDelayMs: number },
  ): string[] {
    const at: { t: number; truth: Truth }[] = [];
    let t = 0;
    for (const r of list) at.push({ t: (t += r.gap), truth: r.truth });
    const end = t + END_MS;
    const out: string[] = [];
    let raised = false;
    let truth: Truth = 'unknown';
    let since: number | null = null;
    let next = 0;
    for (let now = 0; now <= end; now++) {
      const settle = (): void => {
        if (since === null || now - since < (raised ? d.offDelayMs : d.onDelayMs)) return;
        raised = !raised;
        out.push(`${raised ? 'raise' : 'clear'}@${now}`);
        since = null;
      };
      settle();
      for (; at[next]?.t === now; next++) {
        truth = at[next]?.truth ?? truth;
        if (truth === 'unknown' || (truth === 'true') === raised) since = null;
        else since ??= now;
        settle();
      }
    }
    return out;
  }

  test('edges are those of the definition, whether time passes in steps or in one burst', () => {
    fc.assert(
      fc.property(records, delays, fc.boolean(), (list, d, stepwise) => {
        let track = UNKNOWN;
        let t = 0;
        const out: string[] = [];
        const take = (edges: readonly { to: string; at: number }[]): void =>
          void out.push(...edges.map((e) => `${e.to}@${e.at}`));
        const pass = (to: number): void => {
          for (let now = stepwise ? t : to + 1; now <= to; now++) {
            const done = elapse(track, now, d);
            track = done.track;
            take(done.edges);
          }
          t = to;
        };
        for (const r of list) {
          pass(t + r.gap);
          const done = advance(track, r.truth, t, d);
          track = done.track;
          take(done.edges);
        }
        pass(t + END_MS);
        take(elapse(track, t, d).edges);
        expect(out).toEqual(model(list, d));
      }),
      { numRuns: 2_000 },
    );
  });
});
