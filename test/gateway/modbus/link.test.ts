// A link against a server that misbehaves on the wire: every answer a request gets is its own, or none.
import { describe, expect, test } from 'vitest';
import type { Asked } from '../../helpers/modbus-servers/misbehaving-server.ts';
import { until } from '../../helpers/wait.ts';
import { ask, behaveOnce, makeLink, QUICK, server } from './bus.ts';

describe('what a server can do to an answer', () => {
  test('in single bytes: it is heard whole', async () => {
    const s = await server(async (asked, self) => {
      for (const byte of self.frame(asked)) {
        asked.socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const { link } = makeLink(s.port);
    expect(await ask(link, { address: 40, count: 3 })).toEqual([40, 41, 42]);
  });

  test('several in one piece and in another order: each reaches its own request', async () => {
    const held: Asked[] = [];
    const s = await server((asked, self) => {
      held.push(asked);
      if (held.length < 4) return;
      asked.socket.write(
        Buffer.concat(
          held
            .splice(0)
            .toReversed()
            .map((a) => self.frame(a)),
        ),
      );
    });
    const { link } = makeLink(s.port, { maxInFlight: 4 });
    const answers = await Promise.all([10, 20, 30, 40].map((address) => ask(link, { address, count: 1 })));
    expect(answers).toEqual([[10], [20], [30], [40]]);
  });

  test('late, after its request timed out: it is dropped, and later requests get their own answers', async () => {
    const s = await server((asked, self) => {
      if (asked.address !== 7) return self.answer(asked);
      // Comes in the middle of the requests that follow.
      return void setTimeout(() => asked.socket.write(self.frame(asked)), 90);
    });
    const { link } = makeLink(s.port, { limits: { readRetries: 0 } });
    expect(await ask(link, { address: 7, timeoutMs: 60 })).toBe('timeout');
    for (let n = 0; link.counters.late === 0; n++)
      expect(await ask(link, { address: 100 + n })).toEqual([100 + n, 101 + n]);
    expect(link.counters.late).toBe(1);
    expect(link.counters.losses).toBe(0);
  });

  test('with a wrong unit: refused, asked again, then heard', async () => {
    const s = await server(behaveOnce((asked, self) => asked.socket.write(self.frame(asked, { unit: 9 }))));
    const { link } = makeLink(s.port);
    expect(await ask(link)).toEqual([0, 1]);
    expect(link.counters).toMatchObject({ failures: 1, retries: 1, losses: 0 });
  });

  test('always with a wrong unit: the reason says so', async () => {
    const s = await server((asked, self) => asked.socket.write(self.frame(asked, { unit: 9 })));
    const { link } = makeLink(s.port);
    expect(await ask(link)).toBe('wrong-unit');
  });

  test('with fewer registers than asked: short-reply, never the wrong number of values', async () => {
    const s = await server((asked, self) => asked.socket.write(self.frame(asked, { count: 1 })));
    const { link } = makeLink(s.port);
    expect(await ask(link)).toBe('short-reply');
  });

  test('cut in the middle, then silence: the connection is replaced and the request asked again', async () => {
    const s = await server(behaveOnce((asked, self) => asked.socket.write(self.frame(asked).subarray(0, 10))));
    const { link } = makeLink(s.port, { limits: { downAfterMs: 30_000 } });
    expect(await ask(link, { address: 3, timeoutMs: 300 })).toEqual([3, 4]);
    expect(s.connections).toBe(2);
  });

  test('with a length that lies: the connection is replaced', async () => {
    const s = await server(
      behaveOnce((asked, self) => {
        const frame = self.frame(asked);
        frame.writeUInt16BE(200, 4);
        asked.socket.write(frame);
      }),
    );
    const { link } = makeLink(s.port);
    expect(await ask(link, { address: 3 })).toEqual([3, 4]);
    expect(link.counters.desyncs).toBe(1);
    expect(s.connections).toBe(2);
  });

  test('with stray bytes before it: skipped, the connection stays', async () => {
    const s = await server((asked, self) =>
      asked.socket.write(Buffer.concat([Buffer.from('+OK\r\n'), self.frame(asked)])),
    );
    const { link } = makeLink(s.port);
    expect(await ask(link, { address: 3 })).toEqual([3, 4]);
    expect(link.counters).toMatchObject({ resyncs: 1, losses: 0 });
  });

  test('twice: the second one reaches nobody', async () => {
    const s = await server((asked, self) => asked.socket.write(Buffer.concat([self.frame(asked), self.frame(asked)])));
    const { link } = makeLink(s.port);
    for (let address = 0; address < 20; address++) expect(await ask(link, { address })).toEqual([address, address + 1]);
  });

  test('without echoing ids: never believed, and the reason says so', async () => {
    const s = await server((asked, self) => asked.socket.write(self.frame(asked, { id: 0x4242 })));
    const { link } = makeLink(s.port);
    expect(await ask(link)).toBe('wrong-unit');
  });

  test('busy (06): asked again a little later, a bounded number of times', async () => {
    const s = await server((asked, self) => (asked.nth < 2 ? self.refuse(asked, 6) : self.answer(asked)));
    const { link } = makeLink(s.port);
    expect(await ask(link, { address: 5 })).toEqual([5, 6]);
    expect(link.counters.busyRetries).toBe(2);
    s.behave = (asked) => s.refuse(asked, 6);
    expect(await ask(link)).toBe('exception-06');
    expect(link.counters.busyRetries).toBe(2 + QUICK.busyRetries);
  });
});

describe('ids', () => {
  test('run on over 65,536 requests without a mismatch, while every thousandth answer comes late', async () => {
    let late = 0;
    const s = await server((asked, self) => {
      if (asked.nth % 1_000 !== 999) return self.answer(asked);
      late++;
      return void setTimeout(() => asked.socket.destroyed || asked.socket.write(self.frame(asked)), 40);
    });
    // A slow machine times out more often; that must not end the test early.
    const { link } = makeLink(s.port, { maxInFlight: 16, limits: { breakerFailures: Infinity } });
    let mismatches = 0;
    const worker = async (from: number): Promise<void> => {
      for (let n = 0; s.asked.length < 70_000; n++) {
        const address = (from * 4_000 + n * 7) % 60_000;
        const outcome = await ask(link, { address, count: 1, timeoutMs: 20 });
        if (typeof outcome !== 'string' && outcome[0] !== address) mismatches++;
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, i) => worker(i)));
    expect(late).toBeGreaterThan(60);
    expect(mismatches).toBe(0);
  }, 120_000);
});

describe('slaves of one bus', () => {
  test('a dead slave opens its breaker, is asked less and less often, and the others do not wait for it', async () => {
    const s = await server((asked, self) => asked.unit !== 5 && self.answer(asked));
    const { link, events } = makeLink(s.port);
    await until(async () => (await ask(link, { unit: 5, timeoutMs: 20 })) === 'breaker-open', { what: 'it opens' });
    expect(events).toContain('lost 5 timeout');
    const before = s.of(5).length;
    const start = performance.now();
    for (let n = 0; n < 300; n++) {
      await ask(link, { unit: 5, timeoutMs: 20 });
      expect(await ask(link, { unit: 1, address: n })).toEqual([n, n + 1]);
    }
    const probes = s.of(5).length - before;
    expect(probes).toBeLessThanOrEqual(2 + (performance.now() - start) / QUICK.breakerProbeMinMs);
    expect(probes).toBeLessThan(100);
  });

  test('a slave that comes back is found by a probe', async () => {
    let dead = true;
    const s = await server((asked, self) => (asked.unit === 5 && dead ? undefined : self.answer(asked)));
    const { link, events } = makeLink(s.port);
    await ask(link, { unit: 1 });
    await until(async () => (await ask(link, { unit: 5, timeoutMs: 20 })) === 'breaker-open', { what: 'it opens' });
    dead = false;
    await until(async () => Array.isArray(await ask(link, { unit: 5, timeoutMs: 20 })), { what: 'it is heard again' });
    expect(events.at(-1)).toBe('back 5');
  });

  test('a gateway that answers 0A or 0B for a slave is not silent: the breaker opens, the connection stays', async () => {
    const s = await server((asked, self) => (asked.unit === 5 ? self.refuse(asked, 11) : self.answer(asked)));
    const { link, events } = makeLink(s.port);
    await until(async () => (await ask(link, { unit: 5 })) === 'breaker-open', { what: 'it opens' });
    expect(events).toContain('lost 5 exception-0B');
    expect(s.connections).toBe(1);
  });

  test('exception 02, 03 or 04 is an answer: it never opens a breaker', async () => {
    const s = await server((asked, self) => self.refuse(asked, (asked.nth % 3) + 2));
    const { link, events } = makeLink(s.port);
    for (let n = 0; n < 12; n++) expect(await ask(link)).toBe(`exception-0${(n % 3) + 2}`);
    expect(events).toEqual(['ready', 'up']);
  });

  test('safety reads go out before slow ones that were queued earlier', async () => {
    const held: Asked[] = [];
    const s = await server((asked) => void held.push(asked));
    const { link } = makeLink(s.port);
    await until(() => link.state.name === 'ready', { what: 'ready' });
    const asks = ([3, 3, 0] as const).map((priority, n) => ask(link, { priority, address: n * 10, timeoutMs: 5_000 }));
    for (let n = 1; n <= 3; n++) {
      await until(() => held.length === n, { what: `request ${n} came` });
      const last = held.at(-1);
      if (last) s.answer(last);
    }
    await Promise.all(asks);
    expect(held.map((a) => a.address)).toEqual([0, 20, 10]);
  });
});

describe('RTU over TCP', () => {
  const rtu = { framing: 'rtu', settleMs: 10 } as const;

  test('a reply with a wrong CRC replaces the connection, and the request is asked again', async () => {
    const s = await server(
      behaveOnce((asked, self) => {
        const frame = self.frame(asked);
        frame.writeUInt8(frame.readUInt8(4) ^ 0x10, 4);
        asked.socket.write(frame);
      }),
      'rtu',
    );
    const { link } = makeLink(s.port, rtu);
    expect(await ask(link, { address: 3 })).toEqual([3, 4]);
    expect(s.connections).toBe(2);
  });

  test('a late answer is never taken for the next request of the same length', async () => {
    const s = await server((asked, self) => {
      if (asked.nth !== 0) return self.answer(asked);
      return void setTimeout(() => asked.socket.destroyed || self.answer(asked), 60);
    }, 'rtu');
    const { link } = makeLink(s.port, { ...rtu, limits: { readRetries: 0 } });
    expect(await ask(link, { address: 500, timeoutMs: 50 })).toBe('timeout');
    for (let n = 0; n < 30; n++) expect(await ask(link, { address: n })).toEqual([n, n + 1]);
    expect(s.connections).toBe(2);
  });

  test('an old answer that a converter still sends after connecting is thrown away', async () => {
    const s = await server(undefined, 'rtu');
    s.onConnection = (socket) => socket.write(s.wrap({ id: 0, unit: 1 }, Buffer.from('0304deadbeef', 'hex')));
    const { link } = makeLink(s.port, { ...rtu, settleMs: 80 });
    expect(await ask(link, { address: 3 })).toEqual([3, 4]);
  });

  test('a dead slave costs its timeout and a short pause, and the others go on', async () => {
    const s = await server((asked, self) => asked.unit !== 5 && self.answer(asked), 'rtu');
    const { link, events } = makeLink(s.port, rtu);
    const outcomes: unknown[] = [];
    const dead = (async () => {
      for (let n = 0; n < 4; n++) outcomes.push(await ask(link, { unit: 5, timeoutMs: 30 }));
    })();
    for (let n = 0; n < 40; n++) expect(await ask(link, { unit: 1, address: n })).toEqual([n, n + 1]);
    await dead;
    expect(outcomes).toContain('timeout');
    expect(events).not.toContain('down timeout');
  });
});
