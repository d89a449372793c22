// The framing of a line that must not be closed: whose answer it is, whatever else comes and however it is split.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc16 } from '../../../gateway/modbus/crc16.ts';
import { RTU_SHAPE, TCP_SHAPE } from '../../../gateway/modbus/frame-shape.ts';
import { PatientFramer, type PatientSink } from '../../../gateway/modbus/patient-framer.ts';
import type { ReadRequest } from '../../../gateway/modbus/request.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const LATE_MS = 1_000;
const HB = Buffer.from('HB');
/** A heartbeat of one byte, which is also the first of every answer of unit 1. */
const ONE = Buffer.from([1]);

const rtu = (...body: number[]): Buffer => {
  const bytes = Buffer.from([...body, 0, 0]);
  bytes.writeUInt16LE(crc16(bytes, 0, body.length), body.length);
  return bytes;
};
const read = (unit: number, address = 0, count = 1): ReadRequest => ({ unit, table: 'holding', address, count });
const answer = (unit: number, ...values: number[]): Buffer =>
  rtu(unit, 3, values.length * 2, ...values.flatMap((v) => [v >> 8, v & 0xff]));

class Heard implements PatientSink<ReadRequest> {
  readonly said: string[] = [];
  beats = 0;
  reply({ unit }: ReadRequest, data: Buffer): void {
    this.said.push(`${unit}:${data.toString('hex')}`);
  }
  exception({ unit }: ReadRequest, code: number): void {
    this.said.push(`${unit}:exception ${code}`);
  }
  refused(): void {
    this.said.push('refused');
  }
  late(): void {
    this.said.push('late');
  }
  resync(bytes: number): void {
    this.said.push(`skipped ${bytes}`);
  }
  desync(): void {
    this.said.push('desync');
  }
  heartbeat(): void {
    this.beats++;
  }
}

const make = (between = [HB, ONE], shape = RTU_SHAPE): PatientFramer<ReadRequest> =>
  new PatientFramer<ReadRequest>({ shape, between, lateMs: LATE_MS, owedMax: 256 });

test('requests are Modbus’s own: the examples of the serial line and TCP specifications', () => {
  // MODBUS Application Protocol V1.1b3, 6.3: read holding registers 108–110; its CRC as any Modbus tool prints it.
  expect(RTU_SHAPE.encode(read(1, 107, 3), 0).toString('hex')).toBe('0103006b00037417');
  expect(TCP_SHAPE.encode(read(0xff, 4, 1), 0x1501).toString('hex')).toBe('150100000006ff0300040001');
});

test('an answer is found among heartbeats, also of one byte that could begin it, and among noise', () => {
  const framer = make();
  const heard = new Heard();
  framer.ask(read(1), 100);
  framer.receive(Buffer.concat([HB, ONE, Buffer.from([0xee]), ONE, answer(1, 0x1234), HB]), heard);
  expect(heard.said).toEqual(['1:1234', 'skipped 1']);
  expect(heard.beats).toBe(4);
  expect(framer.waiting).toBe(0);
});

test('a unit that owes an answer is not asked until it has come, or could not any more; others are', () => {
  const framer = make();
  const heard = new Heard();
  framer.ask(read(1, 0), 100);
  expect(framer.expire(99)).toEqual([]);
  expect(framer.expire(100)).toMatchObject([{ reason: 'timeout' }]);
  expect([framer.waitMs(read(1, 50), 100), framer.waitMs(read(2), 100)]).toEqual([LATE_MS, 0]);
  framer.ask(read(2), 300);
  framer.receive(Buffer.concat([answer(1, 7), answer(2, 8)]), heard);
  expect(heard.said).toEqual(['late', '2:0008']);
  expect(framer.waitMs(read(1), 110)).toBe(0);
  framer.ask(read(1), 400);
  framer.expire(400);
  expect([framer.waitMs(read(1), 401), framer.waitMs(read(1), 400 + LATE_MS)]).toEqual([LATE_MS - 1, 0]);
});

test('what is owed is owed on the next connection too: a DTU may keep it', () => {
  const framer = make();
  const heard = new Heard();
  framer.ask(read(1), 100);
  expect(framer.reset()).toHaveLength(1);
  expect(framer.waitMs(read(1), 50)).toBe(50 + LATE_MS);
  framer.receive(rtu(1, 0x83, 2), heard);
  expect(heard.said).toEqual(['late']);
});

test('a damaged answer, half of one, one of another length or unit: no value, and the reason', () => {
  const outcome = (bytes: Buffer): unknown[] => {
    const framer = make([HB]);
    const heard = new Heard();
    framer.ask(read(1), 100);
    framer.receive(bytes, heard);
    return [...heard.said, ...framer.expire(100).map((e) => e.reason)];
  };
  const broken = answer(1, 5);
  broken[3] = 0xff;
  expect(outcome(broken)).toEqual(['skipped 7', 'crc']);
  expect(outcome(answer(1, 5).subarray(0, 6))).toEqual(['short-reply']);
  expect(outcome(answer(1, 5, 6))).toEqual(['skipped 9', 'timeout']);
  expect(outcome(answer(3, 5))).toEqual(['skipped 7', 'timeout']);
});

/** What a line brings: answers of units 1 to 4, in time or late, heartbeats, noise without any of these units. */
const events = fc.array(
  fc.record({
    unit: fc.integer({ min: 1, max: 4 }),
    late: fc.boolean(),
    before: fc.array(fc.constantFrom(HB, Buffer.from([0xee, 0x77]), Buffer.from([0xee])), { maxLength: 3 }),
    pieces: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 1, maxLength: 40 },
);

test('no value is ever that of another request, however answers are late, split and glued', () => {
  fc.assert(
    fc.property(events, (rounds) => {
      const framer = make([HB]);
      const heard = new Heard();
      const expected: string[] = [];
      const waiting: Buffer[] = [];
      let now = 0;
      let value = 0;
      const tell = (bytes: Buffer, size: number): void => {
        for (let at = 0; at < bytes.length; at += size) framer.receive(bytes.subarray(at, at + size), heard);
      };
      for (const { unit, late, before, pieces } of rounds) {
        now += 10;
        if (framer.waitMs(read(unit), now) > 0) {
          const [first] = waiting.splice(0, 1);
          if (first) tell(first, pieces);
          continue;
        }
        value++;
        framer.ask(read(unit, value), now + 5);
        if (late) {
          framer.expire(now + 5);
          waiting.push(answer(unit, value));
          continue;
        }
        // Late answers of others come before it and behind it.
        const [first, second] = waiting.splice(0, 2);
        tell(
          Buffer.concat([...before, ...(first ? [first] : []), answer(unit, value), ...(second ? [second] : [])]),
          pieces,
        );
        expected.push(`${unit}:${value.toString(16).padStart(4, '0')}`);
      }
      expect(heard.said.filter((s) => s.includes(':'))).toEqual(expected);
      expect(framer.waiting).toBe(0);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('whatever bytes come, little is held, nothing throws, and the next answer is found', () => {
  const soup = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((b) => Buffer.from(b)),
    fc.constantFrom(HB, ONE, answer(1, 1), answer(2, 1), rtu(1, 0x83, 2), Buffer.from([1, 3]), Buffer.from([2, 3, 2])),
  );
  for (const shape of [RTU_SHAPE, TCP_SHAPE])
    fc.assert(
      fc.property(fc.array(fc.tuple(soup, fc.integer({ min: 1, max: 4 })), { maxLength: 30 }), (chunks) => {
        const framer = make([HB, ONE], shape);
        const heard = new Heard();
        let now = 0;
        for (const [bytes, unit] of chunks) {
          now += 100;
          if (framer.inFlight === 0 && framer.waitMs(read(unit, 0, 100), now) === 0)
            framer.ask(read(unit, 0, 100), now + 50);
          framer.receive(bytes, heard);
          expect(framer.waiting).toBeLessThan(260);
          framer.expire(now + 50);
        }
        now += 10_000;
        framer.expire(now);
        const asked = framer.ask(read(9, 0, 1), now + 100);
        heard.said.length = 0;
        const body = answer(9, 0xabcd);
        const whole =
          shape === RTU_SHAPE ? body : Buffer.concat([asked.subarray(0, 5), Buffer.from([5]), body.subarray(0, -2)]);
        // What is held may still swallow one frame's worth: so much noise goes before.
        framer.receive(Buffer.concat([Buffer.alloc(300, 0xee), whole]), heard);
        expect(heard.said).toContain('9:abcd');
      }),
      { seed: SEED, numRuns: 200 },
    );
});
