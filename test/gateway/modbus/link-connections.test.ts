// The pace of a link and the life of its connections: half-open, refused, hung up, replaced, stopped.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../../helpers/modbus-servers/misbehaving-server.ts';
import type { Ticket } from '../../../gateway/modbus/link.ts';
import { until } from '../../helpers/wait.ts';
import { ask, behaveOnce, makeLink, makeTicket, server } from './bus.ts';

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
