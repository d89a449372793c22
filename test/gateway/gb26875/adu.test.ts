// Data units of GB/T 26875.3 against published frames, and requests against published bytes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GB26875_EDITIONS, codeName } from '../../../device-profiles/gb26875/tables.ts';
import { encodeRequest, readAdu, type Adu } from '../../../gateway/gb26875/adu.ts';
import { COMMANDS, Gb26875Framer, encodeFrame } from '../../../gateway/gb26875/frame.ts';
import { BEIJING, VECTORS, type VectorName } from './vectors.ts';

function aduOf(name: VectorName): Buffer {
  const found: Buffer[] = [];
  new Gb26875Framer(BEIJING).receive(VECTORS[name], {
    frame: (frame) => void found.push(frame.adu),
    refused: () => undefined,
  });
  return found[0] ?? Buffer.alloc(0);
}

const read = (name: VectorName): Adu => readAdu(aduOf(name), BEIJING);
const utc = (text: string): number => Date.parse(text);

describe('data units that were published', () => {
  test('a smoke detector on fire: component, zone and point, status', () => {
    expect(read('smokeFire')).toEqual({
      result: 'read',
      flag: 2,
      objects: [
        {
          kind: 'component-status',
          component: { system: { type: 1, address: 1 }, type: 40, address: (2 << 16) | 10 },
          status: 0b10,
          text: '',
          time: utc('2012-09-26T01:58:02Z'),
        },
      ],
    });
  });

  test('text is GB 18030 and ends at its first NUL', () => {
    expect(read('photoelectricFire')).toMatchObject({
      objects: [{ text: '1号接口板1回路1号', status: 0b10, component: { type: 42, address: 0x0001_0001 } }],
    });
  });

  test('the mains fault of the device itself', () => {
    expect(read('deviceMainsFault')).toEqual({
      result: 'read',
      flag: 21,
      objects: [{ kind: 'device-status', status: 0b1000, time: utc('2012-09-26T01:58:02Z') }],
    });
  });

  test('version, operation at the device, a system, and three quantities', () => {
    expect(read('deviceVersion')).toMatchObject({ objects: [{ kind: 'version', major: 1, minor: 0 }] });
    expect(read('deviceSilenced')).toMatchObject({
      objects: [{ kind: 'operation', status: 0b10, operator: 0, time: utc('2022-03-03T09:15:22Z') }],
    });
    expect(read('madeSystemFire')).toMatchObject({ objects: [{ system: { type: 1, address: 1 }, status: 0b11 }] });
    const scaled = (read('madeAnalog').result === 'read' ? readObjects('madeAnalog') : []).map((o) =>
      o.kind === 'analog' ? o.raw * (GB26875_EDITIONS['2011']?.analog[String(o.quantity)]?.scale ?? 0) : Number.NaN,
    );
    expect(scaled.map((v) => Math.round(v * 100) / 100)).toEqual([2.35, 450, -5]);
  });

  test('a heartbeat has no data unit, and that is said', () => {
    expect(read('heartbeat')).toEqual({ result: 'bad', flag: undefined, why: expect.stringContaining('0 bytes') });
  });
});

function readObjects(name: VectorName) {
  const adu = read(name);
  return adu.result === 'read' ? adu.objects : [];
}

describe('requests', () => {
  test('for the state of the device are the bytes that were published', () => {
    const bytes = encodeFrame(
      {
        serial: 1,
        version: 1,
        userVersion: 1,
        time: utc('2012-09-26T01:58:32Z'),
        source: 88_888,
        destination: 889,
        command: COMMANDS.request,
        adu: encodeRequest({ ask: 'device-status' }, 0, BEIJING),
      },
      BEIJING,
    );
    expect(bytes.toString('hex')).toBe(VECTORS.readDeviceStatus.toString('hex'));
  });

  test('for a system and a component name type, address, and zone before point', () => {
    const system = { type: 1, address: 3 };
    expect(encodeRequest({ ask: 'system-status', system }, 0, BEIJING).toString('hex')).toBe('3d010103');
    const component = encodeRequest({ ask: 'component-status', system, address: (2 << 16) | 10 }, 0, BEIJING);
    expect(component.toString('hex')).toBe('3e0101030a000200');
  });

  test('to set the clock is the published frame, byte by byte', () => {
    const now = Date.UTC(2012, 8, 26, 1, 58, 2);
    expect(encodeRequest({ ask: 'set-clock' }, now, BEIJING).toString('hex')).toBe(aduOf('setClock').toString('hex'));
  });
});

describe('what is not as the standard says', () => {
  const status = aduOf('smokeFire');

  test('a time behind an object that has none, or none behind one that has, is told by the length', () => {
    const undated = status.subarray(0, status.length - 6);
    expect(readAdu(Buffer.from(undated), BEIJING)).toMatchObject({ objects: [{ time: undefined, status: 2 }] });
    const dated = Buffer.concat([aduOf('deviceVersion'), Buffer.alloc(6)]);
    expect(readAdu(dated, BEIJING)).toMatchObject({ objects: [{ kind: 'version', major: 1 }] });
  });

  test('a count that does not fit the length is refused with both', () => {
    const wrong = Buffer.from(status);
    wrong[1] = 2;
    expect(readAdu(wrong, BEIJING)).toEqual({
      result: 'bad',
      flag: 2,
      why: 'type 2: 2 objects of 46 bytes expected, 46 bytes found',
    });
  });

  test("a reserved or a vendor's type is named, not guessed", () => {
    expect(readAdu(Buffer.from([200, 1, 9]), BEIJING)).toEqual({ result: 'unknown-type', flag: 200, count: 1 });
    expect(codeName(GB26875_EDITIONS['2011']?.components ?? {}, 200).zh).toBe('厂家类型 200');
  });

  test('any bytes give an answer', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 21, 24, 25, 26, 28, 0, 255),
        fc.uint8Array({ maxLength: 1_023 }),
        (flag, rest) => {
          const adu = readAdu(Buffer.from([flag, ...rest]), BEIJING);
          expect(['read', 'unknown-type', 'bad']).toContain(adu.result);
        },
      ),
    );
  });
});
