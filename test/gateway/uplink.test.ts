// The uplink over a real Mosquitto: whatever is lost on the way or forgotten at either end, every record is applied by
// the hub once and in order.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Lane } from '../../device-profiles/contract/point.ts';
import { encodeReceipt, topics } from '../../device-profiles/contract/wire.ts';
import { encodeIndex, type PointIndex } from '../../gateway/birth.ts';
import type { SpoolOptions } from '../../gateway/spool.ts';
import { Uplink } from '../../gateway/uplink.ts';
import type { UplinkLimits } from '../../gateway/uplink/limits.ts';
import { connectAsync } from 'mqtt';
import { startMosquitto, type Mosquitto } from '../helpers/mosquitto.ts';
import { describeWith } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { BIRTH, open, sample, silent, systemClock } from './spool/rig.ts';
import { TestHub, type TestHubOptions } from './uplink/hub.ts';

const INDEX: PointIndex = { id: BIRTH.id, devices: [], models: [] };
const QUICK: Partial<UplinkLimits> = {
  reconnectFirstMs: 20,
  reconnectLastMs: 200,
  birthRetryFirstMs: 1_000,
  repeatQuietMs: 100,
  mintQuietMs: 50,
};
const PASSWORD = 'gateway-secret';
const NAMES = Array.from({ length: 30 }, (_, k) => `gw-${k + 1}`);

/** One broker for all; each test is another gateway, and ends what it started. */
const shared: { broker?: Mosquitto; gateway: string; undo: (() => Promise<void>)[] } = { gateway: '', undo: [] };
beforeEach(() => {
  shared.gateway = NAMES.shift() ?? '';
});
afterEach(async () => {
  for (const undo of shared.undo.splice(0).toReversed()) await undo();
});
const ended = (undo: () => Promise<unknown>): void => {
  shared.undo.push(async () => void (await undo()));
};
const broker = (): Mosquitto => {
  if (!shared.broker) throw new Error('no broker');
  return shared.broker;
};

async function gateway(dir: string, more: Partial<SpoolOptions> = {}, url = broker().url) {
  const spool = await open(dir, { gateway: shared.gateway, ...more });
  const uplink = new Uplink({
    url,
    username: shared.gateway,
    password: PASSWORD,
    gateway: shared.gateway,
    community: 'xingfuli',
    software: 'test',
    writesHistory: false,
    index: INDEX,
    spool,
    snapshot: () => [],
    beat: () => ({ spool: { bytes: 1, maxBytes: 2, dropped: 0 }, devices: { online: 1, offline: 0 }, links: {} }),
    clock: systemClock,
    log: silent,
    limits: QUICK,
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await uplink.stop();
    await spool.close();
  };
  ended(stop);
  uplink.start();
  return { spool, uplink, stop };
}

async function hub(more: Partial<TestHubOptions> = {}): Promise<TestHub> {
  const url = new URL(broker().url);
  url.username = 'hub';
  url.password = 'hub-secret';
  const testHub = new TestHub({ url: url.href, gateway: shared.gateway, ...more });
  await testHub.start();
  ended(() => testHub.stop());
  return testHub;
}

type Gateway = Awaited<ReturnType<typeof gateway>>;

async function fill({ spool }: Gateway, lane: Lane, from: number, to: number): Promise<void> {
  for (let k = from; k <= to; k++) await spool.append(lane, [sample(spool, k)]).done;
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, k) => from + k);

const delivered = ({ spool, uplink }: Gateway, h: TestHub, lane: Lane) =>
  until(() => h.epoch === spool.epoch && h.cursor(lane).seq === spool.head()[lane], {
    ms: 25_000,
    what: () =>
      `the hub has all of ${lane}: hub ${JSON.stringify(h.cursor(lane))}, head ${spool.head()[lane]}, ${JSON.stringify(uplink.stats())}`,
  });

describeWith(['mosquitto'], 'over Mosquitto, with an identity and topic rights of its own', () => {
  beforeAll(async () => {
    shared.broker = await startMosquitto({
      users: { ...Object.fromEntries(NAMES.map((name) => [name, PASSWORD])), hub: 'hub-secret' },
      acl: [
        'pattern write fengsui/v1/%u/birth',
        'pattern write fengsui/v1/%u/up/+',
        'pattern write fengsui/v1/%u/state',
        'pattern write fengsui/v1/%u/beat',
        'pattern read fengsui/v1/%u/receipt/+',
        'pattern read fengsui/v1/%u/ask',
        'user hub',
        'topic readwrite fengsui/#',
        '',
      ].join('\n'),
    });
  });

  test('birth, receipts, both lanes in order, cursor at the end', async () => {
    const h = await hub();
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 60);
    await fill(g, 'telemetry', 1, 60);
    await delivered(g, h, 'safety');
    await delivered(g, h, 'telemetry');
    expect(h.applied).toEqual({ safety: numbers(1, 60), telemetry: numbers(1, 60) });
    await until(() => g.spool.consumer('uplink').position('safety') === 60, { what: 'the cursor follows' });
    expect(h.states.at(-1)?.online).toBe(true);
    await until(() => h.beats.length > 0, { what: 'a beat' });
    expect(h.beats[0]).toMatchObject({ epoch: g.spool.epoch, birth: BIRTH.id });
    await g.stop();
    await until(() => h.states.at(-1)?.online === false, { what: 'a goodbye' });
  });

  test('what piled up while the hub was away comes safety first', async () => {
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'telemetry', 1, 100);
    await fill(g, 'safety', 1, 100);
    const h = await hub();
    h.ask();
    await delivered(g, h, 'safety');
    await delivered(g, h, 'telemetry');
    expect(h.arrivals.lastIndexOf('safety')).toBeLessThan(h.arrivals.indexOf('telemetry') + 20);
    expect(h.arrivals.slice(0, 16)).toEqual(Array.from({ length: 16 }, () => 'safety'));
  });

  test('batches lost on the way are sent again, and nothing is applied twice', async () => {
    let lost = 0;
    const h = await hub({ lose: (_lane, k) => k % 7 === 3 && ++lost < 40 });
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 150);
    await delivered(g, h, 'safety');
    expect(lost).toBeGreaterThan(3);
    expect(h.applied.safety).toEqual(numbers(1, 150));
  });

  test('lost receipts cost a repeat and nothing else', async () => {
    let k = 0;
    const h = await hub({ mute: () => k++ % 3 === 1 });
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 100);
    await delivered(g, h, 'safety');
    expect(h.applied.safety).toEqual(numbers(1, 100));
    await until(() => g.spool.consumer('uplink').position('safety') === 100, {
      what: 'the cursor follows',
      ms: 15_000,
    });
  });

  test('a broker that is killed and comes back', async () => {
    const h = await hub();
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 20);
    await delivered(g, h, 'safety');
    await broker().kill();
    await fill(g, 'safety', 21, 40);
    await until(() => !g.uplink.stats().connected, { what: 'the loss is noticed' });
    await broker().restart();
    await fill(g, 'safety', 41, 60);
    await until(() => g.uplink.stats().connects === 2, { what: 'connected again' });
    h.ask();
    await delivered(g, h, 'safety');
    expect(h.applied.safety).toEqual(numbers(1, 60));
  });

  test('a gateway that restarts goes on under the same epoch', async () => {
    const dir = tempDir('uplink');
    const h = await hub();
    const g = await gateway(dir);
    await fill(g, 'safety', 1, 20);
    await delivered(g, h, 'safety');
    const { epoch } = g.spool;
    await g.stop();
    const again = await gateway(dir);
    await fill(again, 'safety', 21, 40);
    await delivered(again, h, 'safety');
    expect(again.spool.epoch).toBe(epoch);
    expect(again.uplink.stats().epochsMinted).toBe(0);
    expect(h.applied.safety).toEqual(numbers(1, 40));
  });

  test('a hub restored from an old backup gets its safety records again', async () => {
    const h = await hub();
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 20);
    await delivered(g, h, 'safety');
    const old = h.backup();
    await fill(g, 'safety', 21, 60);
    await delivered(g, h, 'safety');
    await until(() => g.spool.consumer('uplink').position('safety') === 60, { what: 'all is receipted' });
    await h.stop();
    const restored = await hub();
    restored.cursors = old;
    restored.epoch = g.spool.epoch;
    restored.ask();
    await delivered(g, restored, 'safety');
    expect(restored.applied.safety).toEqual(numbers(21, 60));
    expect(g.uplink.stats().epochsMinted).toBe(0);
  });

  test('a hub that lost everything gets all that is kept', async () => {
    const h = await hub();
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 30);
    await delivered(g, h, 'safety');
    await h.stop();
    const empty = await hub();
    empty.ask();
    await delivered(g, empty, 'safety');
    expect(empty.applied.safety).toEqual(numbers(1, 30));
  });

  test('a gateway restored from an old disk mints a new epoch, and no new record is taken for a repeat', async () => {
    const dir = tempDir('uplink');
    const copy = join(tempDir('uplink-copy'), 'old');
    const h = await hub();
    const g = await gateway(dir);
    await fill(g, 'safety', 1, 20);
    await delivered(g, h, 'safety');
    await g.stop();
    cpSync(dir, copy, { recursive: true });
    const g2 = await gateway(dir);
    await fill(g2, 'safety', 21, 40);
    await delivered(g2, h, 'safety');
    await g2.stop();
    const restored = await gateway(copy);
    await fill(restored, 'safety', 101, 110);
    await delivered(restored, h, 'safety');
    expect(restored.uplink.stats().epochsMinted).toBe(1);
    expect(h.applied.safety).toEqual([...numbers(1, 40), ...numbers(101, 110)]);
  });

  test('a restored disk that has run on past the hub is found by its CRC', async () => {
    const dir = tempDir('uplink');
    const copy = join(tempDir('uplink-copy'), 'old');
    const h = await hub();
    const g = await gateway(dir);
    await fill(g, 'safety', 1, 20);
    await delivered(g, h, 'safety');
    await g.stop();
    cpSync(dir, copy, { recursive: true });
    const g2 = await gateway(dir);
    await fill(g2, 'safety', 21, 30);
    await delivered(g2, h, 'safety');
    await g2.stop();
    // Runs on alone, past sequence 30, before it meets the hub again.
    const alone = await open(copy, { gateway: shared.gateway });
    for (const k of numbers(101, 150)) await alone.append('safety', [sample(alone, k)]).done;
    await alone.close();
    const restored = await gateway(copy);
    await delivered(restored, h, 'safety');
    expect(restored.uplink.stats().epochsMinted).toBe(1);
    expect(h.applied.safety).toEqual([...numbers(1, 30), ...numbers(101, 150)]);
  });

  test('a wiped disk starts an epoch of its own', async () => {
    const dir = tempDir('uplink');
    const h = await hub();
    const g = await gateway(dir);
    await fill(g, 'safety', 1, 10);
    await delivered(g, h, 'safety');
    await g.stop();
    rmSync(dir, { recursive: true });
    const fresh = await gateway(dir);
    await fill(fresh, 'safety', 11, 20);
    await delivered(fresh, h, 'safety');
    expect(h.applied.safety).toEqual(numbers(1, 20));
  });

  test('a wiped disk with a clock that is wrong as well: the order is taken up above the hub', async () => {
    const dir = tempDir('uplink');
    const h = await hub();
    const g = await gateway(dir);
    await fill(g, 'safety', 1, 10);
    await delivered(g, h, 'safety');
    await g.stop();
    rmSync(dir, { recursive: true });
    const fresh = await gateway(dir, { clock: { ...systemClock, now: () => 86_400_000 } });
    await fill(fresh, 'safety', 11, 20);
    await until(() => h.applied.safety.length === 20, { what: () => `all is applied: ${h.applied.safety.join()}` });
    expect(h.applied.safety).toEqual(numbers(1, 20));
  });

  test('history that lags keeps records in the spool but does not hold up the lane', async () => {
    const h = await hub();
    h.storedLags = true;
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 50);
    await delivered(g, h, 'safety');
    expect(g.spool.consumer('uplink').position('safety')).toBe(0);
    h.store('safety');
    await until(() => g.spool.consumer('uplink').position('safety') === 50, { what: 'the cursor follows history' });
  });

  test('history that was lost is sent again in order beside what is new, in one go', async () => {
    const h = await hub();
    h.historyInOrder = true;
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 400);
    await delivered(g, h, 'safety');
    const { taken } = h.forHistory;
    h.cursor('safety').stored = 0;
    h.ask();
    await until(() => h.births.length > 1, { what: 'the gateway is asked where history stands' });
    await fill(g, 'safety', 401, 500);
    await delivered(g, h, 'safety');
    await until(() => h.cursor('safety').stored === g.spool.head().safety, {
      what: () => `history has all: ${JSON.stringify([h.cursor('safety'), h.forHistory, g.uplink.stats()])}`,
    });
    expect(h.applied.safety).toEqual(numbers(1, 500));
    // Once each, save what was new while history was behind.
    expect(h.forHistory.taken - taken).toBeLessThanOrEqual(500);
    expect(h.forHistory.ahead).toBeLessThanOrEqual(100);
    expect(h.rewinds).toBe(0);
    expect(g.uplink.stats().lanes.safety.timeouts).toBe(0);
  });

  test('what was given up for space is told as a loss with bounds, and the lane goes on', async () => {
    const limits = { segmentBytes: 400, tailBytes: 0, maxBytes: 6_000 };
    const g = await gateway(tempDir('uplink'), { limits });
    await fill(g, 'telemetry', 1, 100);
    await until(() => g.spool.stats().bytes <= 6_000, { what: 'space is made' });
    const h = await hub();
    h.ask();
    await delivered(g, h, 'telemetry');
    expect(h.losses).toHaveLength(1);
    const [[from, to] = [0, 0]] = h.losses;
    expect(from).toBe(1);
    expect(h.applied.telemetry).toEqual(numbers(to + 1, 100));
  });

  test('batches of an older point index are explained on request', async () => {
    const dir = tempDir('uplink');
    const earlier = await open(dir, { gateway: shared.gateway, birth: { id: 'cd'.repeat(16), bytes: oldBirth() } });
    for (const k of numbers(1, 10)) await earlier.append('safety', [sample(earlier, k)]).done;
    await earlier.close();
    const h = await hub();
    const g = await gateway(dir);
    await fill(g, 'safety', 11, 20);
    await delivered(g, h, 'safety');
    expect(h.applied.safety).toEqual(numbers(1, 20));
    expect(h.births.some((b) => b.birth === 'cd'.repeat(16) && !b.snapshot)).toBe(true);
  });

  test('an index that is lost makes its batches a loss, and the lane goes on', async () => {
    const dir = tempDir('uplink');
    const earlier = await open(dir, { gateway: shared.gateway, birth: { id: 'cd'.repeat(16), bytes: oldBirth() } });
    for (const k of numbers(1, 10)) await earlier.append('safety', [sample(earlier, k)]).done;
    await earlier.close();
    rmSync(join(dir, 'births'), { recursive: true });
    const h = await hub();
    const g = await gateway(dir);
    await fill(g, 'safety', 11, 20);
    await delivered(g, h, 'safety');
    expect(h.applied.safety).toEqual(numbers(11, 20));
    expect(h.losses.at(-1)?.[1]).toBe(10);
  });

  test('messages that are not of the wire are counted and change nothing', async () => {
    const h = await hub();
    const g = await gateway(tempDir('uplink'));
    await fill(g, 'safety', 1, 5);
    await delivered(g, h, 'safety');
    const client = await connectAsync(broker().url, { username: 'hub', password: 'hub-secret' });
    ended(() => client.endAsync(true));
    const topic = topics.receipt(shared.gateway, 'safety');
    await client.publishAsync(topic, 'not CBOR', { qos: 1 });
    const foreign = encodeReceipt({ v: 1, epoch: 'f'.repeat(32), seq: 999, stored: 999, crc: 1 });
    await client.publishAsync(topic, foreign, { qos: 1 });
    await until(() => g.uplink.stats().refusedMessages === 1, { what: 'it is counted' });
    await fill(g, 'safety', 6, 10);
    await delivered(g, h, 'safety');
    expect(g.uplink.stats().epochsMinted).toBe(0);
  });

  test('with the wrong password it says so and keeps trying', async () => {
    const spool = await open(tempDir('uplink'));
    const uplink = new Uplink({
      url: broker().url,
      username: shared.gateway,
      password: 'wrong',
      gateway: shared.gateway,
      community: 'c',
      software: 's',
      writesHistory: false,
      index: INDEX,
      spool,
      snapshot: () => [],
      beat: () => ({ spool: { bytes: 1, maxBytes: 2, dropped: 0 }, devices: { online: 1, offline: 0 }, links: {} }),
      clock: systemClock,
      log: silent,
      limits: QUICK,
    });
    ended(async () => {
      await uplink.stop();
      await spool.close();
    });
    uplink.start();
    expect(
      await until(() => /not authori[sz]ed|bad user/i.test(uplink.stats().fault), { what: 'the fault is told' }),
    ).toBe(true);
  });
});

/** An index as an earlier start of the gateway kept it. */
function oldBirth(): Buffer {
  const index = { id: 'cd'.repeat(16), devices: [], models: [] };
  const head = { safety: 0, telemetry: 0 };
  const state = { gateway: shared.gateway, community: 'c', software: 's', epoch: '0'.repeat(32), at: 0, head };
  return encodeIndex(index, { ...state, writesHistory: false });
}
