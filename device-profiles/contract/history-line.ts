// How a sample lies in InfluxDB: the names of measurement, tags and fields, and the one line-protocol line of a sample.
// The gateway's history writer builds these lines, the hub's history reader queries by the same names.
import { DEVICE_KINDS, type DeviceKind } from './profile.ts';
import { QUALITIES, type Quality, type Value } from './point.ts';

/**
 * Names in history. The measurement is the device kind. Tag `building` is absent where the site names none (line
 * protocol has no empty tag). Each field keeps one type for ever: `num` float (booleans and enums as numbers), `text`
 * string, `quality` integer (index in QUALITIES). A sample without a value has `quality` alone.
 */
export const HISTORY = {
  measurements: DEVICE_KINDS,
  tags: { community: 'community', building: 'building', device: 'device', point: 'point' },
  fields: { num: 'num', text: 'text', quality: 'quality' },
} as const;

/** Value of the tag `device`: unique over all gateways, the same id the hub's API uses. */
export const historyDevice = (gateway: string, device: string): string => `${gateway}.${device}`;

export interface HistorySeries {
  readonly kind: DeviceKind;
  readonly community: string;
  readonly building?: string | undefined;
  readonly gateway: string;
  readonly device: string;
  readonly point: string;
}

// Tag values end at comma, space and equals sign; a line ends at a newline, and a trailing backslash would escape the
// separator after it. Newlines have no escape in line protocol, so they become spaces, backslashes become slashes.
const escapeTag = (s: string): string =>
  s
    .replace(/[\r\n]+/g, ' ')
    .replace(/\\/g, '/')
    .replace(/[, =]/g, '\\$&');
const escapeString = (s: string): string => s.replace(/[\r\n]+/g, ' ').replace(/["\\]/g, '\\$&');

/** What a tag value reads back as: the stored form of any id with the characters line protocol cannot carry replaced. */
export const historyTagValue = (s: string): string => s.replace(/[\r\n]+/g, ' ').replace(/\\/g, '/');

/** Everything of a line up to the fields, with its trailing space. Prepared once per point. */
export function historyPrefix(s: HistorySeries): string {
  const { tags } = HISTORY;
  const building = s.building ? `,${tags.building}=${escapeTag(s.building)}` : '';
  const device = escapeTag(historyDevice(s.gateway, s.device));
  return `${s.kind}${building},${tags.community}=${escapeTag(s.community)},${tags.device}=${device},${tags.point}=${escapeTag(s.point)} `;
}

/** Nanoseconds of a sample as decimal text: ms · 10⁶ + (n mod 10⁶), so that equal milliseconds stay apart. */
export function historyTime(sourceTime: number, n: number): string {
  const ms = Math.trunc(sourceTime);
  // Text, since the product is past 2⁵³; year 1970 itself has no trailing part to pad to.
  return ms <= 0 ? String(n % 1_000_000) : `${ms}${String(n % 1_000_000).padStart(6, '0')}`;
}

export interface HistoryValue {
  readonly value: Value;
  readonly quality: Quality;
  /** ms since 1970 UTC, ≥ 0. */
  readonly sourceTime: number;
  readonly n: number;
}

/** One line without its newline. A number that is not finite is stored as no value. */
export function historyLine(prefix: string, s: HistoryValue): string {
  const { fields } = HISTORY;
  const quality = `${fields.quality}=${QUALITIES.indexOf(s.quality)}i`;
  const time = historyTime(s.sourceTime, s.n);
  if (typeof s.value === 'number' && Number.isFinite(s.value))
    return `${prefix}${fields.num}=${s.value},${quality} ${time}`;
  if (typeof s.value === 'string') return `${prefix}${quality},${fields.text}="${escapeString(s.value)}" ${time}`;
  return `${prefix}${quality} ${time}`;
}
