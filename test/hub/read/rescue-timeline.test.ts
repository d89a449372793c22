// The order, the omissions and the two file forms of a rescue's timeline.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TIMELINE_KINDS, type RescueTimeline } from '../../../hub/read/contract.ts';
import { changesOf, inOrder, timelineCsv, timelineJson, type Happening } from '../../../hub/read/rescue-timeline.ts';

const T0 = Date.UTC(2026, 10, 22, 3, 14);
const happening = (at: number, kind: Happening['kind'], code = kind as string): Happening => ({
  at: T0 + at,
  kind,
  code,
  who: '',
  text: '',
});
const timeline = (entries: readonly Happening[]): RescueTimeline => ({
  format: 'fengsui-rescue-1',
  community: 'c1',
  order: { id: 'o', number: 'WO-1', state: 'closed', openedAt: '', closedAt: null, serviceState: null },
  lift: { device: null, name: { zh: '梯', en: 'lift' } },
  penalty: { status: 'no-contract', lateMs: 0, steps: 0, fen: 0, capped: false },
  telemetry: { status: 'ok', from: '', to: '', repeats: 0 },
  entries: inOrder(entries),
});

describe('[S5] [X6] the timeline', () => {
  test('is in order of time; in one millisecond what was measured comes before what was told of it', () => {
    const rows = [happening(5, 'call'), happening(5, 'telemetry'), happening(1, 'act'), happening(5, 'signal')];
    expect(inOrder(rows).map((e) => `${e.n} ${e.kind}`)).toEqual(['1 act', '2 telemetry', '3 signal', '4 call']);
  });

  test('keeps whatever is handed in, once each, and never goes back in time', () => {
    const any = fc.record({ at: fc.integer({ min: 0, max: 50 }), kind: fc.constantFrom(...TIMELINE_KINDS) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), (given) => {
        const rows = inOrder(given.map(({ at, kind }, i) => happening(at, kind, String(i))));
        expect(rows.map((r) => Number(r.code)).toSorted((a, b) => a - b)).toEqual(given.map((_, i) => i));
        expect(rows.map((r) => r.n)).toEqual(given.map((_, i) => i + 1));
        expect(rows.map((r) => r.at)).toEqual(rows.map((r) => r.at).toSorted());
      }),
      { verbose: true },
    );
  });

  test('tells a point when its value or its quality changes, and counts what only repeats', () => {
    const sample = (t: number, value: number | null, quality: 'good' | 'stale' = 'good') => ({ t, value, quality });
    const samples = [
      sample(0, 5),
      sample(1, 5),
      sample(2, 6),
      sample(3, 6, 'stale'),
      sample(4, 6, 'stale'),
      sample(5, 6),
    ];
    const { happenings, repeats } = changesOf([{ id: 'floor', name: { zh: '层', en: 'floor' }, unit: '', samples }]);
    expect(happenings.map((h) => `${h.at} ${h.value} ${h.quality}`)).toEqual([
      '0 5 good',
      '2 6 good',
      '3 6 stale',
      '5 6 good',
    ]);
    expect(repeats).toBe(2);
  });
});

describe('[S5] an exported file', () => {
  test('is the same bytes for the same timeline, whatever the order of its fields', () => {
    const one = timeline([happening(1, 'call')]);
    const turned = Object.fromEntries(Object.entries(one).toReversed()) as RescueTimeline;
    expect(timelineJson(turned)).toBe(timelineJson(one));
    expect(JSON.parse(timelineJson(one))).toEqual(one);
  });

  test('as a table runs nothing in a spreadsheet and keeps commas, quotes and lines', () => {
    const texts = ['=1+1', '+86', '-1', '-1 floor', '@SUM', '\tx', 'a,b', 'say "help"', 'two\nlines', '平安'];
    const csv = timelineCsv(timeline(texts.map((text, i) => ({ ...happening(i, 'call'), text }))));
    expect(csv.startsWith('\uFEFFn,at,kind,code,who,text,value,unit,quality\r\n')).toBe(true);
    const cells = texts.map((_, i) => csv.split('\r\n')[i + 1]?.split(',').slice(5).join(',').replace(/,,,$/, ''));
    expect(cells).toEqual([
      "'=1+1",
      "'+86",
      '-1',
      "'-1 floor",
      "'@SUM",
      "'\tx",
      '"a,b"',
      '"say ""help"""',
      '"two\nlines"',
      '平安',
    ]);
  });
});
