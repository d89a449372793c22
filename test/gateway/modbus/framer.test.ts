import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Table } from '../../../device-profiles/contract/point.ts';
import { crc16 } from '../../../gateway/modbus/crc16.ts';
import { TcpFramer, type FrameSink, type Framer } from '../../../gateway/modbus/framer.ts';
import { RtuFramer } from '../../../gateway/modbus/rtu-framer.ts';
import { exceptionReason, READ_FUNCTIONS, writeRequestPdu, type ReadRequest } from '../../../gateway/modbus/request.ts';

const request = (address = 0, count = 2, table: Table = 'holding', unit = 1): ReadRequest => ({
  unit,
  table,
  address,
  count,
});

type Heard = [string, ...unknown[]];
function ears(): { heard: Heard[]; sink: FrameSink<ReadRequest> } {
  const heard: Heard[] = [];
  return {
    heard,
    sink: {
      reply: (r, data) => heard.push(['reply', r.address, data.toString('hex')]),
      exception: (r, code) => heard.push(['exception', r.address, code]),
      refused: (r, reason) => heard.push(['refused', r.address, reason]),
      late: () => heard.push(['late']),
      resync: (bytes) => heard.push(['resync', bytes]),
      desync: (reason, why) => heard.push(['desync', reason, why]),
    },
  };
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const tcpReply = (id: number, body: string): Buffer => {
  const rest = hex(body);
  const header = Buffer.alloc(6);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(rest.length, 4);
  return Buffer.concat([header, rest]);
};
const rtu = (body: string): Buffer => {
  const rest = hex(body);
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE(crc16(rest, 0, rest.length));
  return Buffer.concat([rest, crc]);
};
const idOf = (asked: Buffer): number => asked.readUInt16BE(0);

describe('requests', () => {
  test('a read of holding registers is the bytes of the standard (MODBUS V1.1b3, 6.3: 108…110)', () => {
    const pdu = Buffer.alloc(5);
    writeRequestPdu(pdu, 0, request(0x6b, 3));
    expect(pdu.toString('hex')).toBe('03006b0003');
  });

  test('only functions 1 to 4 exist, and what the protocol has no words for throws before it is bytes', () => {
    expect(Object.values(READ_FUNCTIONS)).toEqual([1, 2, 3, 4]);
    const pdu = Buffer.alloc(5);
    const wrong: ReadRequest[] = [
      request(0, 126),
      request(0, 0),
      request(65_535, 2),
      request(-1),
      request(0, 2_001, 'coil'),
      request(0, 2, 'holding', 256),
      { ...request(), table: 'write' as Table },
    ];
    for (const bad of wrong) expect(() => writeRequestPdu(pdu, 0, bad)).toThrow(RangeError);
  });

  test('exceptions 02, 06, 0A and 0B have reasons of their own, unknown ones a common one', () => {
    expect([1, 2, 3, 4, 6, 10, 11, 5, 99].map(exceptionReason)).toEqual([
      'exception-01',
      'exception-02',
      'exception-03',
      'exception-04',
      'exception-06',
      'exception-0A',
      'exception-0B',
      'exception-other',
      'exception-other',
    ]);
  });
});

describe('TCP framing', () => {
  test('a reply is matched by its id, not by its order', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { heard, sink } = ears();
    const first = framer.ask(request(10), 100);
    const second = framer.ask(request(20), 100);
    framer.receive(tcpReply(idOf(second), '01 03 04 0001 0002'), sink);
    framer.receive(tcpReply(idOf(first), '01 03 04 0003 0004'), sink);
    expect(heard).toEqual([
      ['reply', 20, '00010002'],
      ['reply', 10, '00030004'],
    ]);
    expect(framer.inFlight).toBe(0);
  });

  test('replies arrive whole however they are split or joined', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), (cuts) => {
        const framer = new TcpFramer<ReadRequest>(8, 65_530);
        const { heard, sink } = ears();
        const asked = Array.from({ length: 8 }, (_, i) => framer.ask(request(i), 100));
        const stream = Buffer.concat(asked.map((a, i) => tcpReply(idOf(a), `01 03 04 0000 000${i}`)));
        let at = 0;
        for (let k = 0; at < stream.length; k++) {
          const size = cuts[k % cuts.length] ?? 1;
          framer.receive(Buffer.from(stream.subarray(at, at + size)), sink);
          at += size;
        }
        expect(heard).toEqual(asked.map((_, i) => ['reply', i, `0000000${i}`]));
      }),
    );
  });

  test('an exception carries its code', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { heard, sink } = ears();
    framer.receive(tcpReply(idOf(framer.ask(request(7), 100)), '01 83 0b'), sink);
    expect(heard).toEqual([['exception', 7, 11]]);
  });

  test('a late reply reaches nobody, and its id is not given again before it has come', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { heard, sink } = ears();
    const late = idOf(framer.ask(request(10), 100));
    expect(framer.expire(100)).toEqual([{ request: request(10), reason: 'timeout' }]);
    for (let n = 0; n < 65_536; n++) {
      const id = idOf(framer.ask(request(20), 1_000));
      expect(id).not.toBe(late);
      framer.receive(tcpReply(id, '01 03 04 0001 0002'), sink);
    }
    heard.length = 0;
    const waiting = framer.ask(request(30), 1_000);
    framer.receive(tcpReply(late, '01 03 04 dead beef'), sink);
    expect(heard).toEqual([['late']]);
    framer.receive(tcpReply(idOf(waiting), '01 03 04 0001 0002'), sink);
    expect(heard).toEqual([['late'], ['reply', 30, '00010002']]);
  });

  test('ids go on over a reconnect, so that an old answer finds nothing on the new connection', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { heard, sink } = ears();
    const old = idOf(framer.ask(request(10), 100));
    expect(framer.reset()).toEqual([request(10)]);
    framer.ask(request(10), 200);
    framer.receive(tcpReply(old, '01 03 04 dead beef'), sink);
    expect(heard).toEqual([['desync', 'wrong-unit', 'an answer to nothing that was asked']]);
  });

  test('more late ids than the limit spend the connection', () => {
    const framer = new TcpFramer<ReadRequest>(2);
    for (let n = 0; n < 3; n++) {
      expect(framer.spent).toBe(false);
      framer.ask(request(n), n);
      framer.expire(n);
    }
    expect(framer.spent).toBe(true);
    framer.reset();
    expect(framer.spent).toBe(false);
  });

  test('a reply of another unit, of another function or of another length is refused, and the next one is heard', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { heard, sink } = ears();
    const ask = (address: number): number => idOf(framer.ask(request(address), 100));
    framer.receive(tcpReply(ask(1), '02 03 04 0001 0002'), sink);
    framer.receive(tcpReply(ask(2), '01 04 04 0001 0002'), sink);
    framer.receive(tcpReply(ask(3), '01 03 02 0001'), sink);
    framer.receive(tcpReply(ask(4), '01 03 06 0001 0002 0003'), sink);
    framer.receive(tcpReply(ask(5), '01 03 04 0001 0002'), sink);
    expect(heard).toEqual([
      ['refused', 1, 'wrong-unit'],
      ['refused', 2, 'short-reply'],
      ['refused', 3, 'short-reply'],
      ['refused', 4, 'short-reply'],
      ['reply', 5, '00010002'],
    ]);
  });

  test('a length that disagrees with the content ends the trust in the stream', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { heard, sink } = ears();
    const id = idOf(framer.ask(request(1), 100));
    const frame = tcpReply(id, '01 03 04 0001 0002');
    frame.writeUInt16BE(50, 4);
    framer.receive(frame, sink);
    expect(heard.map((h) => h[0])).toEqual(['refused', 'desync']);
    expect(framer.spent).toBe(true);
  });

  test('with several under way, a frame cut short is not completed with the bytes of the next one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 9, max: 20 }), fc.boolean(), (kept, alone) => {
        const framer = new TcpFramer<ReadRequest>(8);
        const { heard, sink } = ears();
        const [first, second] = [framer.ask(request(1, 6), 100), framer.ask(request(2), 100)];
        const cut = tcpReply(idOf(first), '01 03 0c 1111 2222 3333 4444 5555 6666').subarray(0, kept);
        const next = tcpReply(idOf(second), alone ? '01 83 04' : '01 03 04 0007 0008');
        framer.receive(Buffer.concat([cut, next]), sink);
        framer.expire(100);
        expect(heard.filter((h) => h[1] === 1 && h[0] !== 'refused')).toEqual([]);
      }),
    );
  });

  test('half a frame at a deadline spends the connection: what follows would be taken for its rest', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { sink } = ears();
    const id = idOf(framer.ask(request(1), 100));
    framer.receive(tcpReply(id, '01 03 04 0001 0002').subarray(0, 11), sink);
    expect(framer.expire(100)).toHaveLength(1);
    expect(framer.spent).toBe(true);
  });

  test('stray bytes before a reply are skipped', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    const { heard, sink } = ears();
    const id = idOf(framer.ask(request(9), 100));
    framer.receive(Buffer.concat([hex('ff 00 ff 00 ff'), tcpReply(id, '01 03 04 0001 0002')]), sink);
    expect(heard).toEqual([
      ['resync', 5],
      ['reply', 9, '00010002'],
    ]);
  });

  test('a gateway that does not echo ids is not believed', () => {
    const framer = new TcpFramer<ReadRequest>(8, 700);
    const { heard, sink } = ears();
    framer.ask(request(1), 100);
    framer.receive(tcpReply(0, '01 03 04 0001 0002'), sink);
    expect(heard[0]?.slice(0, 2)).toEqual(['desync', 'wrong-unit']);
  });

  test('deadlines are of the clock that is handed in, earliest first', () => {
    const framer = new TcpFramer<ReadRequest>(8);
    expect(framer.nextDeadline()).toBeUndefined();
    framer.ask(request(1), 500);
    framer.ask(request(2), 200);
    expect(framer.nextDeadline()).toBe(200);
    expect(framer.expire(199)).toEqual([]);
    expect(framer.expire(200).map((e) => e.request.address)).toEqual([2]);
    expect(framer.nextDeadline()).toBe(500);
  });
});

describe('RTU framing', () => {
  test('a request has its CRC low byte first (the manual of INVT CHV180: 02 06 00 04 13 88 C5 6E)', () => {
    const vector = hex('02 06 00 04 13 88 c5 6e');
    expect(crc16(vector, 0, 6)).toBe(vector.readUInt16LE(6));
    const bytes = new RtuFramer<ReadRequest>().ask(request(0x6b, 3, 'holding', 17), 100);
    expect(bytes).toEqual(rtu('11 03 006b 0003'));
  });

  test('a reply is heard however it is split, after a stray byte of the line too', () => {
    for (const noise of ['', '00', 'ff', '01'])
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 12 }), (size) => {
          const framer = new RtuFramer<ReadRequest>();
          const { heard, sink } = ears();
          framer.ask(request(5), 100);
          const stream = Buffer.concat([hex(noise), rtu('01 03 04 0001 0002')]);
          for (let at = 0; at < stream.length; at += size) framer.receive(stream.subarray(at, at + size), sink);
          expect(heard.at(-1)).toEqual(['reply', 5, '00010002']);
          expect(framer.spent).toBe(false);
        }),
      );
  });

  test('an exception is heard, an exception 10 of the converter too', () => {
    const framer = new RtuFramer<ReadRequest>();
    const { heard, sink } = ears();
    framer.ask(request(5), 100);
    framer.receive(rtu('01 83 0a'), sink);
    expect(heard).toEqual([['exception', 5, 10]]);
  });

  test('a wrong CRC, another unit, another length each end the connection with their own reason', () => {
    const wrongCrc = rtu('01 03 04 0001 0002');
    wrongCrc.writeUInt8(wrongCrc.readUInt8(4) ^ 1, 4);
    const cases: [Buffer, string][] = [
      [wrongCrc, 'crc'],
      [rtu('02 03 04 0001 0002'), 'wrong-unit'],
      [rtu('01 03 02 0001'), 'short-reply'],
      [rtu('01 04 04 0001 0002'), 'short-reply'],
    ];
    for (const [bytes, reason] of cases) {
      const framer = new RtuFramer<ReadRequest>();
      const { heard, sink } = ears();
      framer.ask(request(5), 100);
      framer.receive(bytes, sink);
      expect(heard.map((h) => h.slice(0, 2))).toEqual([
        ['refused', 5],
        ['desync', reason],
      ]);
      expect(framer.spent).toBe(true);
    }
  });

  test('what arrives unasked is thrown away before the next request; as much as a frame ends the connection', () => {
    const framer = new RtuFramer<ReadRequest>();
    const { heard, sink } = ears();
    framer.receive(hex('00 ff'), sink);
    expect(framer.spent).toBe(false);
    framer.ask(request(5), 100);
    framer.receive(rtu('01 03 04 0001 0002'), sink);
    expect(heard).toEqual([['reply', 5, '00010002']]);
    framer.receive(rtu('01 03 04 dead beef'), sink);
    expect(framer.spent).toBe(true);
    expect(heard).toHaveLength(1);
  });

  test('two frames at once: which is the answer is unknown, so neither is', () => {
    const framer = new RtuFramer<ReadRequest>();
    const { heard, sink } = ears();
    framer.ask(request(5), 100);
    framer.receive(Buffer.concat([rtu('01 03 04 dead beef'), rtu('01 03 04 0001 0002')]), sink);
    expect(heard).toEqual([['refused', 5, 'wrong-unit']]);
    expect(framer.spent).toBe(true);
  });

  test('every timeout ends the connection, because a late answer could not be told apart', () => {
    const framer = new RtuFramer<ReadRequest>();
    framer.ask(request(5), 100);
    expect(framer.expire(99)).toEqual([]);
    expect(framer.expire(100)).toEqual([{ request: request(5), reason: 'timeout' }]);
    expect(framer.spent).toBe(true);
  });
});

describe('hostile bytes', () => {
  const framers: [string, () => Framer<ReadRequest>, (asked: Buffer) => Buffer][] = [
    ['TCP', () => new TcpFramer<ReadRequest>(8), (asked) => tcpReply(idOf(asked), '01 03 04 0001 0002')],
    ['RTU', () => new RtuFramer<ReadRequest>(), () => rtu('01 03 04 0001 0002')],
  ];
  // Bytes near to real ones get further into a parser than noise does.
  const nearFrame = fc
    .tuple(
      fc.constantFrom('000000000007010304', '010304', '0001000000050103', '0183'),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([head, tail]) => Buffer.concat([hex(head), tail]));
  const chunks = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b)),
      nearFrame,
    ),
    {
      maxLength: 20,
    },
  );

  for (const [name, make, good] of framers)
    test(`${name}: no bytes make it throw or wedge: on a new connection a good reply is heard`, () => {
      fc.assert(
        fc.property(chunks, fc.boolean(), (noise, askFirst) => {
          const framer = make();
          const { heard, sink } = ears();
          if (askFirst) framer.ask(request(1), 100);
          for (const bytes of noise) framer.receive(bytes, sink);
          expect(heard.filter((h) => h[0] === 'desync').length).toBeLessThanOrEqual(1);
          framer.expire(100);
          framer.reset();
          heard.length = 0;
          const asked = framer.ask(request(2), 200);
          framer.receive(good(asked), sink);
          expect(heard).toEqual([['reply', 2, '00010002']]);
        }),
        { numRuns: 500 },
      );
    });
});
