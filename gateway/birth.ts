// What the gateway tells the hub about itself before any value: devices, points with their index, models with their
// signals, and the state of everything at that moment.
import { createHash } from 'node:crypto';
import {
  encodeBirth,
  toColumns,
  WIRE_LIMITS,
  WIRE_VERSION,
  type Birth,
  type BirthDevice,
  type BirthModel,
  type BirthPoint,
  type Sample,
  type Timebase,
} from '../device-profiles/contract/wire.ts';
import type { DeviceModel, ModelPoint } from '../device-profiles/contract/profile.ts';
import type { SiteDevice } from './drivers/driver.ts';
import { expectedMs, REPORT_LIMITS } from './report.ts';

/** The part of a birth that is the same as long as the site file and the profiles are. */
export interface PointIndex {
  /** SHA-256 of devices and models, hex, first 32 digits: names the index in every batch. */
  readonly id: string;
  readonly devices: readonly BirthDevice[];
  readonly models: readonly BirthModel[];
}

/** Numbers the points of all devices in their order; `base` of a device is the sum of the points before it. */
export function pointIndex(devices: readonly SiteDevice[]): PointIndex {
  let base = 0;
  const described = devices.map((device) => {
    const born = birthDevice(device, base);
    base += device.model.points.length;
    return born;
  });
  const models = [...new Map(devices.map((d) => [d.model.hash, birthModel(d.model)])).values()];
  const canonical = JSON.stringify({ devices: described, models });
  return { id: createHash('sha256').update(canonical).digest('hex').slice(0, 32), devices: described, models };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
/** Leaves undefined keys out, so that the encoded form and its hash do not depend on them. */
const defined = <T extends object>(o: T): Defined<T> =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Defined<T>;

function birthDevice(d: SiteDevice, base: number): BirthDevice {
  const { id, name, link, unit, building, floor, place, model } = d;
  const points = model.points.map((p, k) => birthPoint(d, p, base + k));
  const head = { id, kind: model.kind, profile: model.profile, model: model.hash, link, points };
  return { ...head, ...defined({ name, unit, building, floor, place }) };
}

function birthPoint(d: SiteDevice, p: ModelPoint, i: number): BirthPoint {
  const { id, name, type, lane, unit, building, floor, place, about } = p;
  const template = p.template === p.id ? undefined : p.template;
  const range = pair(p.range);
  const band = pair(p.band);
  const expected = expectedMs(d, p);
  const everyS = expected > REPORT_LIMITS.heartbeatMs ? Math.ceil(expected / 1_000) : undefined;
  const where = { building, floor, place, about };
  const more = defined({ template, unit, range, band, enum: p.enum && { ...p.enum }, ...where, everyS });
  return { i, id, name, type, lane, ...more };
}

const pair = (r: readonly [number, number] | undefined): [number, number] | undefined => r && [r[0], r[1]];

function birthModel(m: DeviceModel): BirthModel {
  const { hash, profile, vendor, model, name, edition, evidence, signals } = m;
  return { hash, profile, vendor, model, name, edition, evidence, signals: [...signals] };
}

export interface BirthState {
  readonly gateway: string;
  readonly community: string;
  readonly epoch: string;
  /** Wall clock, ms. */
  readonly at: number;
  readonly software: string;
  readonly head: { safety: number; telemetry: number };
  readonly writesHistory: boolean;
  readonly timebase?: Timebase;
  /** The last reported state of every point; left out of a birth that only explains an index. */
  readonly snapshot?: readonly Sample[];
}

export function makeBirth(index: PointIndex, state: BirthState): Birth {
  const { snapshot, ...rest } = state;
  const birth: Birth = {
    v: WIRE_VERSION,
    ...rest,
    heartbeatS: REPORT_LIMITS.heartbeatMs / 1_000,
    birth: index.id,
    devices: [...index.devices],
    models: [...index.models],
  };
  if (!snapshot) return birth;
  const t0 = state.at;
  const n0 = snapshot.reduce((n, s) => Math.max(n, s.n), 0);
  return { ...birth, snapshot: { t0, n0, columns: toColumns(snapshot, t0, n0) } };
}

/** The bytes kept beside the spool, by which batches of this index can always be explained. */
export const encodeIndex = (index: PointIndex, state: Omit<BirthState, 'snapshot'>): Buffer =>
  encodeBirth(makeBirth(index, state));

/** What a birth that only explains an index says beside it. */
export type Born = Pick<BirthState, 'gateway' | 'community' | 'software' | 'writesHistory'>;

/** The bytes of an index as they are kept beside the spool. */
export const indexBytes = (index: PointIndex, born: Born, at: number): Buffer =>
  encodeIndex(index, { ...born, epoch: '0'.repeat(32), at, head: { safety: 0, telemetry: 0 } });

/** Bytes that the snapshot of a birth adds for each point, at most. */
const SNAPSHOT_POINT_BYTES = 50;

/** Why a gateway can't announce this index with the state of every point in one birth; undefined where it can. */
export function tooLarge(
  { devices }: PointIndex,
  bytes: Buffer,
  max: number = WIRE_LIMITS.birthBytes,
): string | undefined {
  const points = devices.reduce((sum, d) => sum + d.points.length, 0);
  if (bytes.length + points * SNAPSHOT_POINT_BYTES <= max) return undefined;
  return `${points} points are more than one gateway can announce (${max} bytes)`;
}
