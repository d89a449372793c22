// The timeline of a rescue: signals, telemetry, acts, calls and escalations in one order, and its two file forms. Pure.
import { canonicalJson } from '../canonical.ts';
import type { RecordedSample } from '../history/api.ts';
import type { RescueRecord } from '../work-orders/api.ts';
import { TIMELINE_KINDS, type RescueTimeline, type TimelineEntry } from './contract.ts';
import { csvOf } from './csv.ts';

/** An entry before it has its place; `at` in ms wall. */
export type Happening = Omit<TimelineEntry, 'n' | 'at'> & { readonly at: number };

/** By time; within a millisecond what was measured before what was told of it, else as they were handed in. */
export function inOrder(happenings: readonly Happening[]): TimelineEntry[] {
  const rank = (h: Happening): number => TIMELINE_KINDS.indexOf(h.kind);
  return happenings
    .toSorted((a, b) => a.at - b.at || rank(a) - rank(b))
    .map(({ at, ...rest }, i) => ({ n: i + 1, at: new Date(at).toISOString(), ...rest }));
}

/** Calls, reports of the people inside and steps, as the timeline has them. */
export function toldOf(record: Pick<RescueRecord, 'calls' | 'people' | 'steps'>): Happening[] {
  const words = (parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join('; ');
  return [
    ...record.calls.map((k): Happening => ({
      at: k.at,
      kind: 'call',
      code: `${k.party}/${k.outcome}`,
      who: k.byName,
      text: words([k.number, k.note]),
    })),
    ...record.people.map((p): Happening => ({
      at: p.at,
      kind: 'people',
      code: `count=${p.count ?? '?'} elderly=${p.elderly ?? '?'} children=${p.children ?? '?'} unwell=${p.unwell ?? '?'}`,
      who: p.byName,
      text: p.note ?? '',
    })),
    ...record.steps.map((s): Happening => ({
      at: s.at,
      kind: 'step',
      code: s.step,
      who: s.byName,
      text: words([s.condition, s.note]),
    })),
  ];
}

export interface PointSamples {
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly unit: string;
  /** In order of time; the value that stood before the window first. */
  readonly samples: readonly RecordedSample[];
}

/** What changed on each point: a sample that only repeats value and quality says nothing new, and is counted. */
export function changesOf(points: readonly PointSamples[]): { happenings: Happening[]; repeats: number } {
  const happenings: Happening[] = [];
  let repeats = 0;
  for (const { id, name, unit, samples } of points) {
    let last: RecordedSample | undefined;
    for (const sample of samples) {
      if (last !== undefined && last.value === sample.value && last.quality === sample.quality) {
        repeats += 1;
        continue;
      }
      last = sample;
      happenings.push({
        at: sample.t,
        kind: 'telemetry',
        code: id,
        who: '',
        text: `${name.zh} / ${name.en}`,
        value: sample.value,
        unit,
        quality: sample.quality,
      });
    }
  }
  return { happenings, repeats };
}

/** The file of a timeline as JSON: canonical, so that the same timeline is always the same bytes. */
export const timelineJson = (timeline: RescueTimeline): string => canonicalJson(timeline);

const COLUMNS = ['n', 'at', 'kind', 'code', 'who', 'text', 'value', 'unit', 'quality'] as const;
/** The same as a table for spreadsheets: byte-order mark, commas, CRLF. */
export function timelineCsv(timeline: RescueTimeline): string {
  return csvOf(
    COLUMNS,
    timeline.entries.map((entry) => COLUMNS.map((column) => entry[column])),
  );
}
