// What Modbus tests share: a device model made from a few points, and a port that remembers what it was told.
import type { PointType, Reason, Table } from '../../../device-profiles/contract/point.ts';
import { POLL_CLASS_MS } from '../../../device-profiles/contract/point.ts';
import type { DeviceModel, ModbusSection, ModelPoint } from '../../../device-profiles/contract/profile.ts';
import type { DriverPort, GatewayClock, Logger, Reading, SiteDevice } from '../../../gateway/drivers/driver.ts';

export interface PointSpec extends Partial<Omit<ModelPoint, 'id' | 'modbus'>> {
  readonly id: string;
  readonly table?: Table;
  readonly address: number;
  readonly length?: number;
  readonly bits?: readonly [number, number];
}

const lengthOf = (type: PointType): number => (type.endsWith('64') ? 4 : type.endsWith('32') ? 2 : 1);

export function point(spec: PointSpec): ModelPoint {
  const { id, table = 'holding', address, length, bits, ...rest } = spec;
  const type = rest.type ?? (table === 'coil' || table === 'discrete' ? 'bool' : 'uint16');
  return {
    template: id,
    name: { zh: id, en: id },
    lane: 'telemetry',
    poll: 'fast',
    ...rest,
    id,
    type,
    modbus: { table, address, length: length ?? lengthOf(type), wordOrder: 'ABCD', ...(bits && { bits }) },
  };
}

/** Registers `from`…`to` as uint16 points r<address>. */
export const registers = (from: number, to: number, more: Partial<PointSpec> = {}): ModelPoint[] =>
  Array.from({ length: to - from + 1 }, (_, i) => point({ ...more, id: `r${from + i}`, address: from + i }));

let models = 0;

export function model(points: readonly ModelPoint[], modbus: Partial<ModbusSection> = {}): DeviceModel {
  return {
    hash: `model-${++models}`,
    profile: 'io/test',
    kind: 'io-module',
    vendor: 'test',
    model: 'test',
    name: { zh: '测试', en: 'test' },
    edition: '1',
    evidence: 'A',
    modbus: { addressBase: 0, ...modbus },
    points,
    signals: [],
  };
}

export const device = (id: string, deviceModel: DeviceModel, unit = 1, link = 'bus'): SiteDevice => ({
  id,
  link,
  unit,
  vars: {},
  model: deviceModel,
  pollMs: POLL_CLASS_MS,
});

/** Poll intervals short enough for a test. */
export const quick = (d: SiteDevice, ms = 50): SiteDevice => ({
  ...d,
  pollMs: { safety: ms, fast: ms, normal: ms, slow: ms },
});

export const realClock: GatewayClock = { now: () => Date.now(), monotonic: () => performance.now() };

export interface Taken extends Reading {
  readonly device: string;
  readonly id: string;
  readonly at: number;
}

/** A port that keeps everything in memory. */
export class RecordingPort implements DriverPort {
  readonly clock: GatewayClock = realClock;
  readonly taken: Taken[] = [];
  readonly accepts: { readonly device: string; readonly count: number }[] = [];
  readonly onlines: { readonly device: string; readonly online: boolean; readonly reason: Reason }[] = [];
  readonly links: { readonly link: string; readonly reason: string }[] = [];
  readonly logged: { readonly level: string; readonly message: string; readonly context: object }[] = [];
  /** How often a point was said to be as it was, by device/point id. */
  readonly freshened = new Map<string, number>();
  readonly log: Logger;

  constructor() {
    const at =
      (level: string) =>
      (context: object, message: string): void =>
        void this.logged.push({ level, message, context });
    this.log = { info: at('info'), warn: at('warn'), error: at('error'), debug: at('debug') };
  }

  async accept(d: SiteDevice, readings: readonly Reading[], receivedTime: number): Promise<void> {
    this.accepts.push({ device: d.id, count: readings.length });
    for (const r of readings)
      this.taken.push({ ...r, device: d.id, id: d.model.points[r.point]?.id ?? '?', at: receivedTime });
  }

  async replace(): Promise<void> {
    throw new Error('no Modbus device tells of points of its own');
  }

  async online(d: SiteDevice, online: boolean, reason: Reason): Promise<void> {
    this.onlines.push({ device: d.id, online, reason });
  }

  fresh(d: SiteDevice, points: ArrayLike<number>): void {
    for (const index of Array.from(points)) {
      const key = `${d.id}/${d.model.points[index]?.id}`;
      this.freshened.set(key, (this.freshened.get(key) ?? 0) + 1);
    }
  }

  link(link: string, reason: Reason | ''): void {
    this.links.push({ link, reason });
  }

  /** The last reading of a point. */
  last(id: string, deviceId = 'd1'): Taken | undefined {
    return this.taken.findLast((t) => t.id === id && t.device === deviceId);
  }

  /** The last word on whether a device is heard: 'online', 'offline' with its reason, or 'unknown'. */
  state(deviceId = 'd1'): string {
    const last = this.onlines.findLast((o) => o.device === deviceId);
    return last ? (last.online ? 'online' : `offline ${last.reason}`) : 'unknown';
  }
}
