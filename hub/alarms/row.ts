// An alarm as it is stored, and what screens and other domains see of it. Pure.
import { CLASS_RANK, type AlarmClass, type Latch } from '../../device-profiles/contract/signal.ts';
import type { Truth } from '../../device-profiles/contract/conditions.ts';
import type { Text, Value } from '../../device-profiles/contract/point.ts';
import type { AlarmFact } from '../events/api.ts';
import type { AlarmState, AlarmView, VERDICTS } from './contract.ts';
import { begin, type Episode, type Mode } from './machine.ts';

/** Who did something to an alarm, when. Times of acts are ISO 8601 in UTC, as they stand in jsonb. */
export interface Act {
  readonly by: string;
  readonly name: string;
  readonly at: string;
}

/** A row of alarms.alarm; names are those of its columns, times are ms. */
export interface AlarmRow {
  readonly id: string;
  readonly community: string;
  readonly gateway: string;
  readonly device: string;
  readonly device_kind: string;
  readonly device_name: Text;
  readonly point: string;
  readonly point_name: Text;
  readonly signal: string;
  readonly class: AlarmClass;
  readonly rank: number;
  readonly text: Text;
  readonly advice: Text | null;
  readonly latch: Latch;
  readonly state: AlarmState;
  readonly condition: Truth;
  readonly active: boolean;
  readonly latched: boolean;
  readonly reset_at: number | null;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly raised_at: number;
  readonly received_at: number;
  readonly cleared_at: number | null;
  readonly closed_at: number | null;
  readonly recurrences: number;
  readonly value: Value;
  readonly mode: Mode | null;
  readonly raised_mode: Mode | null;
  readonly proved: boolean;
  readonly incident: string | null;
  readonly acked: (Act & { readonly note?: string }) | null;
  readonly verdict: (Act & { readonly verdict: (typeof VERDICTS)[number]; readonly note: string }) | null;
  readonly shelved: (Act & { readonly until: string; readonly reason: string }) | null;
  readonly closed: (Act & { readonly note?: string }) | null;
  readonly n: number | null;
  readonly seq: number;
}

/** What a raised signal says of itself and of where it stands. */
export interface Raised {
  readonly community: string;
  readonly gateway: string;
  readonly device: string;
  readonly deviceKind: string;
  readonly deviceName: Text;
  readonly point: string;
  readonly pointName: Text;
  readonly signal: string;
  readonly class: AlarmClass;
  readonly latch: Latch;
  readonly text: Text;
  readonly advice: Text | undefined;
  readonly building: string | undefined;
  readonly floor: number | undefined;
  readonly place: string | undefined;
  readonly proved: boolean;
  readonly value: Value;
  readonly n: number | null;
  /** The device's or gateway's time, ms. */
  readonly at: number;
}

/** PostgreSQL's text holds every character but NUL. */
const storable = (v: Value): Value => (typeof v === 'string' ? v.replaceAll('\0', '\uFFFD') : v);

export function newRow(id: string, of: Raised, mode: Mode | null, now: number): AlarmRow {
  const { episode } = begin({ class: of.class, latch: of.latch, mode });
  return {
    id,
    community: of.community,
    gateway: of.gateway,
    device: of.device,
    device_kind: of.deviceKind,
    device_name: of.deviceName,
    point: of.point,
    point_name: of.pointName,
    signal: of.signal,
    class: of.class,
    rank: CLASS_RANK[of.class],
    text: of.text,
    advice: of.advice ?? null,
    latch: of.latch,
    condition: 'true',
    building: of.building ?? null,
    floor: of.floor ?? null,
    place: of.place ?? null,
    raised_at: of.at,
    received_at: now,
    cleared_at: null,
    closed_at: null,
    value: storable(of.value),
    raised_mode: mode,
    proved: of.proved,
    incident: null,
    acked: null,
    verdict: null,
    shelved: null,
    closed: null,
    n: of.n,
    seq: 0,
    ...episodeColumns(episode),
  };
}

export const episodeOf = (r: AlarmRow): Episode => ({
  state: r.state,
  class: r.class,
  latch: r.latch,
  active: r.active,
  latched: r.latched,
  resetAt: r.reset_at,
  recurrences: r.recurrences,
  mode: r.mode,
});

export const episodeColumns = (
  e: Episode,
): Pick<AlarmRow, 'state' | 'active' | 'latched' | 'reset_at' | 'recurrences' | 'mode'> => ({
  state: e.state,
  active: e.active,
  latched: e.latched,
  reset_at: e.resetAt,
  recurrences: e.recurrences,
  mode: e.mode,
});

/** Point and signal that an alarm stands on. */
export const keyOf = (device: string, point: string, signal: string): string => `${device}\n${point}\n${signal}`;

const iso = (ms: number): string => new Date(ms).toISOString();

export function viewOf(r: AlarmRow, workOrder: string | null): AlarmView {
  return {
    id: r.id,
    device: r.device,
    deviceName: r.device_name,
    deviceKind: r.device_kind,
    point: r.point,
    pointName: r.point_name,
    signal: r.signal,
    class: r.class,
    rank: r.rank,
    text: r.text,
    ...(r.advice === null ? {} : { advice: r.advice }),
    state: r.state,
    condition: r.condition,
    ...(r.building === null ? {} : { building: r.building }),
    ...(r.floor === null ? {} : { floor: r.floor }),
    ...(r.place === null ? {} : { place: r.place }),
    raisedAt: iso(r.raised_at),
    receivedAt: iso(r.received_at),
    ...(r.cleared_at === null ? {} : { clearedAt: iso(r.cleared_at) }),
    ...(r.closed_at === null ? {} : { closedAt: iso(r.closed_at) }),
    ...(r.acked === null ? {} : { acked: { by: r.acked.by, name: r.acked.name, at: r.acked.at } }),
    ...(r.verdict === null ? {} : { verdict: r.verdict }),
    ...(r.shelved === null ? {} : { shelved: r.shelved }),
    recurrences: r.recurrences,
    value: r.value,
    ...((r.mode ?? r.raised_mode) === null ? {} : { mode: r.mode ?? r.raised_mode ?? 'drill' }),
    proved: r.proved,
    ...(r.incident === null ? {} : { incident: r.incident }),
    workOrder,
    seq: r.seq,
  };
}

export function factOf(r: AlarmRow, at: number): AlarmFact {
  return {
    alarm: r.id,
    community: r.community,
    device: r.device,
    deviceKind: r.device_kind,
    point: r.point,
    deviceName: r.device_name,
    pointName: r.point_name,
    signal: r.signal,
    class: r.class,
    text: r.text,
    ...(r.building === null ? {} : { building: r.building }),
    ...(r.floor === null ? {} : { floor: r.floor }),
    ...(r.place === null ? {} : { place: r.place }),
    at,
    ...(r.mode === null ? {} : { mode: r.mode }),
  };
}
