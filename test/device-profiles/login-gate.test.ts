// Who must wait before a password is checked, and who never does.
import { describe, expect, test } from 'vitest';
import { LoginGate, type LoginLimits, type LoginVerdict } from '../../device-profiles/login-gate.ts';

const LIMITS: LoginLimits = {
  refusedLogins: 3,
  forgetMs: 60_000,
  slowMs: 1_000,
  slowWaiting: 2,
  remembered: 100,
  checksAtOnce: 2,
  queued: 10,
};

interface Rig {
  readonly gate: LoginGate;
  now: number;
  /** How long each that must wait does, ms, in order. */
  readonly waits: number[];
  /** Lets those who wait go on. */
  go(): void;
}

function rig(change: Partial<LoginLimits> = {}): Rig {
  const waits: number[] = [];
  const waiting: (() => void)[] = [];
  const state = { now: 1_000_000 };
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    return new Promise((resolve) => waiting.push(resolve));
  };
  const gate = new LoginGate({ ...LIMITS, ...change }, () => state.now, wait);
  const go = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return Object.assign(state, { gate, waits, go });
}

const login = (r: Rig, user: string, good: boolean, address = '10.0.0.1'): Promise<LoginVerdict> =>
  r.gate.check(address, user, () => good);

async function fail(r: Rig, user: string, times: number): Promise<void> {
  for (let k = 0; k < times; k++) {
    r.now += LIMITS.slowMs;
    expect(await login(r, user, false)).toBe('wrong');
  }
}

describe('a pair of user and address that fails', () => {
  test('is checked once a second from then on', async () => {
    const r = rig();
    await fail(r, 'gw-a', LIMITS.refusedLogins);
    const guesses = [login(r, 'gw-a', false), login(r, 'gw-a', false)];
    expect(r.waits).toEqual([LIMITS.slowMs, 2 * LIMITS.slowMs]);
    r.go();
    expect(await Promise.all(guesses)).toEqual(['wrong', 'wrong']);
    expect(r.gate.counters).toMatchObject({ slowedLogins: 2, busyLogins: 0 });
  });

  test('makes nobody else wait: not another user of its address, not its name elsewhere', async () => {
    const r = rig();
    await fail(r, 'gw-a', 10 * LIMITS.refusedLogins);
    expect(await login(r, 'gw-b', true)).toBe('good');
    expect(await login(r, 'gw-a', true, '10.0.0.2')).toBe('good');
    expect(r.waits).toEqual([]);
  });

  test('still gets in with the right password, and its failures are forgotten with that', async () => {
    const r = rig();
    await fail(r, 'gw-a', 10 * LIMITS.refusedLogins);
    const right = login(r, 'gw-a', true);
    r.go();
    expect(await right).toBe('good');
    expect(await login(r, 'gw-a', false)).toBe('wrong');
    expect(r.waits).toEqual([LIMITS.slowMs]);
  });

  test('is fast again after a minute without a failure', async () => {
    const r = rig();
    await fail(r, 'gw-a', LIMITS.refusedLogins);
    r.now += LIMITS.forgetMs + 1;
    expect(await login(r, 'gw-a', false)).toBe('wrong');
    expect(r.waits).toEqual([]);
  });

  test('may have a few waiting; one more is told that it is busy, and nothing of its password', async () => {
    const r = rig();
    await fail(r, 'gw-a', LIMITS.refusedLogins);
    const waiting = [login(r, 'gw-a', false), login(r, 'gw-a', true)];
    expect(await login(r, 'gw-a', true)).toBe('busy');
    r.go();
    expect(await Promise.all(waiting)).toEqual(['wrong', 'good']);
    expect(r.gate.counters).toMatchObject({ busyLogins: 1 });
  });

  test('is one of a bounded number', async () => {
    const r = rig({ remembered: 5 });
    for (let k = 0; k < 50; k++) await login(r, `name ${k}`, false);
    expect(r.gate.counters.forgottenLogins).toBe(45);
  });
});

describe('checks that take their time', () => {
  /** A check that ends when it is told to. */
  function slow(r: Rig, address: string, log: string[]): { end: () => void; done: Promise<LoginVerdict> } {
    let end: () => void = () => undefined;
    const ended = new Promise<boolean>((resolve) => (end = () => resolve(true)));
    const done = r.gate.check(address, `user of ${address}`, () => {
      log.push(address);
      return ended;
    });
    return { end: () => end(), done };
  }
  const turns = async (): Promise<void> => void (await new Promise((resolve) => setImmediate(resolve)));

  test('are made a few at once, and addresses take turns', async () => {
    const r = rig();
    const log: string[] = [];
    const flood = Array.from({ length: 6 }, () => slow(r, 'a', log));
    const other = slow(r, 'b', log);
    await turns();
    expect(log).toEqual(['a', 'a']);
    flood[0]?.end();
    await turns();
    flood[1]?.end();
    await turns();
    expect(log).toEqual(['a', 'a', 'a', 'b']);
    for (const one of [...flood, other]) one.end();
    expect(await Promise.all([...flood, other].map((one) => one.done))).toEqual(Array(7).fill('good'));
    expect(log).toHaveLength(7);
  });

  test('wait in a bounded queue', async () => {
    const r = rig({ queued: 1 });
    const log: string[] = [];
    const three = Array.from({ length: 3 }, () => slow(r, 'a', log));
    const fourth = slow(r, 'b', log);
    expect(await fourth.done).toBe('busy');
    for (const one of three) one.end();
    expect(await Promise.all(three.map((one) => one.done))).toEqual(['good', 'good', 'good']);
  });

  test('and fail by themselves are no failures of who logs in, and give their place on', async () => {
    const r = rig({ checksAtOnce: 1 });
    for (let k = 0; k < 10; k++)
      await expect(r.gate.check('a', 'gw-a', () => Promise.reject(new Error('no database')))).rejects.toThrow('no');
    expect(await login(r, 'gw-a', true)).toBe('good');
    expect(r.waits).toEqual([]);
  });
});
