// What a device's answers mean for its points, with a bus that answers at once from a register image.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Table } from '../../../device-profiles/contract/point.ts';
import type { DeviceModel } from '../../../device-profiles/contract/profile.ts';
import { decodePoint, type Decoded } from '../../../gateway/decode.ts';
import { DevicePoll } from '../../../gateway/modbus/device-poll.ts';
import { MODBUS_LIMITS } from '../../../gateway/modbus/limits.ts';
import type { Submitted, Ticket } from '../../../gateway/modbus/link.ts';
import { plansOf, type PollCounters } from '../../../gateway/modbus/poll-cycle.ts';
import { dataBytes, isBitTable, type ReadFailure } from '../../../gateway/modbus/request.ts';
import { device, model, point, RecordingPort, registers } from './site.ts';

/** A bus that holds tickets until `answer`, from registers that a test sets and failures that it wants. */
class ImageBus {
  readonly image = new Map<string, number>();
  readonly waiting: Ticket[] = [];
  fails: (ticket: Ticket) => ReadFailure | 'interrupted' | undefined = () => undefined;
  says: Submitted = 'queued';
  asked = 0;

  set(table: Table, address: number, ...values: number[]): void {
    values.forEach((v, k) => this.image.set(`${table} ${address + k}`, isBitTable(table) ? v & 1 : v));
  }

  get(table: Table, address: number): number {
    return this.image.get(`${table} ${address}`) ?? 0;
  }

  submit(ticket: Ticket): Submitted {
    if (this.says === 'queued') this.waiting.push(ticket);
    return this.says;
  }

  /** Answers everything that waits, and what is asked because of that. */
  answer(): void {
    for (let ticket = this.waiting.shift(); ticket; ticket = this.waiting.shift()) this.answerOne(ticket);
  }

  answerOne(ticket: Ticket): void {
    this.asked++;
    const failure = this.fails(ticket);
    if (failure === 'interrupted') ticket.interrupted();
    else if (failure) ticket.failed(failure);
    else ticket.done(this.#data(ticket));
  }

  #data(ticket: Ticket): Buffer {
    const data = Buffer.alloc(dataBytes(ticket));
    for (let k = 0; k < ticket.count; k++) {
      const value = this.get(ticket.table, ticket.address + k);
      if (isBitTable(ticket.table)) data[k >> 3] = (data[k >> 3] ?? 0) | ((value & 1) << (k & 7));
      else data.writeUInt16BE(value & 0xffff, k * 2);
    }
    return data;
  }
}

interface Rig {
  readonly bus: ImageBus;
  readonly port: RecordingPort;
  readonly poll: DevicePoll;
  readonly counters: PollCounters;
  /** One round of every cycle of points, answered. */
  round(): void;
}

function rig(deviceModel: DeviceModel): Rig {
  const bus = new ImageBus();
  const port = new RecordingPort();
  const counters: PollCounters = { overruns: 0, missed: 0, polls: 0, dropped: 0, notKept: 0, holes: 0 };
  const poll = new DevicePoll({
    device: device('d1', deviceModel),
    unit: 1,
    link: bus,
    port,
    limits: { ...MODBUS_LIMITS, expectRetryMs: 0 },
    counters,
    timeoutMs: 1_000,
    plans: plansOf(deviceModel),
  });
  const round = (): void => {
    poll.pollAll();
    bus.answer();
  };
  return { bus, port, poll, counters, round };
}

describe('what is handed over', () => {
  test('everything at first, then only what changed, and freshness for the rest', () => {
    const { bus, port, round } = rig(model(registers(0, 9)));
    round();
    expect(port.accepts).toEqual([{ device: 'd1', count: 10 }]);
    round();
    expect(port.accepts).toHaveLength(1);
    expect(port.freshened.get('d1/r4')).toBe(2);
    bus.set('holding', 4, 99);
    round();
    expect(port.accepts.at(-1)).toEqual({ device: 'd1', count: 1 });
    expect(port.last('r4')).toMatchObject({ value: 99, quality: 'good' });
    expect(port.freshened.get('d1/r5')).toBe(3);
  });

  test('one bit of a word or of a coil table changes alone', () => {
    const bits = [0, 1, 2].map((b) => point({ id: `b${b}`, address: 0, type: 'bool', bits: [b, b] }));
    const coils = [0, 1, 9].map((a) => point({ id: `c${a}`, table: 'coil', address: a }));
    const { bus, port, round } = rig(model([...bits, ...coils], { gap: 2 }));
    round();
    bus.set('coil', 9, 1);
    round();
    expect(port.taken.slice(6).map((t) => [t.id, t.value])).toEqual([['c9', 1]]);
    bus.set('holding', 0, 0b10);
    round();
    expect(port.last('b1')?.value).toBe(1);
  });

  test('one call for a poll of several reads; on the safety lane each read is handed over at once', () => {
    const slowPanel = registers(0, 29, { poll: 'normal' });
    const safety = registers(100, 129, { poll: 'safety' });
    const { bus, port, poll } = rig(model([...slowPanel, ...safety], { maxRegisters: 10 }));
    poll.pollAll();
    const first = bus.waiting.filter((t) => t.priority === 0)[0];
    if (first) bus.answerOne(bus.waiting.splice(bus.waiting.indexOf(first), 1)[0] ?? first);
    expect(port.accepts).toEqual([{ device: 'd1', count: 10 }]);
    bus.answer();
    expect(port.accepts.map((a) => a.count).sort((a, b) => a - b)).toEqual([10, 10, 10, 30]);
  });

  test('a value is decoded anew when its decimals change, though they lie in another block', () => {
    const points = [
      point({ id: 'decimals', address: 50, poll: 'slow' }),
      point({ id: 'value', address: 0, type: 'int16', decimalsFrom: 'decimals' }),
    ];
    const { bus, port, round } = rig(model(points));
    bus.set('holding', 0, 1234);
    bus.set('holding', 50, 2);
    round();
    expect(port.last('value')).toMatchObject({ value: 12.34, quality: 'good' });
    bus.set('holding', 50, 3);
    round();
    expect(port.last('value')).toMatchObject({ value: 1.234, quality: 'good' });
  });

  test('a value whose decimals can not be read is bad for that reason, not wrong by a power of ten', () => {
    const points = [
      point({ id: 'decimals', address: 50 }),
      point({ id: 'value', address: 0, type: 'int16', decimalsFrom: 'decimals' }),
    ];
    const { bus, port, round } = rig(model(points));
    bus.set('holding', 50, 1);
    bus.set('holding', 0, 10);
    round();
    bus.fails = (t) => (t.address === 50 ? 'exception-04' : undefined);
    bus.set('holding', 0, 20);
    round();
    for (const id of ['decimals', 'value'])
      expect(port.last(id)).toMatchObject({ value: null, quality: 'bad', reason: 'exception-04' });
    bus.fails = () => undefined;
    round();
    expect(port.last('value')).toMatchObject({ value: 2, quality: 'good' });
  });
});

describe('failures', () => {
  const two = (): DeviceModel => model([...registers(0, 1), ...registers(10, 11)]);
  const second = (t: Ticket): ReadFailure | undefined => (t.address === 10 ? 'timeout' : undefined);

  test('only the points of the failed read are bad, once, and good again with the next answer', () => {
    const { bus, port, round } = rig(two());
    round();
    bus.fails = second;
    round();
    round();
    const bad = port.taken.filter((t) => t.quality === 'bad');
    expect(bad.map((t) => [t.id, t.value, t.reason])).toEqual([
      ['r10', null, 'timeout'],
      ['r11', null, 'timeout'],
    ]);
    bus.fails = () => undefined;
    round();
    expect(port.last('r10')).toMatchObject({ quality: 'good', value: 0 });
    expect(port.onlines).toEqual([{ device: 'd1', online: true, reason: '' }]);
  });

  test('offline after three polls in a row in which nothing answered; back with every point', () => {
    const { bus, port, round } = rig(two());
    round();
    bus.fails = () => 'timeout';
    round();
    round();
    expect(port.state()).toBe('online');
    round();
    expect(port.state()).toBe('offline timeout');
    const before = port.taken.length;
    round();
    expect(port.taken.length).toBe(before);
    bus.fails = () => undefined;
    round();
    expect(port.state()).toBe('online');
    expect(port.taken.slice(before).map((t) => t.id)).toEqual(['r0', 'r1', 'r10', 'r11']);
  });

  test('a device that was never heard is one record, not one a point', () => {
    const { bus, port, round } = rig(two());
    bus.fails = () => 'exception-0A';
    for (let n = 0; n < 5; n++) round();
    expect(port.taken).toEqual([]);
    expect(port.onlines).toEqual([{ device: 'd1', online: false, reason: 'exception-0A' }]);
  });

  test('an interrupted round says nothing about points or device', () => {
    const { bus, port, round } = rig(two());
    round();
    bus.fails = () => 'interrupted';
    for (let n = 0; n < 10; n++) round();
    expect(port.state()).toBe('online');
    expect(port.taken.every((t) => t.quality === 'good')).toBe(true);
  });

  test('a poll that falls due while the one before is under way is skipped and counted, never queued twice', () => {
    const { bus, poll, counters } = rig(model(registers(0, 0, { poll: 'safety' })));
    const [cycle] = poll.cycles;
    if (!cycle) throw new Error('no cycle');
    poll.poll(cycle);
    cycle.startedAt -= cycle.intervalMs;
    for (let n = 0; n < 5; n++) poll.poll(cycle);
    expect(bus.waiting).toHaveLength(1);
    expect(counters.overruns).toBe(5);
  });

  test('where the queue is full the rest of the round is given up and counted', () => {
    const { bus, poll, counters } = rig(model(registers(0, 29), { maxRegisters: 10 }));
    bus.says = 'full';
    poll.pollAll();
    expect(counters.dropped).toBe(1);
    bus.says = 'queued';
    poll.pollAll();
    expect(bus.waiting).toHaveLength(3);
  });

  test('a device of slow points alone is asked for one read in between', () => {
    const { bus, poll } = rig(model(registers(0, 29, { poll: 'slow' }), { maxRegisters: 10 }));
    const liveness = poll.cycles.find((c) => c.kind === 'liveness');
    if (!liveness) throw new Error('no liveness cycle');
    expect(liveness.intervalMs).toBe(MODBUS_LIMITS.livenessMs);
    poll.poll(liveness);
    expect(bus.waiting.map((t) => t.address)).toEqual([0]);
  });
});

describe('holes', () => {
  test('are found within one round, marked with their reason, and tried again later until something answers there', () => {
    const { bus, port, poll, counters, round } = rig(model(registers(0, 99)));
    bus.fails = (t) => (t.address <= 40 && t.address + t.count > 40 ? 'exception-02' : undefined);
    round();
    round();
    expect(port.last('r40')).toMatchObject({ value: null, quality: 'bad', reason: 'exception-02' });
    expect(port.last('r39')).toMatchObject({ quality: 'good' });
    expect(counters.holes).toBe(1);
    const asked = bus.asked;
    round();
    expect(bus.asked - asked).toBe(2);

    const holes = poll.cycles.find((c) => c.kind === 'holes');
    if (!holes) throw new Error('no cycle for holes');
    poll.poll(holes);
    bus.answer();
    expect(port.last('r40')).toMatchObject({ quality: 'bad' });
    bus.fails = () => undefined;
    bus.set('holding', 40, 7);
    poll.poll(holes);
    bus.answer();
    round();
    expect(port.last('r40')).toMatchObject({ value: 7, quality: 'good' });
    expect(counters.holes).toBe(0);
    const healed = bus.asked;
    round();
    expect(bus.asked - healed).toBe(1);
  });
});

describe('holes of a device with points of the safety lane', () => {
  test('are tried again each minute: a panel that refused while it started must not hide a fire for ten', () => {
    const holesEvery = (lane: 'safety' | 'telemetry'): number | undefined =>
      rig(model([...registers(0, 9), point({ id: 'fire', address: 20, lane })])).poll.cycles.find(
        (c) => c.kind === 'holes',
      )?.intervalMs;
    expect(holesEvery('safety')).toBe(60_000);
    expect(holesEvery('telemetry')).toBe(600_000);
  });
});

describe('any history', () => {
  // Blocks, classes and companions mixed: what a real map does to a decoder.
  const points = [
    point({ id: 'decimals', address: 30, poll: 'slow' }),
    point({ id: 'valid', table: 'discrete', address: 3, poll: 'safety' }),
    point({ id: 'a', address: 0, type: 'int16', decimalsFrom: 'decimals' }),
    point({ id: 'b', address: 1, type: 'float32', validBit: 'valid' }),
    point({ id: 'c', address: 3, type: 'bool', bits: [4, 4] }),
    point({ id: 'd', address: 3, type: 'uint16', bits: [8, 11], poll: 'safety' }),
    point({ id: 'e', table: 'coil', address: 17 }),
    point({ id: 'f', table: 'input', address: 8, type: 'uint32', range: [0, 1_000] }),
  ];
  const places: [Table, number][] = [
    ['holding', 0],
    ['holding', 1],
    ['holding', 2],
    ['holding', 3],
    ['holding', 30],
    ['discrete', 3],
    ['coil', 17],
    ['input', 8],
    ['input', 9],
  ];
  const change = fc.record({ at: fc.nat(places.length - 1), value: fc.oneof(fc.nat(3), fc.nat(0xffff)) });
  const failure = fc.constantFrom<ReadFailure | 'interrupted'>(
    'timeout',
    'exception-04',
    'exception-0B',
    'interrupted',
    'exception-02',
  );
  const step = fc.record({
    changes: fc.array(change, { maxLength: 4 }),
    fails: fc.option(fc.record({ at: fc.nat(places.length - 1), failure }), { freq: 2 }),
    lost: fc.boolean(),
  });

  test('after a good round every point stands as a fresh decoding of the registers says, whatever came before', () => {
    const m = model(points);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const { bus, port, poll, round } = rig(m);
        for (const { changes, fails, lost } of steps) {
          for (const c of changes) {
            const [table, address] = places[c.at] ?? ['holding', 0];
            bus.set(table, address, c.value);
          }
          if (lost) poll.lost('timeout');
          const [table, address] = places[fails?.at ?? 0] ?? ['holding', 0];
          bus.fails = (t) =>
            fails && t.table === table && t.address <= address && t.address + t.count > address
              ? fails.failure
              : undefined;
          round();
        }
        bus.fails = () => undefined;
        const holes = poll.cycles.find((c) => c.kind === 'holes');
        if (holes) poll.poll(holes);
        bus.answer();
        round();
        round();
        for (const p of points) {
          const expected: Decoded = decodePoint(p, (table, address) => bus.get(table, address), m);
          expect(port.last(p.id)).toMatchObject({ ...expected });
        }
        expect(port.state()).toBe('online');
      }),
      { numRuns: 300 },
    );
  });
});
