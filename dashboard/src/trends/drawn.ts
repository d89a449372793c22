// What the trends screen draws of a reply: lines by unit, states as blocks, which alarms are whose. Pure.
import type { TrendAlarm, TrendLine, TrendReply } from '../../../hub/read/trends/contract.ts';
import type { Key, Words } from '../app/words.ts';
import { isState } from '../devices/quality.ts';
import { formatNumber, seriesOf, type Series } from '../devices/series.ts';
import { barsOf, type Bar } from './bars.ts';
import { badOf, readOut, type Stretch } from './view.ts';

interface Speech {
  readonly words: (words: Words) => string;
  readonly t: (key: Key) => string;
}

interface Common {
  /** Its place among all that are shown: which look it has. */
  readonly index: number;
  readonly of: TrendLine;
  readonly unit: string;
}
export interface Quantity extends Common {
  readonly kind: 'quantity';
  readonly series: Series;
  readonly bad: readonly Stretch[];
}
export interface State extends Common {
  readonly kind: 'state';
  readonly bars: readonly Bar[];
}
export type Drawn = Quantity | State;

export function drawnOf(reply: TrendReply): Drawn[] {
  const { widthMs, from, to } = reply;
  return reply.lines.map((of, index): Drawn => {
    const { buckets, unit } = of;
    if (isState(of))
      return { kind: 'state', index, of, unit, bars: barsOf({ widthMs, buckets }, Date.parse(reply.asOf)) };
    const series = seriesOf({ widthMs, from, to, buckets });
    return { kind: 'quantity', index, of, unit, series, bad: badOf({ widthMs, buckets }) };
  });
}

export const isQuantity = (one: Drawn): one is Quantity => one.kind === 'quantity';
export const isStates = (one: Drawn): one is State => one.kind === 'state';

/** Alarms of the points that are shown; the others are of the same devices. */
export const isOwn = (alarm: TrendAlarm, lines: readonly TrendLine[]): boolean =>
  lines.some((line) => line.device === alarm.device && line.point === alarm.point);

/** A state in words: its own, yes or no of a switch, or the bare number; several as what it went between. */
export function stateText(of: Pick<TrendLine, 'type' | 'enum'>, bar: Bar, { words, t }: Speech): string {
  const one = (value: number): string => {
    const own = of.enum?.[String(value)];
    if (own) return words(own);
    if (of.type === 'bool' && (value === 0 || value === 1)) return t(value === 1 ? 'ui.trends.yes' : 'ui.trends.no');
    return formatNumber(value);
  };
  return bar.state === null ? `${one(bar.low)} ⇄ ${one(bar.high)}` : one(bar.state);
}

/** What a quantity was at an instant, with its unit; null where nobody knows. */
export function quantityText(of: TrendLine, widthMs: number, at: number): string | null {
  const found = readOut({ widthMs, buckets: of.buckets }, at);
  if (!found) return null;
  const mean = `${formatNumber(found.mean)} ${of.unit}`.trim();
  const span = found.min === found.max ? '' : ` (${formatNumber(found.min)}–${formatNumber(found.max)})`;
  return `${found.doubt ? '? ' : ''}${mean}${span}`;
}
