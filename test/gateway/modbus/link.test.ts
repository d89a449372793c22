// A link against a server that misbehaves on the wire: every answer a request gets is its own, or none.
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { TcpFramer } from '../../../gateway/modbus/framer.ts';
import { MODBUS_LIMITS, type ModbusLimits } from '../../../gateway/modbus/limits.ts';
import { Link, type LinkEvents, type Ticket } from '../../../gateway/modbus/link.ts';
import { RtuFramer } from '../../../gateway/modbus/rtu-framer.ts';
import { TcpTransport } from '../../../gateway/modbus/tcp-transport.ts';
import type { Priority } from '../../../gateway/modbus/bus-queue.ts';
import {
  startMisbehaving,
  type Asked,
  type Behaviour,
  type MisbehavingServer,
} from '../../helpers/modbus-servers/misbehaving-server.ts';
import { until, within } from '../../helpers/wait.ts';
import { realClock } from './site.ts';

interface Settings {
  readonly limits?: Partial<ModbusLimits>;
  readonly maxInFlight?: number;
  readonly requestGapMs?: number;
  readonly settleMs?: number;
  readonly framing?: 'tcp' | 'rtu';
}

/** Waits short enough for a test; the ratios are those of the defaults. */
const QUICK: ModbusLimits = {
  ...MODBUS_LIMITS,
  resetPauseMs: 5,
  backoffMinMs: 10,
  backoffMaxMs: 40,
  downAfterMs: 200,
  busyRetryMs: 2,
  breakerProbeMinMs: 60,
  breakerProbeMaxMs: 240,
};

const links: Link[] = [];
afterEach(() => links.splice(0).forEach((l) => l.stop()));

interface Told {
  readonly link: Link;
  readonly events: string[];
  readonly notes: string[];
}

function makeLink(port: number, settings: Settings = {}): Told {
  const events: string[] = [];
  const notes: string[] = [];
  const limits = { ...QUICK, ...settings.limits };
  const rtu = settings.framing === 'rtu';
  const transport = new TcpTransport<Ticket>({
    host: '127.0.0.1',
    port,
    framer: rtu ? new RtuFramer<Ticket>() : new TcpFramer<Ticket>(limits.lateIdsMax),
    maxInFlight: rtu ? 1 : (settings.maxInFlight ?? 1),
    clock: realClock,
    limits,
  });
  const heard: LinkEvents = {
    ready: () => events.push('ready'),
    up: () => events.push('up'),
    down: (reason) => events.push(`down ${reason}`),
    slaveLost: (unit, reason) => events.push(`lost ${unit} ${reason}`),
    slaveBack: (unit) => events.push(`back ${unit}`),
  };
  const link = new Link({
    name: 'test',
    transport,
    clock: realClock,
    limits,
    settleMs: settings.settleMs ?? 0,
    requestGapMs: settings.requestGapMs ?? 0,
    events: heard,
    random: () => 0,
    note: (context, message) => notes.push(`${message} ${JSON.stringify(context)}`),
  });
  links.push(link);
  link.start();
  return { link, events, notes };
}

interface Want {
  readonly unit?: number;
  readonly address?: number;
  readonly count?: number;
  readonly timeoutMs?: number;
  readonly priority?: Priority;
}

/** Submits until the link takes it, again after an interruption, as its owner would; gives the registers or the reason. */
async function ask(link: Link, want: Want = {}): Promise<number[] | string> {
  const { unit = 1, address = 0, count = 2, timeoutMs = 5_000, priority = 1 } = want;
  let settle: (outcome: number[] | string | undefined) => void = () => undefined;
  const ticket: Ticket = {
    unit,
    table: 'holding',
    address,
    count,
    priority,
    timeoutMs,
    attempts: 0,
    done: (data) => settle(Array.from({ length: count }, (_, k) => data.readUInt16BE(k * 2))),
    failed: (reason) => settle(reason),
    interrupted: () => settle(undefined),
  };
  for (;;) {
    const heard = new Promise<number[] | string | undefined>((resolve) => (settle = resolve));
    const submitted = link.submit(ticket);
    if (submitted === 'breaker-open' || submitted === 'link-down') return submitted;
    if (submitted !== 'queued') {
      await until(() => link.state.name === 'ready', { what: 'the link is ready', everyMs: 1 });
      continue;
    }
    const outcome = await within(heard, { what: `unit ${unit} address ${address} is settled` });
    if (outcome !== undefined) return outcome;
  }
}

const behaveOnce =
  (first: Behaviour): Behaviour =>
  (asked, server) =>
    asked.nth === 0 ? first(asked, server) : server.answer(asked);

const server = (behave?: Behaviour, framing: 'tcp' | 'rtu' = 'tcp'): Promise<MisbehavingServer> =>
  startMisbehaving(behave, framing);

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

describe('pace', () => {
  test('one request at a time unless the profile allows more', async () => {
    let waiting = 0;
    let most = 0;
    const slow: Behaviour = (asked, self) => {
      most = Math.max(most, ++waiting);
      setTimeout(() => {
        waiting--;
        self.answer(asked);
      }, 5);
    };
    const s = await server(slow);
    const single = makeLink(s.port).link;
    await Promise.all(Array.from({ length: 10 }, (_, n) => ask(single, { address: n })));
    expect(most).toBe(1);
    const four = makeLink(s.port, { maxInFlight: 4 }).link;
    await Promise.all(Array.from({ length: 20 }, (_, n) => ask(four, { address: n })));
    expect(most).toBe(4);
  });

  test('the pause between requests and the one after connecting are kept', async () => {
    const times: number[] = [];
    let connected = 0;
    const s = await server((asked, self) => {
      times.push(performance.now());
      self.answer(asked);
    });
    s.onConnection = () => (connected = performance.now());
    const { link } = makeLink(s.port, { settleMs: 60, requestGapMs: 30 });
    await Promise.all([1, 2, 3, 4].map((address) => ask(link, { address })));
    expect((times[0] ?? 0) - connected).toBeGreaterThan(50);
    for (let n = 1; n < times.length; n++) expect((times[n] ?? 0) - (times[n - 1] ?? 0)).toBeGreaterThan(27);
  });

  test('a full queue refuses, and counts it', async () => {
    const s = await server(() => undefined);
    const { link } = makeLink(s.port, { limits: { queueMax: 2 } });
    await until(() => link.state.name === 'ready', { what: 'ready' });
    const quiet = (): void => undefined;
    const make = (address: number): Ticket => ({
      unit: 1,
      table: 'holding',
      address,
      count: 1,
      priority: 1,
      timeoutMs: 5_000,
      attempts: 0,
      done: quiet,
      failed: quiet,
      interrupted: quiet,
    });
    expect([1, 2, 3, 4].map((n) => link.submit(make(n)))).toEqual(['queued', 'queued', 'queued', 'full']);
    expect(link.counters.full).toBe(1);
  });
});

describe('connections', () => {
  test('half-open: a server that stops answering is found by deadline, and replaced', async () => {
    let mute = false;
    const s = await server((asked, self) => !mute && self.answer(asked));
    const { link, events } = makeLink(s.port);
    for (let n = 0; n < 12; n++) await ask(link);
    mute = true;
    await until(
      async () => {
        await ask(link, { timeoutMs: 20 });
        return s.connections >= 2;
      },
      { what: 'a new connection' },
    );
    mute = false;
    await until(async () => Array.isArray(await ask(link, { timeoutMs: 100 })), { what: 'answers again' });
    expect(events.filter((e) => e === 'ready').length).toBeGreaterThanOrEqual(2);
  });

  test('closed in the middle of a request: told at once, not after its deadline', async () => {
    const s = await server(behaveOnce((asked) => asked.socket.destroy()));
    const { link } = makeLink(s.port);
    const start = performance.now();
    expect(await ask(link, { timeoutMs: 20_000 })).toEqual([0, 1]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('ended politely by the other side: seen and replaced', async () => {
    const s = await server();
    const { link } = makeLink(s.port);
    await ask(link);
    for (const socket of s.sockets) socket.end();
    await until(() => s.connections === 2, { what: 'a new connection' });
    expect(await ask(link)).toEqual([0, 1]);
  });

  test('refused: tried again for ever, declared down once, up again when the server is there', async () => {
    const s = await server();
    const { port } = s;
    await s.close();
    const { link, events } = makeLink(port, { limits: { downAfterMs: 60 } });
    await until(() => link.counters.losses >= 8, { what: 'eight attempts' });
    expect(events).toEqual(['down link-down']);
    await s.listen(port);
    await until(() => events.includes('ready'), { what: 'ready' });
    expect(await ask(link)).toEqual([0, 1]);
    expect(events).toEqual(['down link-down', 'ready', 'up']);
  });

  test('one unit that makes the server hang up does not take the others with it', async () => {
    const s = await server((asked, self) => (asked.unit === 5 ? asked.socket.destroy() : self.answer(asked)));
    const { link, events } = makeLink(s.port);
    await until(
      async () => {
        await ask(link, { unit: 1 });
        return (await ask(link, { unit: 5 })) === 'breaker-open';
      },
      { what: 'its breaker opens', ms: 15_000 },
    );
    expect(events).toContain('lost 5 link-down');
    expect(await ask(link, { unit: 1, address: 8 })).toEqual([8, 9]);
  });

  test('after stop nothing is open and nothing more is asked', async () => {
    const s = await server();
    const { link } = makeLink(s.port);
    await ask(link);
    link.stop();
    await until(() => s.sockets.size === 0, { what: 'the server sees the end' });
    expect(link.submit(makeTicket())).toBe('not-ready');
    expect(s.connections).toBe(1);
  });

  test('two thousand reconnects leave no socket behind', async () => {
    const s = await server((asked) => asked.socket.destroy());
    const sockets = (): number => readdirSync('/proc/self/fd').length;
    const { link } = makeLink(s.port, {
      limits: { backoffMinMs: 0, backoffMaxMs: 0, resetPauseMs: 0, breakerFailures: 1e9, downAfterMs: 1e9 },
    });
    await until(() => link.state.name === 'ready', { what: 'ready' });
    const before = sockets();
    while (s.connections < 2_000) await ask(link);
    await until(() => s.sockets.size <= 1, { what: 'the server has closed all but one' });
    expect(sockets()).toBeLessThanOrEqual(before + 4);
  }, 60_000);
});

const makeTicket = (): Ticket => ({
  unit: 1,
  table: 'holding',
  address: 0,
  count: 1,
  priority: 1,
  timeoutMs: 100,
  attempts: 0,
  done: () => undefined,
  failed: () => undefined,
  interrupted: () => undefined,
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
