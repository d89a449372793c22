// Field devices over MQTT, with Mosquitto's own clients: who may say what, when a message is acknowledged, what silence
// and nonsense become.
import { connect as tcp } from 'node:net';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { decodeBatch } from '../../device-profiles/contract/wire.ts';
import { realDisk, type Disk } from '../../gateway/spool/files.ts';
import { startMosquitto } from '../helpers/mosquitto.ts';
import { describeWith } from '../helpers/needs.ts';
import { program } from '../helpers/parts.ts';
import { startProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { open, readAll, silent } from './spool/rig.ts';
import { undo, rig, pointOf, json, pub, mosquitto, gatedDisk } from './mqtt-rig.ts';

describeWith(['mosquitto-clients'], "Mosquitto's clients", () => {
  test('[S1] a message becomes the readings of its device', async () => {
    const r = await rig();
    const done = await mosquitto('mosquitto_pub', pub(r.driver.listening, 'a', 'f/a', json({ p: 1.5, t: 20 })));
    expect(done.code).toBe(0);
    expect(r.values('a.p')).toEqual([1.5]);
    expect(r.values('a.t')).toEqual([20]);
    expect(r.values('a.online')).toEqual([1]);
    expect(r.values('b.p')).toEqual([]);
    expect((await readAll(r.spool.consumer('uplink'), 'safety')).values).toEqual([1, 1.5]);
  });

  test('a message is not acknowledged before what came of it is synced', async () => {
    const gate = gatedDisk();
    const r = await rig({ disk: gate.disk });
    gate.shut();
    const args = pub(r.driver.listening, 'a', 'f/a', json({ p: 1, t: 2 }));
    const publisher = await startProcess(program('mosquitto_pub') ?? '', args, { ready: 'none' });
    let ended = false;
    void publisher.ended.then(() => (ended = true));
    await until(() => r.reported.length === 3, { what: 'the message is taken' });
    await until(() => r.spool.head().safety === 2, { what: 'its records wait for the disk' });
    expect(r.spool.stats().durable.safety).toBe(0);
    expect(ended).toBe(false);
    gate.lift();
    expect(await publisher.ended).toMatchObject({ code: 0 });
    expect(r.spool.stats().durable.safety).toBe(2);
  });

  test('a gateway that ends before the sync has acknowledged nothing, and takes the message when it is sent again', async () => {
    const gate = gatedDisk();
    const r = await rig({ disk: gate.disk });
    const port = r.driver.listening;
    gate.shut();
    const args = pub(port, 'a', 'f/a', json({ p: 1, t: 2 }));
    const publisher = await startProcess(program('mosquitto_pub') ?? '', args, { ready: 'none' });
    await until(() => r.reported.length === 3, { what: 'the message is taken' });
    await r.driver.stop();
    gate.lift();
    await r.stop();
    const again = await rig({ port });
    expect((await publisher.ended).code).not.toBe(0);
    expect((await mosquitto('mosquitto_pub', args)).code).toBe(0);
    expect(again.values('a.p')).toEqual([1]);
  });

  test('a message delivered twice is one record', async () => {
    const r = await rig();
    const args = pub(r.driver.listening, 'a', 'f/a', json({ p: 1, t: 2 }));
    await mosquitto('mosquitto_pub', args);
    await mosquitto('mosquitto_pub', args);
    expect(r.values('a.p')).toEqual([1]);
    expect(r.counters().messages).toBe(2);
  });

  test.each([
    ['a wrong password', ['-u', 'a', '-P', 'wrong']],
    ['an unknown user', ['-u', 'nobody', '-P', 'pass-a']],
    ['no user', []],
    ['an empty password', ['-u', 'a', '-P', '']],
  ])('%s is refused', async (_name, login) => {
    const r = await rig();
    const where = ['-h', '127.0.0.1', '-p', String(r.driver.listening), '-t', 'f/a', '-m', json({ p: 1 }), '-q', '1'];
    const done = await mosquitto('mosquitto_pub', [...where, ...login]);
    expect(done.code).not.toBe(0);
    expect(r.counters()).toMatchObject({ refusedLogins: 1, messages: 0 });
  });

  test("another device's topic is refused and not acknowledged", async () => {
    const r = await rig();
    const client = await connectAsync(`mqtt://127.0.0.1:${r.driver.listening}`, {
      username: 'a',
      password: 'pass-a',
      reconnectPeriod: 0,
    });
    undo.push(() => client.endAsync(true));
    let acknowledged = false;
    client.publish('f/b', json({ p: 9 }), { qos: 1 }, (error) => (acknowledged = !error));
    await until(() => !client.connected, { what: 'the connection is ended' });
    expect(acknowledged).toBe(false);
    expect(r.counters()).toMatchObject({ refusedTopics: 1, messages: 0 });
    expect(r.values('b.p')).toEqual([]);
  });

  test('subscribing is refused', async () => {
    const r = await rig();
    const where = ['-h', '127.0.0.1', '-p', String(r.driver.listening), '-u', 'a', '-P', 'pass-a'];
    const done = await mosquitto('mosquitto_sub', [...where, '-t', '#', '-C', '1', '-W', '2']);
    expect(`${done.stdout}${done.stderr}`).toMatch(/denied/i);
    expect(r.counters().refusedSubscriptions).toBe(1);
  });

  test('an allowed topic that no device has is acknowledged and counted', async () => {
    const r = await rig();
    const done = await mosquitto('mosquitto_pub', pub(r.driver.listening, 'a', 'extra/x', json({ p: 1 })));
    expect(done.code).toBe(0);
    expect(r.counters().unknownTopics).toBe(1);
    expect(r.reported).toEqual([]);
  });

  test('nonsense makes the points bad, is counted, and never reaches the log', async () => {
    const lines: string[] = [];
    const warn = (context: object, message: string): void => void lines.push(`${JSON.stringify(context)} ${message}`);
    const r = await rig({ log: { ...silent, warn, error: warn } });
    const port = r.driver.listening;
    await mosquitto('mosquitto_pub', pub(port, 'a', 'f/a', json({ p: 1, t: 2 })));
    await mosquitto('mosquitto_pub', pub(port, 'a', 'f/a', 'secret-word'));
    await mosquitto('mosquitto_pub', pub(port, 'a', 'f/a', 'secret-word again'));
    const bad = r.reported.filter((s) => s.quality === 'bad');
    expect(bad.map((s) => [pointOf(s), s.reason])).toEqual([
      ['a.p', 'payload'],
      ['a.t', 'payload'],
    ]);
    expect(r.counters().badPayloads).toBe(2);
    expect(lines.filter((line) => line.includes('not understood'))).toHaveLength(1);
    expect(lines.join()).not.toContain('secret-word');
    await mosquitto('mosquitto_pub', pub(port, 'a', 'f/a', json({ p: 1, t: 2 })));
    expect(r.values('a.p').at(-1)).toBe(1);
  });

  test('a retained message of a device is a message like any other, and is not kept for anybody', async () => {
    const r = await rig();
    await mosquitto('mosquitto_pub', pub(r.driver.listening, 'a', 'f/a', json({ p: 1, t: 2 }), '-r'));
    expect(r.values('a.p')).toEqual([1]);
  });

  test('a packet over the limit ends the connection before it is kept', async () => {
    const r = await rig({ limits: { packetBytes: 1_000 } });
    const done = await mosquitto(
      'mosquitto_pub',
      pub(r.driver.listening, 'a', 'f/a', 'x'.repeat(5_000), '--repeat', '1'),
    ).catch(() => ({ code: 1 }));
    expect(r.counters().tooLong).toBeGreaterThanOrEqual(1);
    expect(r.counters().messages).toBe(0);
    expect(done.code).not.toBe(0);
  });
});

describe('limits and manners of the field broker', () => {
  const login = (port: number, user: string, clientId: string) =>
    connectAsync(`mqtt://127.0.0.1:${port}`, {
      username: user,
      password: `pass-${user}`,
      clientId,
      reconnectPeriod: 0,
    });

  test('a client id in use can not be taken over by another user', async () => {
    const r = await rig();
    const a = await login(r.driver.listening, 'a', 'same');
    undo.push(() => a.endAsync(true));
    await expect(login(r.driver.listening, 'b', 'same')).rejects.toThrow(/identifier rejected/i);
    expect(a.connected).toBe(true);
  });

  test('its own user takes it over', async () => {
    const r = await rig();
    const first = await login(r.driver.listening, 'a', 'same');
    undo.push(() => first.endAsync(true));
    const second = await login(r.driver.listening, 'a', 'same');
    undo.push(() => second.endAsync(true));
    await until(() => !first.connected, { what: 'the first is ended' });
    await second.publishAsync('f/a', json({ p: 1, t: 2 }), { qos: 1 });
    expect(r.values('a.p')).toEqual([1]);
  });

  test('too many messages end the connection', async () => {
    const r = await rig({ limits: { messagesPerS: 1, messageBurst: 5 } });
    const a = await login(r.driver.listening, 'a', 'x');
    undo.push(() => a.endAsync(true));
    for (let k = 0; k < 20; k++) a.publish('f/a', json({ p: k, t: 1 }), { qos: 0 });
    await until(() => !a.connected, { what: 'the connection is ended' });
    expect(r.counters().messages).toBe(5);
    expect(r.counters().tooMany).toBeGreaterThan(0);
  });

  test('a device with a wrong password keeps no other of its address out, and gets in itself once it has the right one', async () => {
    const r = await rig({ limits: { refusedLogins: 3, slowMs: 200 } });
    const wrong = () =>
      connectAsync(`mqtt://127.0.0.1:${r.driver.listening}`, { username: 'a', password: 'x', reconnectPeriod: 0 });
    for (let k = 0; k < 4; k++) await expect(wrong()).rejects.toThrow(/bad user ?name/i);
    expect(r.counters()).toMatchObject({ refusedLogins: 4, slowedLogins: 1 });
    const a = await login(r.driver.listening, 'a', 'right');
    undo.push(() => a.endAsync(true));
    expect(r.counters()).toMatchObject({ refusedLogins: 4, slowedLogins: 2 });
  });

  test('a connection that says nothing is ended', async () => {
    const r = await rig({ limits: { connectMs: 50 } });
    const socket = tcp(r.driver.listening, '127.0.0.1');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(socket.destroyed).toBe(true);
  });

  test('bytes that are no MQTT end their connection and nothing else', async () => {
    const r = await rig();
    const a = await login(r.driver.listening, 'a', 'x');
    undo.push(() => a.endAsync(true));
    for (const bytes of [
      Buffer.alloc(100, 0xff),
      Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01]),
      Buffer.alloc(50),
    ]) {
      const socket = tcp(r.driver.listening, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await a.publishAsync('f/a', json({ p: 1, t: 2 }), { qos: 1 });
    expect(r.values('a.p')).toEqual([1]);
  });

  test('what can not be kept is not acknowledged', async () => {
    const disk: Disk = {
      ...realDisk,
      create: () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' })),
    };
    const dir = tempDir('mqtt');
    await (await open(dir)).close();
    const r = await rig({ dir, disk });
    const a = await login(r.driver.listening, 'a', 'x');
    undo.push(() => a.endAsync(true));
    let acknowledged = false;
    a.publish('f/a', json({ p: 1, t: 2 }), { qos: 1 }, (error) => (acknowledged = !error));
    await until(() => r.spool.stats().failing.safety === 'EROFS', { what: 'the disk refuses' });
    const entry = await r.spool.consumer('uplink').next('safety', 0);
    expect(decodeBatch(entry?.bytes ?? Buffer.alloc(0)).samples.map((s) => s.value)).toEqual([1, 1]);
    await r.stop();
    expect(acknowledged).toBe(false);
  });
});

describe('silence', () => {
  test('a device that says nothing for three intervals is offline once, and online with its next word', async () => {
    let mono = 0;
    const r = await rig({ clock: { now: () => 1_700_000_000_000 + mono, monotonic: () => mono } });
    await r.driver.take('f/a', Buffer.from(json({ p: 1, t: 2 })));
    mono = 180_000;
    r.driver.checkSilence();
    expect(r.values('a.online')).toEqual([1]);
    mono = 180_001;
    r.driver.checkSilence();
    r.driver.checkSilence();
    expect(r.values('a.online')).toEqual([1, 0]);
    expect(r.values('b.online')).toEqual([0]);
    expect(r.reported.at(-1)).toMatchObject({ reason: 'silent' });
    await r.driver.take('f/a', Buffer.from(json({ p: 1, t: 2 })));
    expect(r.values('a.online')).toEqual([1, 0, 1]);
    expect(r.values('a.p')).toEqual([1, 1]);
  });
});

describeWith(['mosquitto', 'mosquitto-clients'], 'a broker of the site', () => {
  test('messages are taken, acknowledged after the sync, and kept by the broker while we are away', async () => {
    const broker = await startMosquitto({ users: { gw: 'x', a: 'pass-a' } });
    const external = { url: broker.url, username: 'gw', password: 'x', clientId: 'gw-1' };
    const gate = gatedDisk();
    const r = await rig({ broker: external, disk: gate.disk });
    await until(() => r.intake.links().field === '', { what: 'the link is well' });
    gate.shut();
    await mosquitto('mosquitto_pub', pub(broker.port, 'a', 'f/a', json({ p: 1, t: 1 })));
    await until(() => r.reported.length === 3, { what: 'the message is taken' });
    // Dies without having acknowledged.
    await r.driver.stop();
    gate.lift();
    await r.stop();
    await mosquitto('mosquitto_pub', pub(broker.port, 'a', 'f/a', json({ p: 2, t: 2 })));
    const again = await rig({ broker: external });
    await until(() => again.values('a.p').length === 2, { what: 'both come', ms: 15_000 });
    expect(again.values('a.p')).toEqual([1, 2]);
  });

  test('many messages at once are not taken one a sync', async () => {
    const broker = await startMosquitto();
    const r = await rig({ broker: { url: broker.url, clientId: 'gw-1' } });
    await until(() => r.intake.links().field === '', { what: 'the link is well' });
    const client = await connectAsync(broker.url);
    undo.push(() => client.endAsync(true));
    const gate = Array.from({ length: 300 }, (_, k) => client.publishAsync('f/a', json({ p: k, t: k }), { qos: 1 }));
    await Promise.all(gate);
    await until(() => r.values('a.p').length === 300, { what: 'all are taken' });
    expect(r.values('a.p')).toEqual(Array.from({ length: 300 }, (_, k) => k));
  });

  test('what the broker had retained is no news', async () => {
    const broker = await startMosquitto();
    const client = await connectAsync(broker.url);
    undo.push(() => client.endAsync(true));
    await client.publishAsync('f/a', json({ p: 1, t: 2 }), { qos: 1, retain: true });
    const r = await rig({ broker: { url: broker.url, clientId: 'gw-1' } });
    await until(() => r.counters().retainedIgnored === 1, { what: 'it is counted' });
    await client.publishAsync('f/a', json({ p: 3, t: 2 }), { qos: 1, retain: true });
    await until(() => r.values('a.p').length === 1, { what: 'a live one is taken' });
    expect(r.values('a.p')).toEqual([3]);
  });

  test('without the broker its devices are not heard, and they come back with it', async () => {
    const broker = await startMosquitto();
    const r = await rig({ broker: { url: broker.url, clientId: 'gw-1' }, limits: { reconnectMs: 50, linkDownMs: 10 } });
    await until(() => r.intake.links().field === '', { what: 'the link is well' });
    await r.driver.take('f/a', Buffer.from(json({ p: 1, t: 2 })));
    await broker.kill();
    await until(() => r.values('a.online').at(-1) === 0, { what: 'the device is offline' });
    expect(r.reported.findLast((s) => pointOf(s) === 'a.online')).toMatchObject({ reason: 'link-down' });
    await broker.restart();
    await until(() => r.intake.links().field === '', { what: 'the link is well again' });
    await mosquitto('mosquitto_pub', [
      '-h',
      '127.0.0.1',
      '-p',
      String(broker.port),
      '-t',
      'f/a',
      '-m',
      json({ p: 5, t: 2 }),
    ]);
    await until(() => r.values('a.p').at(-1) === 5, { what: 'it is heard again' });
  });
});
