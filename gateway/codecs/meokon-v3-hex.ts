// Codec `meokon-v3-hex`: frame of the MEOKON MK wireless terminal, protocol V3.0, as a hex string (device-profiles
// reference: start mark, command, length, id, power, signal, interval, records, CRC-16/MODBUS high byte first, end mark).
import type { CODEC_FIELDS } from '../../device-profiles/contract/profile.ts';
import type { FieldLookup, FieldValue } from '../decode.ts';
import { crc16 } from '../modbus/crc16.ts';
import { MESSAGE_LIMITS, broken, foreign, type CodecResult } from './codec.ts';

type Field = keyof (typeof CODEC_FIELDS)['meokon-v3-hex'];

const START = 0xa55a;
const END = 0x55aa;
const UPLOAD = 0x00;
const ID = { at: 5, length: 12 };
/** Up to the cached records: everything before them, with one sensor. */
const HEAD_BYTES = 35;
/** CRC and end mark. */
const TAIL_BYTES = 4;
const RECORD_BYTES = 2;

/** Raw units in one MPa, by sensor type: 0 is 0.1 kPa, 1 is 0.001 MPa, 2 is 0.01 bar. */
const PER_MPA = new Map([
  [0, 10_000],
  [1, 1_000],
  [2, 1_000],
]);
const HYDRANT_TILT = 24;
const HYDRANT_PRESSURE = 34;

/** What bits 5 to 7 of the alarm byte mean depends on the type; bits 0 to 4 are the same for all known ones. */
const COMMON_FLAGS: readonly (readonly [Field, number])[] = [
  ['alarmLow', 0],
  ['alarmHigh', 1],
  ['alarmBattery', 2],
  ['alarmSensor', 3],
  ['alarmHardware', 4],
];
const LIMIT_FLAGS: readonly (readonly [Field, number])[] = [
  ['alarmSecondLow', 5],
  ['alarmSecondHigh', 6],
];

function flagsOf(type: number): readonly (readonly [Field, number])[] {
  if (PER_MPA.has(type)) return [...COMMON_FLAGS, ...LIMIT_FLAGS, ['alarmThird', 7]];
  if (type === HYDRANT_PRESSURE) return [...COMMON_FLAGS, ...LIMIT_FLAGS, ['discharge', 7]];
  if (type === HYDRANT_TILT) return [...COMMON_FLAGS, ['impact', 5], ['tilt', 6], ['discharge', 7]];
  return [];
}

export function decodeMeokon(payload: Uint8Array): CodecResult {
  if (payload.byteLength > MESSAGE_LIMITS.payloadBytes)
    return broken(`${payload.byteLength} bytes; at most ${MESSAGE_LIMITS.payloadBytes}`);
  const text = Buffer.from(payload).toString('latin1').trim();
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text)) return broken('not a hex string');
  const frame = Buffer.from(text, 'hex');
  if (frame.length < HEAD_BYTES + TAIL_BYTES) return broken(`${frame.length} bytes are no whole frame`);
  if (frame.readUInt16BE(0) !== START) return broken('does not begin with A55A');
  const total = frame.readUInt16BE(3);
  if (total !== frame.length) return broken(`says ${total} bytes, has ${frame.length}`);
  if (frame.readUInt16BE(total - 2) !== END) return broken('does not end with 55AA');
  if (crc16(frame, 0, total - TAIL_BYTES) !== frame.readUInt16BE(total - TAIL_BYTES)) return broken('CRC is wrong');
  const command = frame[2];
  if (command !== UPLOAD) return foreign(`command ${command} is no upload`);
  const count = frame.readUInt16BE(21);
  if (total !== HEAD_BYTES + count * RECORD_BYTES + TAIL_BYTES)
    return broken(`${count} records of one sensor do not make ${total} bytes`);
  return { message: readFrame(frame, count) };
}

function readFrame(frame: Buffer, count: number): NonNullable<CodecResult['message']> {
  const intervalMs = frame.readUInt16BE(19) * 1_000;
  const type = frame.readUInt8(23);
  const perMpa = PER_MPA.get(type);
  const pressure = (at: number): FieldValue =>
    perMpa === undefined ? { broken: true } : frame.readInt16BE(at) / perMpa;
  const power = frame.readUInt8(17);
  const fields = new Map<Field, FieldValue>([
    ['value', pressure(29)],
    ['lowLimit', pressure(25)],
    ['highLimit', pressure(27)],
    ['battery', (power & 0x1f) * 5],
    ['externalPower', power >>> 7],
    ['signal', frame.readInt8(18)],
    ['recordInterval', intervalMs / 1_000],
    ['type', type],
  ]);
  const alarm = frame.readUInt8(24);
  const flags = flagsOf(type);
  for (const [name, bit] of flags) fields.set(name, (alarm >>> bit) & 1);
  // Of a type that nobody has described no flag can be trusted, least of all a quiet one.
  if (flags.length === 0) for (const [name] of COMMON_FLAGS) fields.set(name, { broken: true });
  const last = frame.readUInt32BE(31) * 1_000;
  const records = Array.from({ length: perMpa === undefined ? 0 : count }, (_, k) => ({
    time: last - (count - 1 - k) * intervalMs,
    fields: lookup(new Map([['value' as const, pressure(HEAD_BYTES + k * RECORD_BYTES)]])),
  }));
  return { fields: lookup(fields), identity: frame.toString('latin1', ID.at, ID.at + ID.length), records };
}

const lookup =
  (fields: ReadonlyMap<string, FieldValue>): FieldLookup =>
  (name) =>
    fields.get(name);
