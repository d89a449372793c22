import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MqttSection } from '../../device-profiles/contract/profile.ts';
import { compileDevice } from '../../device-profiles/compile.ts';
import { loadProfiles } from '../../device-profiles/load.ts';
import { MESSAGE_LIMITS } from '../../gateway/codecs/codec.ts';
import { decodeJson } from '../../gateway/codecs/json.ts';
import { decodeMeokon } from '../../gateway/codecs/meokon-v3-hex.ts';
import { readMessage } from '../../gateway/codecs/read-message.ts';
import { crc16 } from '../../gateway/modbus/crc16.ts';

/** Example frame of the terminal's protocol document, V3.0. */
const VECTOR =
  'a55a00003b53484d4b313930363030313334c8003c000a0102006401f4021a5d1966b60219021a0216021802180213021e021c021d021d7e0355aa';
const VECTOR_TIME = Date.UTC(2019, 6, 1, 1, 49, 42);

const section: MqttSection = { topic: 't/{id}', codec: 'json', expectEveryS: 60 };
const json = (text: string, more: Partial<MqttSection> = {}) => decodeJson(Buffer.from(text), { ...section, ...more });

/** The vector with some bytes changed; the CRC is put right again unless `keepCrc`. */
function changed(change: (frame: Buffer) => void, keepCrc = false): Buffer {
  const frame = Buffer.from(VECTOR, 'hex');
  change(frame);
  if (!keepCrc) frame.writeUInt16BE(crc16(frame, 0, frame.length - 4), frame.length - 4);
  return Buffer.from(frame.toString('hex'));
}

describe('codec json', () => {
  it('finds fields by JSON pointer, escapes included', () => {
    const { message } = json('{"a": {"b/c": [1, {"d~e": true}]}, "n": null}');
    expect(message?.fields('/a/b~1c/0')).toBe(1);
    expect(message?.fields('/a/b~1c/1/d~0e')).toBe(true);
    expect(message?.fields('/n')).toBeNull();
    expect(message?.fields('/a')).toEqual({ broken: true });
    expect(message?.fields('/missing')).toBeUndefined();
    expect(message?.fields('/a/b~1c/7')).toBeUndefined();
  });

  it('inherits nothing: names of the prototype are names like any other', () => {
    const { message } = json('{"__proto__": {"x": 1}, "s": "text"}');
    expect(message?.fields('/__proto__/x')).toBe(1);
    expect(message?.fields('/constructor')).toBeUndefined();
    expect(message?.fields('/toString')).toBeUndefined();
    expect(message?.fields('/s/length')).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });

  it.each([
    ['not JSON', 'not JSON'],
    ['', 'not JSON'],
    ['[1]', 'not a JSON object'],
    ['5', 'not a JSON object'],
    ['null', 'not a JSON object'],
    [`{"a":${'['.repeat(100_000)}`, `${MESSAGE_LIMITS.payloadBytes}`],
    [`{"a":${'['.repeat(100)}`, `deeper than ${MESSAGE_LIMITS.jsonDepth}`],
    ['{"a": NaN}', 'not JSON'],
  ])('refuses %.20j… and says why', (text, why) => {
    const result = json(text);
    expect(result).toMatchObject({ fault: 'broken', detail: expect.stringContaining(why) });
  });

  it('does not count brackets inside text as depth', () => {
    expect(json(JSON.stringify({ a: '['.repeat(1_000), b: '\\"[[[' })).fault).toBeUndefined();
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(decodeJson(Buffer.from([0x7b, 0xff, 0x7d]), section)).toMatchObject({ fault: 'broken' });
  });

  it.each<['s' | 'ms' | 'iso', unknown, number | undefined]>([
    ['s', 1_767_225_600, Date.UTC(2026, 0, 1)],
    ['ms', 1_767_225_600_123, Date.UTC(2026, 0, 1) + 123],
    ['iso', '2026-01-01T08:00:00+08:00', Date.UTC(2026, 0, 1)],
    ['iso', '2026-01-01T00:00:00.5Z', Date.UTC(2026, 0, 1) + 500],
    ['iso', '2026-01-01T00:00:00', undefined],
    ['iso', '2026-13-01T00:00:00Z', undefined],
    ['iso', 1_767_225_600, undefined],
    ['s', '1767225600', undefined],
    ['s', null, undefined],
  ])('reads the time of the device in %s from %j', (unit, t, expected) => {
    expect(json(JSON.stringify({ t }), { time: { field: '/t', unit } }).message?.time).toBe(expected);
  });

  it('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((t) => Buffer.from(t)),
        ),
        (bytes) => {
          const { message, fault } = decodeJson(bytes, { ...section, time: { field: '/t', unit: 'iso' } });
          expect((message === undefined) === (fault !== undefined)).toBe(true);
        },
      ),
    );
  });
});

describe('codec meokon-v3-hex', () => {
  it('reads the example frame of the document', () => {
    const { message } = decodeMeokon(Buffer.from(VECTOR));
    expect(message?.identity).toBe('SHMK19060013');
    expect(message?.fields('value')).toBe(0.538);
    expect(message?.fields('lowLimit')).toBe(0.1);
    expect(message?.fields('highLimit')).toBe(0.5);
    expect(message?.fields('battery')).toBe(100);
    expect(message?.fields('externalPower')).toBe(0);
    expect(message?.fields('signal')).toBe(-56);
    expect(message?.fields('recordInterval')).toBe(60);
    expect(message?.fields('alarmHigh')).toBe(1);
    expect(message?.fields('alarmLow')).toBe(0);
    expect(message?.fields('discharge')).toBeUndefined();
    expect(message?.time).toBeUndefined();
    expect(message?.records.map((r) => r.fields('value'))).toEqual([
      0.537, 0.538, 0.534, 0.536, 0.536, 0.531, 0.542, 0.54, 0.541, 0.541,
    ]);
    expect(message?.records.at(-1)?.time).toBe(VECTOR_TIME);
    expect(message?.records[0]?.time).toBe(VECTOR_TIME - 9 * 60_000);
  });

  it('takes capitals and a line end', () => {
    expect(decodeMeokon(Buffer.from(`${VECTOR.toUpperCase()}\r\n`)).fault).toBeUndefined();
  });

  it.each([
    ['an odd number of digits', Buffer.from(VECTOR.slice(1)), 'hex'],
    ['letters that are no digits', Buffer.from('xyz0'), 'hex'],
    ['raw binary', Buffer.from(VECTOR, 'hex'), 'hex'],
    ['a short frame', Buffer.from('a55a0000'), 'no whole frame'],
    ['another start', changed((f) => f.writeUInt16BE(0xa55b, 0)), 'A55A'],
    ['another end', changed((f) => f.writeUInt16BE(0x55ab, f.length - 2)), '55AA'],
    ['another length', changed((f) => f.writeUInt16BE(58, 3)), 'says 58 bytes, has 59'],
    ['a flipped bit', changed((f) => f.writeUInt8(0x1b, 30), true), 'CRC'],
    ['a count of records that does not fit', changed((f) => f.writeUInt16BE(9, 21)), '9 records'],
    ['JSON of another gateway on the same prefix', Buffer.from('{"a":1}'), 'hex'],
    ['an empty payload', Buffer.alloc(0), 'hex'],
    ['too much', Buffer.alloc(MESSAGE_LIMITS.payloadBytes + 1, 0x30), `${MESSAGE_LIMITS.payloadBytes}`],
  ])('refuses %s', (_what, payload, why) => {
    expect(decodeMeokon(payload)).toMatchObject({ fault: 'broken', detail: expect.stringContaining(why) });
  });

  it('leaves other commands alone: they say nothing of values', () => {
    expect(decodeMeokon(changed((f) => f.writeUInt8(1, 2)))).toMatchObject({ fault: 'foreign' });
  });

  it('refuses the CRC with its low byte first: the device sends it the other way round', () => {
    const swapped = changed((f) => f.writeUInt16LE(f.readUInt16BE(f.length - 4), f.length - 4), true);
    expect(decodeMeokon(swapped)).toMatchObject({ fault: 'broken', detail: 'CRC is wrong' });
  });

  it.each([
    [0, 0.0538],
    [1, 0.538],
    [2, 0.538],
  ])('scales type %d to %d MPa', (type, value) => {
    expect(decodeMeokon(changed((f) => f.writeUInt8(type, 23))).message?.fields('value')).toBe(value);
  });

  it('trusts neither pressure nor flags of a type that is not described', () => {
    const { message } = decodeMeokon(changed((f) => f.writeUInt8(77, 23)));
    expect(message?.fields('value')).toEqual({ broken: true });
    expect(message?.fields('alarmLow')).toEqual({ broken: true });
    expect(message?.records).toEqual([]);
  });

  it('reads negative pressures', () => {
    expect(decodeMeokon(changed((f) => f.writeInt16BE(-5, 29))).message?.fields('value')).toBe(-0.005);
  });

  it('never throws on any hex, and takes no frame with a changed byte', () => {
    fc.assert(
      fc.property(fc.nat(58), fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 80 }), (at, mask, noise) => {
        const one = changed((f) => f.writeUInt8(f.readUInt8(at) ^ mask, at), true);
        expect(decodeMeokon(one).message).toBeUndefined();
        expect(decodeMeokon(Buffer.from(Buffer.from(noise).toString('hex'))).message).toBeUndefined();
      }),
    );
  });
});

describe('readMessage', () => {
  const { profiles } = loadProfiles();
  const profile = (name: string) => {
    const found = profiles.get(name);
    if (!found) throw new Error(`no profile ${name}`);
    return found;
  };
  const gauge = compileDevice(profile('meokon-mk'), { kind: 'water-main' });
  const lift = compileDevice(profile('terminal-json'));
  const serial = { serial: 'SHMK19060013' };
  const received = VECTOR_TIME + 3_000;
  const indexOf = (model: typeof gauge, id: string) => model.points.findIndex((p) => p.id === id);

  it('gives late records as history and the present value after them', () => {
    const { readings, refused, undated } = readMessage(gauge, serial, Buffer.from(VECTOR), received);
    const pressure = readings.filter((r) => r.point === indexOf(gauge, 'pressure'));
    expect({ refused, undated }).toEqual({ refused: undefined, undated: 0 });
    expect(pressure).toHaveLength(11);
    expect(pressure.slice(0, 10).every((r) => r.historical === true && r.sourceTime !== undefined)).toBe(true);
    expect(pressure.at(-1)).toEqual({ point: indexOf(gauge, 'pressure'), value: 0.538, quality: 'good', reason: '' });
  });

  it('counts records whose time can not be true, and keeps the rest', () => {
    const { readings, undated } = readMessage(gauge, serial, Buffer.from(VECTOR), Date.UTC(2026, 0, 1));
    expect(undated).toBe(10);
    expect(readings.some((r) => r.historical === true)).toBe(false);
    expect(readings.length).toBeGreaterThan(0);
  });

  it('takes nothing from a message that names another device', () => {
    expect(readMessage(gauge, { serial: 'SHMK19069999' }, Buffer.from(VECTOR), received)).toEqual({
      readings: [],
      refused: 'meokon-v3-hex: the identity of another device in id',
      undated: 0,
    });
    const anonymous = readMessage(lift, { code: '1' }, Buffer.from('{}'), received);
    expect(anonymous).toMatchObject({ readings: [], refused: 'json: no identity in /Registration_Code' });
  });

  it('makes every point of the device bad when the payload is not what the codec says, and does not quote it', () => {
    const { readings, refused } = readMessage(lift, { code: '1' }, Buffer.from('secret-token'), received);
    expect(refused).toBe('json: not JSON');
    expect(readings.map((r) => r.point)).toEqual(lift.points.flatMap((p, k) => (p.field === undefined ? [] : [k])));
    expect(readings.every((r) => r.quality === 'bad' && r.reason === 'payload' && r.value === null)).toBe(true);
  });

  it('says nothing of the points when the message is another command', () => {
    const other = changed((f) => f.writeUInt8(2, 2));
    expect(readMessage(gauge, serial, other, received)).toMatchObject({ readings: [], refused: expect.any(String) });
  });

  it('calls fields that are absent missing, and goes on with the others', () => {
    const { readings } = readMessage(lift, { code: '1' }, Buffer.from('{"Registration_Code":"1","Fault":3}'), received);
    const of = (id: string) => readings.find((r) => r.point === indexOf(lift, id));
    expect(of('fault')).toMatchObject({ value: 3, quality: 'good' });
    expect(of('passenger')).toMatchObject({ value: null, quality: 'bad', reason: 'missing-field' });
  });

  it('goes by received time when the clock of the device is wrong', () => {
    const payload = Buffer.from('{"Registration_Code":"1","Fault":0,"Timestamp":86400000}');
    const fault = readMessage(lift, { code: '1' }, payload, received).readings.find(
      (r) => r.point === indexOf(lift, 'fault'),
    );
    expect(fault).toEqual({ point: indexOf(lift, 'fault'), value: 0, quality: 'good', reason: 'source-clock' });
  });

  it('is not for devices that do not speak MQTT', () => {
    const drive = compileDevice(profile('invt-chv180'));
    expect(() => readMessage(drive, {}, Buffer.from('{}'), received)).toThrow(RangeError);
  });
});
