// Simulated devices as register maps. Every address comes from the manual that the device's profile names; the map is
// written here a second time, from the manual, so that a slip in the profile shows as a wrong value on the screen.
import type { Table } from '../device-profiles/contract/point.ts';
import type { ModbusException, SimulatedUnit } from './modbus-server.ts';
import { floorNumber, inDoorZone, type ElevatorShape, type ElevatorState } from './models/elevator.ts';
import type { PanelPoint, PanelState } from './models/fire-panel.ts';
import type { WaterState } from './models/water.ts';

/** Bus addresses in the pump room. */
export const PUMP_ROOM_UNITS = { outlet: 1, pit: 2, roof: 3, contacts: 4 } as const;

/** Inputs of one Waveshare module. */
export const CONTACTS_PER_MODULE = 8;

/** A unit that knows each register on its own; an address it does not have is exception 02 for the whole read. */
export class RegisterUnit implements SimulatedUnit {
  readonly #register: (table: Table, address: number) => number | undefined;
  readonly #max: number;
  /** Set by scenarios: the unit answers this instead, or nothing. */
  fault: ModbusException | 'silent' | undefined;

  constructor(register: (table: Table, address: number) => number | undefined, maxRegisters = 125) {
    this.#register = register;
    this.#max = maxRegisters;
  }

  read(table: Table, address: number, count: number): ArrayLike<number> | ModbusException | 'silent' {
    if (this.fault !== undefined) return this.fault;
    const bits = table === 'coil' || table === 'discrete';
    if (!bits && count > this.#max) return 0x03;
    const out = new Uint16Array(count);
    for (let k = 0; k < count; k++) {
      const value = this.#register(table, address + k);
      if (value === undefined) return 0x02;
      out[k] = value & 0xffff;
    }
    return out;
  }
}

/** Notifier MODBUS-GW point word: high byte flags, low byte event while active (LS10015-000NF-E:C2). */
export function notifierWord(p: PanelPoint): number {
  const flags = (p.prealarm ? 1 << 14 : 0) | (p.trouble ? 1 << 13 : 0) | (p.disabled ? 1 << 9 : 1 << 10);
  if (p.fire) return flags | (1 << 11) | 0x10;
  if (p.supervisory) return flags | (1 << 11) | 0x40;
  if (p.active) return flags | (1 << 11) | 0x71;
  return flags | (1 << 12);
}

const NOTIFIER_ABSENT = 0x00ff;
const DETECTORS_PER_LOOP = 159;

/** Ids of panel points: `D{loop}-{n}` and `M{loop}-{n}`. Registers of a loop: detectors at +0, modules at +200. */
export function notifierPanel(panel: () => PanelState, loops: number): RegisterUnit {
  return new RegisterUnit((table, wire) => {
    if (table === 'holding' && wire === 49_500 - 40_001) return panel().silenced ? 1 << 1 : 0;
    const loop = Math.floor(wire / 400) + 1;
    const slot = wire % 400;
    if (table !== 'holding' || loop > loops) return undefined;
    const n = (slot % 200) + 1;
    if (n > DETECTORS_PER_LOOP) return undefined;
    const point = panel().points.get(`${slot < 200 ? 'D' : 'M'}${loop}-${n}`);
    return point ? notifierWord(point) : NOTIFIER_ABSENT;
  }, 100);
}

/** Node-online words of the MODBUS-GW itself: input 35100, node 1 in bit 0 of the first; 35117 = 1 online. */
export function notifierGateway(nodes: () => readonly number[]): RegisterUnit {
  return new RegisterUnit((table, wire) => {
    const printed = wire + 30_001;
    if (table !== 'input' || printed < 35_100 || printed > 35_119) return undefined;
    if (printed === 35_119) return 1;
    if (printed >= 35_116) return 0;
    const first = (printed - 35_100) * 16 + 1;
    return nodes().reduce(
      (word, node) => (node >= first && node < first + 16 ? word | (1 << (node - first)) : word),
      0,
    );
  });
}

/** GST sheet: two bits a device, high bits first; device d is slot d + 1 from register 40031 (gst sheet v2). */
export function gstPanel(panel: () => PanelState, devices: number): RegisterUnit {
  const last = 40_031 + Math.floor((devices + 1) / 8);
  return new RegisterUnit((table, wire) => {
    const printed = wire + 40_001;
    if (table !== 'holding' || printed < 40_031 || printed > last) return undefined;
    let word = 0;
    for (let slot = 0; slot < 8; slot++) {
      const device = (printed - 40_031) * 8 + slot - 1;
      const point = panel().points.get(`${device}`);
      if (point) word |= gstState(point) << (14 - 2 * slot);
    }
    return word;
  });
}

/** 00 normal, 01 fire, 10 fault, 11 disabled: one state a device, fire first. */
const gstState = (p: PanelPoint): number => (p.fire || p.active ? 1 : p.disabled ? 3 : p.trouble ? 2 : 0);

/** Tornatech GPx V2 / Firetrol MARK III+: alarm words 41001 and 41002, nominals 40161–40164 (devices.md 7.9). */
export function tornatechPump(water: () => WaterState): RegisterUnit {
  const words = ['SIM-0001', 'GPx-SIM', 'PACK-01', 'V2.00'].map((text) => Buffer.from(text.padEnd(80)));
  return new RegisterUnit((table, wire) => {
    const printed = wire + 40_001;
    if (table !== 'holding') return undefined;
    if (printed >= 40_001 && printed <= 40_160) {
      const at = printed - 40_001;
      return words[Math.floor(at / 40)]?.readUInt16BE((at % 40) * 2);
    }
    if (printed === 40_161) return 380;
    if (printed === 40_162) return 142;
    if (printed === 40_163) return 1;
    if (printed === 40_164) return 850;
    const s = water();
    if (printed === 41_001) return (s.mains ? 0 : 0b1110) | (s.failedToStart ? 1 << 5 : 0) | (s.mains ? 0 : 1 << 7);
    if (printed === 41_002) return s.pit < 0.5 ? 1 << 3 : 0;
    return undefined;
  });
}

/** Generic RS-485 transmitter, map A: unit code, decimals, int16 value (devices.md 7.6). Value in MPa ÷ 10^decimals. */
export function transmitterA(value: () => number, decimals: number, fullScale: number): RegisterUnit {
  const scaled = (v: number): number => Math.round(v * 10 ** decimals) & 0xffff;
  const fixed = new Map([
    [0, 1],
    [1, 3],
    [2, 0],
    [3, decimals],
    [5, 0],
    [6, scaled(fullScale)],
    [0x0c, 0],
  ]);
  return new RegisterUnit((table, wire) =>
    table !== 'holding' ? undefined : wire === 4 ? scaled(value()) : fixed.get(wire),
  );
}

/** Generic RS-485 transmitter, map B: float32 at 0x0016 and temperature at 0x0026; word order ABCD here. */
export function transmitterB(value: () => number, unitCode: number, temperature: () => number): RegisterUnit {
  const bytes = Buffer.alloc(4);
  const word = (v: number, half: number): number => {
    bytes.writeFloatBE(v);
    return bytes.readUInt16BE(half * 2);
  };
  return new RegisterUnit((table, wire) => {
    if (table !== 'holding') return undefined;
    if (wire === 0x16 || wire === 0x17) return word(value(), wire - 0x16);
    if (wire === 0x26 || wire === 0x27) return word(temperature(), wire - 0x26);
    return new Map([
      [0, 1],
      [1, 3],
      [2, 0],
      [3, unitCode],
      [4, 3],
      [5, 4],
    ]).get(wire);
  });
}

/** INVT CHV180: state 1001H, running values 3000H–3008H, direction 3015H, fault 5000H; at most 16 registers a read. */
export function chv180(car: () => ElevatorState): RegisterUnit {
  return new RegisterUnit((table, wire) => {
    if (table !== 'holding') return undefined;
    const s = car();
    const load = Math.abs(s.speed) / 2.5;
    switch (wire) {
      case 0x1001:
        return s.stuck ? 4 : s.speed > 0 ? 1 : s.speed < 0 ? 2 : 3;
      case 0x3000:
        return Math.round(load * 5_000);
      case 0x3001:
        return Math.round(load * 5_000);
      case 0x3002:
        return s.mains ? 5_380 : 0;
      case 0x3003:
        return Math.round(load * 380);
      case 0x3004:
        return Math.round(load * 240);
      case 0x3005:
        return Math.round(load * 5_000);
      case 0x3006:
        return Math.round(load * 1_440);
      case 0x3007:
        return Math.round(load * 110);
      case 0x3008:
        return Math.round(load * 1_000);
      case 0x3009:
      case 0x300a:
        return 0;
      case 0x3015:
        return s.speed < 0 ? 1 : 0;
      case 0x3016:
        return 0x180;
      case 0x5000:
        return s.stuck ? 17 : 0;
      default:
        return undefined;
    }
  }, 16);
}

/** Dry contacts on a Waveshare 8-input module: discrete inputs from 0. */
export const dryContacts = (inputs: readonly (() => boolean)[]): RegisterUnit =>
  new RegisterUnit((table, wire) =>
    table !== 'discrete' ? undefined : wire < inputs.length ? Number(inputs[wire]?.()) : undefined,
  );

/** What a lift terminal publishes: canonical fields of GB/T 24476 code tables (standards.md 6). */
export function elevatorMessage(
  s: ElevatorState,
  shape: ElevatorShape,
  registration: string,
  now: number,
): Record<string, unknown> {
  return {
    Registration_Code: registration,
    Timestamp: now,
    Service_Mode: !s.mains ? 0 : s.inspection ? 2 : 1,
    Car_Status: s.speed === 0 ? 0 : 1,
    Car_Direction: s.speed > 0 ? 1 : s.speed < 0 ? 2 : 0,
    Door_Zone: inDoorZone(s, shape),
    Car_Position: floorNumber(s, shape),
    Door_Status: s.door === 0 ? 1 : 0,
    Passenger_Status: s.people > 0,
    Run_Count: s.runs,
    Fault: s.stuck ? 4 : 0,
    Alarm: s.button ? 90 : 0,
  };
}

/**
 * MEOKON MK terminal frame V3.0 as a hex string (LS: devices.md 7.1): pressures in 0.001 MPa (type 1), CRC-16/MODBUS
 * high byte first. `records` are cached values, oldest first.
 */
export function meokonFrame(
  frame: {
    readonly id: string;
    readonly battery: number;
    readonly rssi: number;
    readonly intervalS: number;
    readonly alarm: number;
    readonly low: number;
    readonly high: number;
    readonly value: number;
    readonly at: number;
    readonly records: readonly number[];
  },
  crc: (bytes: Uint8Array) => number,
): string {
  const total = 2 + 1 + 2 + 12 + 1 + 1 + 2 + 2 + 1 + 1 + 4 + 2 + 4 + 2 * frame.records.length + 2 + 2;
  const b = Buffer.alloc(total);
  const milli = (v: number): number => Math.max(-32_768, Math.min(32_767, Math.round(v * 1_000)));
  let at = b.writeUInt16BE(0xa55a, 0);
  at = b.writeUInt8(0, at);
  at = b.writeUInt16BE(total, at);
  at += b.write(frame.id.padEnd(12, '0').slice(0, 12), at, 'ascii');
  // Bits 6–5 = 01: on battery only; bits 4–0: charge in steps of 5 %.
  at = b.writeUInt8(0x20 | (Math.round(frame.battery / 5) & 0x1f), at);
  at = b.writeInt8(frame.rssi, at);
  at = b.writeUInt16BE(frame.intervalS, at);
  at = b.writeUInt16BE(frame.records.length, at);
  at = b.writeUInt8(1, at);
  at = b.writeUInt8(frame.alarm, at);
  at = b.writeInt16BE(milli(frame.low), at);
  at = b.writeInt16BE(milli(frame.high), at);
  at = b.writeInt16BE(milli(frame.value), at);
  at = b.writeUInt32BE(Math.floor(frame.at / 1_000), at);
  for (const r of frame.records) at = b.writeInt16BE(milli(r), at);
  at = b.writeUInt16BE(crc(b.subarray(0, at)), at);
  b.writeUInt16BE(0x55aa, at);
  return b.toString('hex');
}
