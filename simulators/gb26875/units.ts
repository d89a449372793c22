// Data units of GB/T 26875.3-2011, chapter 8, as a transmission device fills them, from the standard's tables read a
// second time: the codes here are numbers of their own and none is the gateway's.
import type { LinkedPanel, Operation, Part, PartState, TransmissionState } from '../models/transmission.ts';
import { timeBytes, UNIT_MAX } from './frame.ts';
import { textBytes } from './text.ts';

/** Type flags (table 4). */
export const FLAG = {
  systemStatus: 1,
  partStatus: 2,
  analog: 3,
  operation: 4,
  systemVersion: 5,
  systemConfig: 6,
  partConfig: 7,
  systemClock: 8,
  deviceStatus: 21,
  deviceOperation: 24,
  deviceVersion: 25,
  deviceConfig: 26,
  deviceClock: 28,
  readSystemStatus: 61,
  readPartStatus: 62,
  readAnalog: 63,
  readOperations: 64,
  readSystemVersion: 65,
  readSystemConfig: 66,
  readPartConfig: 67,
  readSystemClock: 68,
  readDeviceStatus: 81,
  readDeviceOperations: 84,
  readDeviceVersion: 85,
  readDeviceConfig: 86,
  readDeviceClock: 88,
  initialise: 89,
  setClock: 90,
  dutyCheck: 91,
} as const;

const TEXT_BYTES = 31;
/** One count of the two quantities that the garage measures: 0.1 kPa, 0.01 m (table 7). */
const QUANTITY = { pressure: { code: 5, perUnit: 10_000 }, level: { code: 2, perUnit: 100 } } as const;
/** Objects of 46 bytes that fit behind flag and count. */
export const PARTS_PER_UNIT = Math.floor((UNIT_MAX - 2) / 46);

const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const bits = (...set: readonly boolean[]): number => set.reduce((all, on, k) => (on ? all | (1 << k) : all), 0);

/** Bit 0 is "in service": like most senders this one clears it while anything else is set. */
const inService = (others: number): number => (others === 0 ? 1 : others);

export function partBits(p: PartState): number {
  return inService(
    bits(false, p.fire, p.fault, p.shielded, p.supervisory, p.started, p.feedback, p.delayed, p.powerFault),
  );
}

export function systemBits(panel: LinkedPanel): number {
  const any = (what: keyof PartState): boolean => [...panel.parts.values()].some((p) => p[what]);
  return inService(
    bits(
      false,
      any('fire'),
      any('fault'),
      any('shielded'),
      any('supervisory'),
      any('started'),
      any('feedback'),
      any('delayed'),
      panel.mainsLost,
      panel.batteryLow,
      false,
      panel.manual,
    ),
  );
}

export function deviceBits(s: TransmissionState): number {
  const panels = [...s.panels.values()];
  const fire = panels.some((p) => [...p.parts.values()].some((x) => x.fire));
  return inService(bits(false, fire, false, s.mainsLost, s.batteryLow));
}

const KEY_BIT: Readonly<Record<Operation['key'], number>> = {
  reset: 0,
  silence: 1,
  'manual-alarm': 2,
  'self-test': 4,
  confirm: 5,
  'duty-answer': 5,
};

type System = Pick<LinkedPanel['shape'], 'system' | 'address'>;
const unit = (flag: number, objects: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([flag, objects.length, ...objects.flat()]);
const systemBytes = ({ system, address }: System): number[] => [system, address];
export const partBytes = (of: System, part: Part): number[] => [
  ...systemBytes(of),
  part.type,
  ...word(part.zone),
  ...word(part.number),
];

export const systemStatus = (panel: LinkedPanel, at: number): Uint8Array =>
  unit(FLAG.systemStatus, [[...systemBytes(panel.shape), ...word(systemBits(panel)), ...timeBytes(at)]]);

export interface PartReport {
  readonly of: System;
  readonly part: Part;
  readonly state: PartState;
}
export const partStatus = (reports: readonly PartReport[], at: number): Uint8Array =>
  unit(
    FLAG.partStatus,
    reports.map(({ of, part, state }) => [
      ...partBytes(of, part),
      ...word(partBits(state)),
      ...textBytes(part.text, TEXT_BYTES),
      ...timeBytes(at),
    ]),
  );

/** @param value MPa or m */
export function analog(of: System, part: Part, value: number, at: number): Uint8Array {
  const { code, perUnit } = QUANTITY[part.measures ?? 'level'];
  return unit(FLAG.analog, [[...partBytes(of, part), code, ...word(Math.round(value * perUnit)), ...timeBytes(at)]]);
}

export interface Pressed {
  readonly of: System | undefined;
  readonly key: Operation['key'];
  readonly operator: number;
  readonly at: number;
}
/** Keys pressed, all of one panel or all of the device. */
export const operations = (of: System | undefined, pressed: readonly Pressed[]): Uint8Array =>
  unit(
    of ? FLAG.operation : FLAG.deviceOperation,
    pressed.map(({ key, operator, at }) => [
      ...(of ? systemBytes(of) : []),
      1 << KEY_BIT[key],
      operator,
      ...timeBytes(at),
    ]),
  );

export const deviceStatus = (s: TransmissionState, at: number): Uint8Array =>
  unit(FLAG.deviceStatus, [[deviceBits(s), ...timeBytes(at)]]);
export const clock = (of: System | undefined, at: number): Uint8Array =>
  unit(of ? FLAG.systemClock : FLAG.deviceClock, [[...(of ? systemBytes(of) : []), ...timeBytes(at)]]);
export const version = (of: System | undefined): Uint8Array =>
  unit(of ? FLAG.systemVersion : FLAG.deviceVersion, [[...(of ? systemBytes(of) : []), 1, 0]]);

const CONFIG_BYTES = 60;
export function config(of: System | undefined, text: string): Uint8Array {
  const said = textBytes(text, CONFIG_BYTES);
  const length = said.indexOf(0) === -1 ? said.length : said.indexOf(0);
  return unit(of ? FLAG.systemConfig : FLAG.deviceConfig, [
    [...(of ? systemBytes(of) : []), length, ...said.subarray(0, length)],
  ]);
}
export const partConfig = (of: System, part: Part): Uint8Array =>
  unit(FLAG.partConfig, [[...partBytes(of, part), ...textBytes(part.text, TEXT_BYTES)]]);
