// A profile against a device that is there: the driver itself polls it for a while, and each point is told with what it
// is, or why it is nothing and what that often means.
import type { Reason } from '../../device-profiles/contract/point.ts';
import { WORD_ORDERS } from '../../device-profiles/contract/point.ts';
import type { DeviceModel, ModelPoint } from '../../device-profiles/contract/profile.ts';
import { decodePoint } from '../decode.ts';
import type { DriverPort, GatewayClock, Logger, Reading, SiteDevice } from '../drivers/driver.ts';
import { modbusDriver, type ModbusLink } from '../drivers/modbus.ts';
import { readRange, type Reader } from './reader.ts';

export interface TriedPoint {
  readonly point: ModelPoint;
  /** Undefined when nothing was heard of it in time. */
  readonly reading: Reading | undefined;
}

export interface Tried {
  /** '' when the device was heard, else why not; undefined when it was not known in time. */
  readonly offline: Reason | undefined;
  readonly points: readonly TriedPoint[];
}

export interface TryOptions {
  readonly link: ModbusLink;
  readonly device: SiteDevice;
  readonly clock: GatewayClock;
  readonly log: Logger;
  /** How long at most, ms. */
  readonly forMs: number;
}

/** Polls until every point has been heard of, or the time is over. */
export async function tryDevice({ link, device, clock, log, forMs }: TryOptions): Promise<Tried> {
  const readings = new Map<number, Reading>();
  const wanted = device.model.points.flatMap((p, k) => (p.modbus ? [k] : []));
  let offline: Reason | undefined;
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  const port: DriverPort = {
    clock,
    log,
    accept: (_, heard) => {
      for (const reading of heard) readings.set(reading.point, reading);
      if (offline === '' && wanted.every((k) => readings.has(k))) finish();
      return Promise.resolve();
    },
    online: (_, online, reason) => {
      offline = online ? '' : reason;
      return Promise.resolve();
    },
    fresh: () => undefined,
    replace: () => Promise.reject(new Error('the points of a Modbus device are fixed')),
    link: () => undefined,
  };
  const driver = modbusDriver({ links: [link], devices: [device], port });
  const timer = setTimeout(() => finish(), forMs);
  try {
    await driver.start();
    await done;
  } finally {
    clearTimeout(timer);
    await driver.stop();
  }
  return { offline, points: wanted.flatMap((k) => pointOf(device.model, k, readings)) };
}

function pointOf(model: DeviceModel, k: number, readings: ReadonlyMap<number, Reading>): TriedPoint[] {
  const point = model.points[k];
  return point ? [{ point, reading: readings.get(k) }] : [];
}

/** What a reason often means when a profile is new, for the one who has to find out. */
const ADVICE: Partial<Record<Reason, string>> = {
  'exception-01': 'the device does not know this function: the point may be in another table',
  'exception-02': 'the device has nothing there: another edition, or addressBase is off by one',
  'exception-03': 'the device refuses the length: maxRegisters may be smaller',
  'exception-04': 'the device failed while answering: its log may say why',
  'exception-0A': 'the gateway of the bus has no such unit configured',
  'exception-0B': 'the gateway of the bus gets no answer from that unit',
  timeout: 'nobody answers: unit, baud, parity, wiring',
  'link-down': 'no connection: address, port, or another master holds the only one',
  'wrong-unit': 'another unit answers: two devices may have one address',
  crc: 'damaged frames: baud, parity, stop bits, wiring, termination',
  'wrong-map': 'a register with fixed content holds something else: not this device or edition',
  nan: 'no number: type or word order may be another',
  'out-of-range': 'beyond the profile’s range: scale, type or word order may be another',
  'unknown-code': 'a code the profile does not know: another edition',
  'invalid-bit': 'the device itself says that this value is not valid',
  sentinel: 'the device’s own mark for no value: nothing may be mounted there',
};
export const adviceOf = (reason: Reason): string => ADVICE[reason] ?? '';

/**
 * Word orders in which a point that can't be believed as it is would lie within its range. Reads its registers anew.
 * @returns the order and the value, for each order that would do
 */
export async function otherOrders(
  reader: Pick<Reader, 'read'>,
  unit: number,
  model: DeviceModel,
  point: ModelPoint,
): Promise<readonly { readonly order: string; readonly value: number | string }[]> {
  const at = point.modbus;
  if (at === undefined || at.length < 2 || point.type === 'string') return [];
  const words = await readRange(reader, { unit, table: at.table, address: at.address, count: at.length });
  return WORD_ORDERS.flatMap((order) => {
    if (order === at.wordOrder) return [];
    const other = { ...point, modbus: { ...at, wordOrder: order } };
    const points = model.points.map((p) => (p === point ? other : p));
    const { quality, value } = decodePoint(
      other,
      (table, address) => {
        const word = table === at.table ? words[address - at.address] : undefined;
        return typeof word === 'number' ? word : undefined;
      },
      { ...model, points },
    );
    return quality === 'good' && value !== null ? [{ order, value }] : [];
  });
}
