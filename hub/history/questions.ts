// What both stores check and count alike, whatever answers the question.
import { HistoryError, type PointRef, type Range, type RawPage, type RecordedSample, type StateRuns } from './api.ts';
import { StateClock } from './states.ts';

/** @throws HistoryError `too-much` */
export function checkPoints(points: readonly PointRef[], max: number): void {
  if (points.length > max) throw new HistoryError('too-much', `${points.length} points in one query, at most ${max}`);
}

/** Size of a page: as asked, or the largest. @throws HistoryError `invalid` */
export function pageLimit(limit: number | undefined, max: number): number {
  const asked = limit ?? max;
  if (!Number.isInteger(asked) || asked < 1 || asked > max)
    throw new HistoryError('invalid', `a page of ${asked} samples: 1 to ${max} are possible`);
  return asked;
}

export type SamplePage = Pick<RawPage, 'samples' | 'next'>;

export interface StateQuestion {
  readonly range: Range;
  readonly holdMs: number;
  readonly before: RecordedSample | null;
  /** Most samples it may walk. */
  readonly samplesMax: number;
  /** Most stretches it lists; 0: only durations are wanted. */
  readonly runsMax?: number;
}

/** Walks the pages of a range and adds up the time in each state. @throws HistoryError `too-much`, `invalid` */
export async function collectStates(
  { range, holdMs, before, samplesMax, runsMax = 0 }: StateQuestion,
  page: (cursor: string | null) => Promise<SamplePage>,
): Promise<StateRuns> {
  if (!Number.isInteger(holdMs) || holdMs < 1) throw new HistoryError('invalid', `a hold time of ${holdMs} ms`);
  const clock = new StateClock(range, holdMs, before, runsMax);
  let walked = 0;
  let cursor: string | null = null;
  do {
    const { samples, next }: SamplePage = await page(cursor);
    walked += samples.length;
    if (walked > samplesMax)
      throw new HistoryError('too-much', `more than ${samplesMax} samples in the range; ask for a shorter one`);
    for (const sample of samples) clock.add(sample);
    cursor = next;
  } while (cursor !== null);
  return { ...clock.end(), ...clock.listed() };
}
