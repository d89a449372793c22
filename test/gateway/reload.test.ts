// Another site file for a running gateway: links in which nothing changed never notice, what changed is in force, and a
// file that can't be taken leaves everything as it was. Gateway as a process, foreign Modbus servers, a real broker.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../helpers/needs.ts';
import { meterProfile } from '../helpers/meter-profile.ts';
import { startDtu, type Dtu } from '../helpers/modbus-servers/dtu-bridge.ts';
import { startPymodbus, type Pymodbus } from '../helpers/modbus-servers/pymodbus.ts';
import { freePort } from '../helpers/ports.ts';
import { startMosquitto } from '../helpers/mosquitto.ts';
import { REPO, runToEnd, startProcess, type Ended, type RunningProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { TestHub } from './uplink/hub.ts';

const LIFT = '{ id: lift-1, profile: terminal-json, link: field, building: B1, vars: { code: "31100" } }';
const meter = (id: string, link: string, unit = 1): string =>
  `{ id: ${id}, profile: meter, link: ${link}, unit: ${unit} }`;
const main = (...args: string[]): string[] => ['--import', 'tsx', join(REPO, 'gateway/main.ts'), ...args];

describeWith(['pymodbus', 'mosquitto'], 'another site file for a running gateway', () => {
  const dir = tempDir('reload');
  const file = join(dir, 'site.yaml');
  let servers: readonly Pymodbus[];
  let hub: TestHub;
  let child: RunningProcess;
  let ready: { readonly metrics: string; readonly fieldMqtt: number };
  let env: Record<string, string>;
  let broken = 0;

  const write = (devices: readonly string[], more: { links?: string; gateway?: string } = {}): void => {
    const links = servers.map(({ port }, k) => `{ id: bus-${k}, type: modbus-tcp, host: 127.0.0.1, port: ${port} }`);
    const text = [
      `gateway: ${more.gateway ?? 'gw-1'}`,
      'community: xingfuli',
      'profiles: [./profiles]',
      'poll: { fast: 200 }',
      'links:',
      ...[...links, '{ id: field, type: mqtt }', ...(more.links === undefined ? [] : [more.links])].map(
        (l) => `  - ${l}`,
      ),
      'devices:',
      ...devices.map((d) => `  - ${d}`),
      'mqttUsers: [{ username: lift-1, password: lift-secret }]',
    ];
    writeFileSync(file, text.join('\n'));
  };
  const reload = (): Promise<Ended & { stdout: string; stderr: string }> =>
    runToEnd(process.execPath, main('--site', file, '--reload'), { env });
  const counter = async (link: string, name: string): Promise<number> => {
    const text = await (await fetch(ready.metrics)).text();
    return Number(new RegExp(`link="${link}",counter="${name}"\\} (\\d+)`).exec(text)?.[1] ?? Number.NaN);
  };
  const told = (what: string): Promise<unknown> =>
    until(() => hub.named.telemetry.includes(what), {
      what: () => `${what} among ${hub.named.telemetry.slice(-5).join()}`,
    });
  const set = (server: number, unit: number, value: number): Promise<void> =>
    servers[server]?.set(unit, 'holding', 0, [value]) ?? Promise.reject(new Error('no such server'));

  beforeAll(async () => {
    mkdirSync(join(dir, 'profiles'));
    writeFileSync(join(dir, 'profiles', 'meter.yaml'), meterProfile(2));
    servers = await Promise.all([[1], [1, 2], [1]].map((units) => startPymodbus({ units })));
    const broker = await startMosquitto();
    hub = new TestHub({ url: broker.url, gateway: 'gw-1' });
    await hub.start();
    // Taken, so that a link that wants it can't be started.
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    env = {
      FENGSUI_DATA: join(dir, 'data'),
      FIELD_MQTT_PORT: '0',
      GB26875_PORT: String((taken.address() as AddressInfo).port),
      ANNUNCIATOR_PORT: '0',
      MQTT_URL: broker.url,
      INFLUX_URL: '',
    };
    write([meter('m-a', 'bus-0'), meter('m-b', 'bus-1'), LIFT]);
    child = await startProcess(process.execPath, main('--site', file), {
      env,
      ms: 60_000,
      ready: /^\{"ready":"gateway"/,
    });
    ready = JSON.parse(String(child.ready)) as typeof ready;
    const lift = await connectAsync(`mqtt://127.0.0.1:${ready.fieldMqtt}`, {
      username: 'lift-1',
      password: 'lift-secret',
    });
    lift.on('close', () => broken++);
    await set(0, 1, 11);
    await set(1, 1, 21);
    await told('m-a.value-1=11');
    await told('m-b.value-1=21');
    return async () => {
      await lift.endAsync(true);
      taken.close();
    };
  }, 120_000);

  afterAll(async () => {
    await hub?.stop();
    await Promise.all((servers ?? []).map((s) => s.stop()));
  });

  test('is refused by line when it has a mistake, by command and by signal, and everything goes on', async () => {
    write([meter('m-a', 'bus-0'), meter('m-b', 'bus-9'), LIFT]);
    const done = await reload();
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/site\.yaml:\d+:.*bus-9/);
    const births = hub.births.length;
    process.kill(child.pid, 'SIGUSR2');
    await until(() => /site\.yaml:\d+:.*bus-9/.test(child.stderr()), { what: 'the refusal in the log' });
    await set(1, 1, 22);
    await told('m-b.value-1=22');
    expect(hub.births).toHaveLength(births);
  });

  test('of another gateway is refused', async () => {
    write([meter('m-a', 'bus-0'), LIFT], { gateway: 'gw-2' });
    const done = await reload();
    expect(done).toMatchObject({ code: 1 });
    expect(done.stderr).toContain('no gateway runs here');
  });

  test('that can’t be put in force leaves the old one running, also what it would have changed', async () => {
    write([meter('m-a', 'bus-0'), meter('m-c', 'bus-1', 2), LIFT], { links: '{ id: calls, type: gb26875 }' });
    const done = await reload();
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('EADDRINUSE');
    await set(1, 1, 23);
    await told('m-b.value-1=23');
    expect(hub.births.at(-1)?.devices.map((d) => d.id)).toEqual(['m-a', 'm-b', 'lift-1']);
  });

  test('is in force with its new, changed and removed devices; links without a change never notice', async () => {
    const polls = await counter('bus-0', 'replies');
    write([meter('m-d', 'bus-2'), meter('m-a', 'bus-0'), meter('m-c', 'bus-1', 2), LIFT]);
    await set(1, 2, 31);
    await set(2, 1, 41);
    const done = await reload();
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^OK gw-1: 4 links, 4 devices/);
    expect(done.stdout).toContain('2 links run on, 2 stopped, 2 started');
    await told('m-c.value-1=31');
    await told('m-d.value-1=41');
    await set(0, 1, 12);
    await told('m-a.value-1=12');
    expect(hub.births.at(-1)?.devices.map((d) => d.id)).toEqual(['m-d', 'm-a', 'm-c', 'lift-1']);
    expect(await counter('bus-0', 'connects')).toBe(1);
    expect(await counter('bus-0', 'replies')).toBeGreaterThan(polls);
    expect(await counter('bus-1', 'connects')).toBe(1);
    expect(broken).toBe(0);
    // Nobody asks the device that is gone, and nothing is told of it.
    expect(hub.named.telemetry.slice(hub.named.telemetry.indexOf('m-c.value-1=31')).join()).not.toContain('m-b');
  });

  test('is told as it is where nothing changed', async () => {
    const births = hub.births.length;
    const done = await reload();
    expect(done.stdout).toContain('4 links run on, 0 stopped, 0 started');
    await set(0, 1, 13);
    await told('m-a.value-1=13');
    expect(hub.births).toHaveLength(births);
  });

  test('brings a port that DTUs call: who is of the site is read, who is not is refused and shown', async () => {
    const behind = await startPymodbus({ framing: 'rtu', units: [1] });
    await behind.set(1, 'holding', 0, [51]);
    const port = await freePort();
    const line = `{ id: dtu-1, type: modbus-dtu, port: ${port}, registration: { text: DTU1 }, heartbeats: [{ text: HB }] }`;
    const devices = [
      meter('m-d', 'bus-2'),
      meter('m-a', 'bus-0'),
      meter('m-c', 'bus-1', 2),
      meter('m-e', 'dtu-1'),
      LIFT,
    ];
    write(devices, { links: line });
    const done = await reload();
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('4 links run on, 0 stopped, 1 started');
    const call = (text: string): Promise<Dtu> =>
      startDtu({ platform: port, bus: behind.port, registration: Buffer.from(text), heartbeat: Buffer.from('HB') });
    const [dtu, stranger] = await Promise.all([call('DTU1'), call('DTU9')]);
    await told('m-e.value-1=51');
    const refused = new URL('/refused', ready.metrics);
    await until(
      async () => {
        const { items } = (await (await fetch(refused)).json()) as { items: { reason: string; bytes: string }[] };
        return items.some((i) => i.reason === 'unknown-registration' && i.bytes.startsWith('44545539'));
      },
      { what: 'the stranger among what was refused' },
    );
    await stranger.stop();
    await until(async () => (await counter('dtu-1', 'heartbeats')) > 0, { what: 'heartbeats were counted' });
    expect(await counter('bus-0', 'connects')).toBe(1);
    // Taken away again: the port is free, and nobody listens.
    write(devices.filter((d) => !d.includes('dtu-1')));
    expect(await reload()).toMatchObject({ code: 0 });
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow('fetch failed');
    await dtu.stop();
    await behind.stop();
  });

  test('is what a gateway that was killed starts with', async () => {
    await child.kill();
    child = await startProcess(process.execPath, main('--site', file), {
      env,
      ms: 60_000,
      ready: /^\{"ready":"gateway"/,
    });
    await set(2, 1, 42);
    await told('m-d.value-1=42');
    const forget = (): Promise<Ended & { stdout: string; stderr: string }> =>
      runToEnd(process.execPath, main('--site', file, '--forget', 'all'), { env });
    const refused = await forget();
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('the gateway runs');
    expect(await child.stop()).toMatchObject({ code: 0 });
    expect(await forget()).toMatchObject({ code: 0, stdout: 'nothing was known\n' });
    const done = await reload();
    expect(done.stderr).toContain('no gateway runs here');
  });
});
