// The hub's own broker: who gets in, what each gateway may say and hear, and what happens to those who overdo it.
import { connect as connectTcp, Socket } from 'node:net';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { expect, test, vi } from 'vitest';
import { BROKER_LIMITS, openBroker, type Broker, type BrokerOptions } from '../../hub/broker.ts';
import { sha256Hex } from '../../hub/ingest/secret.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { silentLog } from '../helpers/database.ts';
import { mosquittoPub } from '../helpers/mosquitto.ts';
import { describeWith } from '../helpers/needs.ts';
import { nextEvent, until, within } from '../helpers/wait.ts';

const PASSWORDS: Readonly<Record<string, string>> = { 'gw-a': 'secret of a', 'gw-b': 'secret of b' };

interface Rig {
  readonly broker: Broker;
  readonly port: number;
  readonly got: { readonly topic: string; readonly payload: Buffer }[];
  readonly forged: string[];
  /** What the broker takes for the time, ms. */
  now: number;
  /** What `receive` gives back for messages of gw-a. */
  busy: Promise<void> | undefined;
}

async function rig(change: Partial<BrokerOptions> = {}): Promise<Rig> {
  const got: Rig['got'] = [];
  const forged: string[] = [];
  const state = { now: 0, busy: undefined as Promise<void> | undefined };
  const broker = await openBroker({
    host: '127.0.0.1',
    port: 0,
    secretOf: async (name) => (PASSWORDS[name] === undefined ? undefined : sha256Hex(PASSWORDS[name])),
    receive: (topic, payload) => {
      got.push({ topic, payload });
      return topic.includes('/gw-a/') ? state.busy : undefined;
    },
    connected: () => undefined,
    forged: (gateway, topic) => forged.push(`${gateway} ${topic}`),
    log: silentLog,
    monotonic: () => state.now,
    ...change,
  });
  onCleanup(() => broker.stop());
  return Object.assign(state, { broker, port: Number(new URL(broker.url).port), got, forged });
}

async function client(r: Rig, username: string, more: IClientOptions = {}): Promise<MqttClient> {
  const login = { username, password: PASSWORDS[username] ?? '', clientId: `fengsui-gateway-${username}` };
  const made = await connectAsync(r.broker.url, { reconnectPeriod: 0, ...login, ...more });
  // A connection that the broker ends is what these tests are about.
  made.on('error', () => undefined);
  onCleanup(() => void made.end(true));
  return made;
}

/** A connection that says what no library would. */
async function raw(r: Rig, bytes: Uint8Array): Promise<Socket> {
  const socket = connectTcp(r.port, '127.0.0.1');
  socket.on('error', () => undefined);
  onCleanup(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write(bytes);
  return socket;
}

const ended = (who: Socket | MqttClient) => nextEvent(who, 'close', { what: 'the connection is ended' });
const topicsOf = (r: Rig): string[] => r.got.map((m) => m.topic);
/** MQTT CONNECT of version 3.1.1 without a session, as bytes. */
function connectPacket(id: string, user: string, password: string): Buffer {
  const text = (s: string): Buffer => Buffer.concat([Buffer.from([0, Buffer.byteLength(s)]), Buffer.from(s)]);
  const body = Buffer.concat([text('MQTT'), Buffer.from([4, 0xc2, 0, 60]), text(id), text(user), text(password)]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

test('a gateway publishes to its own topics and hears what is meant for it', async () => {
  const r = await rig();
  const a = await client(r, 'gw-a');
  const granted = await a.subscribeAsync(['fengsui/v1/gw-a/receipt/+', 'fengsui/v1/gw-a/ask'], { qos: 1 });
  expect(granted.map((g) => g.qos)).toEqual([1, 1]);
  for (const kind of ['birth', 'up/safety', 'up/telemetry', 'state', 'beat'])
    await a.publishAsync(`fengsui/v1/gw-a/${kind}`, kind, { qos: 1 });
  expect(r.got.map((m) => `${m.topic} ${m.payload.toString()}`)).toEqual(
    ['birth', 'up/safety', 'up/telemetry', 'state', 'beat'].map((kind) => `fengsui/v1/gw-a/${kind} ${kind}`),
  );
  const heard = nextEvent(a, 'message', { what: 'a receipt' });
  r.broker.publish('fengsui/v1/gw-a/receipt/safety', Buffer.from('taken'));
  const [topic, payload] = await heard;
  expect([topic, String(payload)]).toEqual(['fengsui/v1/gw-a/receipt/safety', 'taken']);
});

test('a message is acknowledged when ingest has room again, and till then its connection is not read any further', async () => {
  const r = await rig();
  const [a, b] = [await client(r, 'gw-a'), await client(r, 'gw-b')];
  let free: () => void = () => undefined;
  r.busy = new Promise<void>((resolve) => (free = resolve));
  let acknowledged = false;
  const first = a.publishAsync('fengsui/v1/gw-a/up/safety', 'x', { qos: 1 }).then(() => (acknowledged = true));
  await until(() => r.got.length === 1, { what: 'the first message' });
  const later = Array.from({ length: 300 }, () => a.publishAsync('fengsui/v1/gw-a/up/telemetry', Buffer.alloc(65_536)));
  // Another gateway is heard all the while.
  for (let k = 0; k < 50; k++) await b.publishAsync('fengsui/v1/gw-b/beat', 'x', { qos: 1 });
  const heard = (gateway: string): number => topicsOf(r).filter((topic) => topic.includes(gateway)).length;
  expect(heard('gw-b')).toBe(50);
  expect(acknowledged).toBe(false);
  expect(heard('gw-a')).toBeLessThan(20);
  r.busy = undefined;
  free();
  await Promise.all([first, ...later]);
  await until(() => heard('gw-a') === 301, { what: 'everything that waited' });
});

test.each([
  ['a wrong password', 'gw-a', 'secret of b'],
  ['a password that is missing', 'gw-a', undefined],
  ['a name that nobody has', 'gw-c', 'secret of a'],
  ['a name that is none', '../gw-a', 'secret of a'],
  ['an empty name with an empty password', '', ''],
])('%s is refused', async (_, username, password) => {
  const r = await rig();
  const login = { username, ...(password === undefined ? { password: '' } : { password }) };
  await expect(client(r, username, login)).rejects.toMatchObject({ code: 4 });
  expect(r.broker.counters).toMatchObject({ refusedLogins: 1 });
});

test('a login that cannot be checked is refused as such, and the next one is tried anew', async () => {
  let down = true;
  const secretOf = async (): Promise<string> => {
    if (down) throw new Error('no database');
    return sha256Hex('secret of a');
  };
  const r = await rig({ secretOf });
  await expect(client(r, 'gw-a')).rejects.toMatchObject({ code: 3 });
  down = false;
  expect((await client(r, 'gw-a')).connected).toBe(true);
  expect(r.broker.counters).toMatchObject({ refusedLogins: 0 });
});

test('one who fails keeps nobody of its address out, not even itself once it knows the password', async () => {
  const r = await rig();
  const guesses = BROKER_LIMITS.refusedLogins + 1;
  const guess = (k: number): Promise<unknown> => client(r, 'gw-b', { password: `guess ${k}` });
  for (let k = 0; k < guesses; k++) await expect(guess(k)).rejects.toMatchObject({ code: 4 });
  expect(r.broker.counters).toMatchObject({ refusedLogins: guesses, slowedLogins: 1 });
  expect((await client(r, 'gw-a')).connected).toBe(true);
  expect(r.broker.counters).toMatchObject({ slowedLogins: 1 });
  expect((await client(r, 'gw-b')).connected).toBe(true);
  expect(r.broker.counters).toMatchObject({ refusedLogins: guesses, slowedLogins: 2 });
});

test('one who goes away while it waits for its check leaves nothing behind', async () => {
  const r = await rig();
  for (let k = 0; k < BROKER_LIMITS.refusedLogins; k++)
    await expect(client(r, 'gw-b', { password: `guess ${k}` })).rejects.toMatchObject({ code: 4 });
  const gone = await raw(r, connectPacket('x', 'gw-b', 'guess'));
  await until(() => r.broker.counters['slowedLogins'] === 1, { what: 'it waits' });
  gone.destroy();
  await until(() => r.broker.counters['refusedLogins'] === BROKER_LIMITS.refusedLogins + 1, { what: 'its check' });
  await until(() => r.broker.counters['connections'] === 0, { what: 'no connection' });
  expect((await client(r, 'gw-b')).connected).toBe(true);
});

test.each([
  'fengsui/v1/gw-b/up/safety',
  'fengsui/v1/gw-b/state',
  'fengsui/v1/gw-a/receipt/safety',
  'fengsui/v1/gw-b/receipt/safety',
  'fengsui/v1/gw-a/ask',
  'fengsui/v1/gw-a/up/other',
  'fengsui/v1/gw-a/up/safety/more',
  'fengsui/v2/gw-a/up/safety',
  'other',
])('a publish to %s, which is not its own, is told, not heard, and ends the connection', async (topic) => {
  const r = await rig();
  const b = await client(r, 'gw-b');
  const a = await client(r, 'gw-a');
  const gone = ended(a);
  a.publish(topic, 'forged', { qos: 1 });
  await gone;
  await b.publishAsync('fengsui/v1/gw-b/beat', 'x', { qos: 1 });
  expect(topicsOf(r)).toEqual(['fengsui/v1/gw-b/beat']);
  expect(r.forged).toEqual([`gw-a ${topic}`]);
  expect(r.broker.counters).toMatchObject({ forgedTopics: 1 });
});

test('a last will in the name of another is not heard; its own is', async () => {
  const r = await rig();
  const will = { payload: Buffer.from('dead'), qos: 1, retain: true } as const;
  const a = await client(r, 'gw-a', { will: { ...will, topic: 'fengsui/v1/gw-b/state' } });
  const b = await client(r, 'gw-b', { will: { ...will, topic: 'fengsui/v1/gw-b/state' } });
  a.stream.destroy();
  await until(() => r.forged.length === 1, { what: 'the forged will is told' });
  expect(r.got).toEqual([]);
  b.stream.destroy();
  await until(() => r.got.length === 1, { what: 'the will' });
  expect(topicsOf(r)).toEqual(['fengsui/v1/gw-b/state']);
  expect(r.forged).toEqual(['gw-a fengsui/v1/gw-b/state']);
});

test.each([
  '#',
  'fengsui/#',
  'fengsui/v1/+/receipt/safety',
  'fengsui/v1/gw-b/ask',
  'fengsui/v1/gw-a/up/safety',
  '$SYS/#',
])('a subscription to %s is refused and told', async (topic) => {
  const r = await rig();
  const a = await client(r, 'gw-a');
  await expect(a.subscribeAsync(topic)).rejects.toThrow(/subscri|not auth|unspecified/i);
  expect(r.forged).toEqual([`gw-a ${topic}`]);
  const b = await client(r, 'gw-b');
  const heard: string[] = [];
  a.on('message', (t) => heard.push(t));
  await b.publishAsync('fengsui/v1/gw-b/up/safety', 'x', { qos: 1 });
  await a.subscribeAsync('fengsui/v1/gw-a/ask');
  const own = nextEvent(a, 'message', { what: 'its own' });
  r.broker.publish('fengsui/v1/gw-b/ask', Buffer.from('for b'));
  r.broker.publish('fengsui/v1/gw-a/ask', Buffer.from('for a'));
  await own;
  expect(heard).toEqual(['fengsui/v1/gw-a/ask']);
});

test.each([
  ['the same client id', 'fengsui-gateway-gw-a'],
  ['another client id', 'a second machine'],
])('of two connections of one gateway the newest counts (%s)', async (_, clientId) => {
  const r = await rig();
  const first = await client(r, 'gw-a');
  const gone = ended(first);
  const second = await client(r, 'gw-a', { clientId });
  await gone;
  await second.publishAsync('fengsui/v1/gw-a/beat', 'second', { qos: 1 });
  expect(second.connected).toBe(true);
  expect(r.broker.counters).toMatchObject({ replaced: 1, refusedLogins: 0 });
});

test('nobody ends the connection of another gateway by taking its client id', async () => {
  const r = await rig();
  const a = await client(r, 'gw-a');
  await expect(client(r, 'gw-b', { clientId: 'fengsui-gateway-gw-a' })).rejects.toMatchObject({ code: 4 });
  await a.publishAsync('fengsui/v1/gw-a/beat', 'still here', { qos: 1 });
  expect(topicsOf(r)).toEqual(['fengsui/v1/gw-a/beat']);
});

test('a stranger who sends without end is cut off', async () => {
  const r = await rig();
  // A CONNECT that announces 20 MB of login.
  const stranger = await raw(r, Buffer.from([0x10, 0x80, 0xda, 0xc4, 0x09]));
  const gone = ended(stranger);
  stranger.write(Buffer.alloc(2 * BROKER_LIMITS.bytesBeforeLogin));
  await gone;
  expect(r.broker.counters).toMatchObject({ tooLong: 1 });
});

test('a packet that is too long ends the connection at its first bytes; a long birth is taken', async () => {
  const r = await rig();
  const a = await client(r, 'gw-a');
  const birth = Buffer.alloc(8 * 1024 * 1024, 7);
  await a.publishAsync('fengsui/v1/gw-a/birth', birth, { qos: 1 });
  expect(r.got[0]?.payload.equals(birth)).toBe(true);
  const gone = ended(a);
  // PUBLISH, 268 million bytes to come: the most that MQTT can say.
  a.stream.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1]));
  await gone;
  expect(r.broker.counters).toMatchObject({ tooLong: 1 });
  expect(r.got).toHaveLength(1);
});

test('what is no MQTT ends its connection and no other', async () => {
  const r = await rig();
  const a = await client(r, 'gw-a');
  for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(64, 0xff), Buffer.alloc(64)])
    await ended(await raw(r, bytes));
  await a.publishAsync('fengsui/v1/gw-a/beat', 'x', { qos: 1 });
  expect(topicsOf(r)).toEqual(['fengsui/v1/gw-a/beat']);
});

test('a gateway that sends more than a second holds is cut off, others are not', async () => {
  const r = await rig();
  const [a, b] = [await client(r, 'gw-a'), await client(r, 'gw-b')];
  const gone = ended(a);
  for (let k = 0; k <= BROKER_LIMITS.messagesPerSecond; k++) a.publish('fengsui/v1/gw-a/beat', 'x');
  await gone;
  expect(r.broker.counters).toMatchObject({ tooMany: 1 });
  expect(r.got).toHaveLength(BROKER_LIMITS.messagesPerSecond);
  await b.publishAsync('fengsui/v1/gw-b/beat', 'x', { qos: 1 });
});

test('a gateway whose credentials are gone is let go, and the broker ends with everybody', async () => {
  const r = await rig();
  const [a, b] = [await client(r, 'gw-a'), await client(r, 'gw-b')];
  const [aGone, bGone] = [ended(a), ended(b)];
  r.broker.drop('gw-a');
  await aGone;
  expect(b.connected).toBe(true);
  await until(() => r.broker.counters['connections'] === 1, { what: 'one connection' });
  await within(r.broker.stop(), { what: 'the broker stops' });
  await bGone;
  r.broker.publish('fengsui/v1/gw-b/ask', Buffer.from('too late'));
  expect(r.broker.counters).toMatchObject({ dropped: 1 });
  await until(() => r.broker.counters['connections'] === 0, { what: 'no connection' });
  expect(r.broker.connected()).toBe(false);
});

test('small messages do not wait for each other (TCP_NODELAY on every connection)', async () => {
  const r = await rig();
  const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
  onCleanup(() => noDelay.mockRestore());
  await client(r, 'gw-a');
  // Of the two ends in this process the broker's is the one that listens there.
  const byBroker = noDelay.mock.contexts.filter((socket) => socket instanceof Socket && socket.localPort === r.port);
  expect(byBroker).toHaveLength(1);
  expect(noDelay.mock.calls.every(([on]) => on === true)).toBe(true);
});

test('a port that is taken is an error that says so', async () => {
  const r = await rig();
  await expect(rig({ port: r.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

describeWith(['mosquitto-clients'], 'with a client by others', () => {
  test('mosquitto_pub gets in with its password and to its own topics only', async () => {
    const r = await rig();
    const at = { port: r.port, user: 'gw-a', topic: 'fengsui/v1/gw-a/state' };
    await mosquittoPub({ ...at, password: 'secret of a' }, 'hello');
    expect(r.got.map((m) => m.payload.toString())).toEqual(['hello']);
    await expect(mosquittoPub({ ...at, password: 'guess' }, 'no')).rejects.toThrow(/refused|not auth|bad user/i);
    await expect(
      mosquittoPub({ ...at, password: 'secret of a', topic: 'fengsui/v1/gw-b/state' }, 'no'),
    ).rejects.toThrow(/mosquitto_pub ended/);
    expect(r.got).toHaveLength(1);
  });
});
