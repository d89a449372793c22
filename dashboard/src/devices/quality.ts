// How far a value may be believed, for the screen: words' keys and the text of a value.
import type { PointView } from '../../../hub/equipment/contract.ts';
import type { Words } from '../app/words.ts';
import { formatNumber } from './series.ts';

/** Reasons that the catalogue has words for (device-profiles/contract/point.ts REASONS; a test compares). */
export const REASON_WORDS = [
  'not-yet-read',
  'link-down',
  'timeout',
  'exception-01',
  'exception-02',
  'exception-03',
  'exception-04',
  'exception-06',
  'exception-0A',
  'exception-0B',
  'exception-other',
  'short-reply',
  'wrong-unit',
  'crc',
  'silent',
  'device-offline',
  'sentinel',
  'invalid-bit',
  'not-present',
  'out-of-range',
  'nan',
  'unknown-code',
  'payload',
  'missing-field',
  'source-clock',
  'breaker-open',
  'gateway-silent',
  'wrong-map',
  'hub-cannot-store',
  'not-told',
] as const;
export type ReasonWord = (typeof REASON_WORDS)[number];
export const isReason = (reason: string): reason is ReasonWord => (REASON_WORDS as readonly string[]).includes(reason);

type Typed = Pick<PointView, 'type' | 'enum'>;

/** True where the value is a state rather than a quantity: drawn as steps. */
export const isState = (point: Typed): boolean =>
  point.type === 'bool' || point.type === 'enum' || point.enum !== undefined || point.type === 'bits';

/**
 * A value in words or figures. A code that the profile does not know is shown as it is, never dropped; null is a dash.
 */
export function valueText(point: Typed, value: number | string | null, words: (words: Words) => string): string {
  if (value === null) return '—';
  const meaning = point.enum?.[String(value)];
  if (meaning) return words(meaning);
  return typeof value === 'number' ? formatNumber(value) : value;
}
