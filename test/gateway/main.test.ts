// The gateway as a process: its command line, what it prints, and that kill -9 costs nothing it has acknowledged.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { REPO, runToEnd, startProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { BAD_SUM, VECTORS } from './gb26875/vectors.ts';
import { open, readAll } from './spool/rig.ts';

const SITE = `gateway: gw-1
community: xingfuli
links: [{ id: field, type: mqtt }]
devices: [{ id: lift-1, profile: terminal-json, link: field, building: B1, vars: { code: "31100" } }]
mqttUsers: [{ username: lift-1, password: lift-secret }]
`;
const SEED = Number(process.env['FENGSUI_SEED'] ?? 20_261);
const KILLS = Number(process.env['FENGSUI_KILLS'] ?? 3);

const main = (...args: string[]): string[] => ['--import', 'tsx', join(REPO, 'gateway/main.ts'), ...args];
const site = (dir: string, text = SITE): string => {
  const file = join(dir, 'site.yaml');
  writeFileSync(file, text);
  return file;
};
const message = (floor: number): string =>
  JSON.stringify({
    Registration_Code: '31100',
    Timestamp: Date.now(),
    Service_Mode: 1,
    Car_Status: 0,
    Car_Direction: 0,
    Door_Zone: 1,
    Car_Position: floor,
  });

interface Ready {
  readonly ready: string;
  readonly fieldMqtt: number;
  readonly gb26875: number;
  readonly health: string;
  readonly annunciator: string;
  readonly metrics: string;
  readonly refused: string;
}

async function start(dir: string, text = SITE) {
  const env = {
    FENGSUI_DATA: join(dir, 'data'),
    FIELD_MQTT_PORT: '0',
    GB26875_PORT: '0',
    ANNUNCIATOR_PORT: '0',
    MQTT_URL: 'mqtt://127.0.0.1:9',
    INFLUX_URL: '',
  };
  const child = await startProcess(process.execPath, main('--site', site(dir, text)), {
    env,
    ms: 60_000,
    ready: /^\{"ready":"gateway"/,
  });
  return { child, ready: JSON.parse(String(child.ready)) as Ready };
}

describe('command line', () => {
  test('--check says what a right site holds and starts nothing', async () => {
    const done = await runToEnd(process.execPath, main('--site', site(tempDir('main')), '--check'));
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^OK gw-1: 1 links, 1 devices, 1 models, \d+ points .*, 1 field users\n$/);
  });

  test('--check names every mistake with its line and exits 1', async () => {
    const wrong = SITE.replace('terminal-json', 'no-such-profile').replace('link: field', 'link: nowhere');
    const done = await runToEnd(process.execPath, main('--site', site(tempDir('main'), wrong), '--check'));
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/site\.yaml:4:.*no-such-profile/);
    expect(done.stderr).toMatch(/site\.yaml:4:.*nowhere/);
    expect(done.stderr).not.toMatch(/at .*\.ts:/);
  });

  test('wrong settings are named, and no password is repeated', async () => {
    const env = { FIELD_MQTT_PORT: 'x', LOG_LEVEL: 'loud', MQTT_URL: 'ftp://u:secret-word@h', GATEWAY_USER: 'u' };
    const done = await runToEnd(process.execPath, main('--site', site(tempDir('main'))), { env });
    expect(done.code).toBe(1);
    for (const name of ['FIELD_MQTT_PORT', 'LOG_LEVEL', 'MQTT_URL', 'GATEWAY_PASSWORD'])
      expect(done.stderr).toContain(name);
    expect(done.stderr).not.toContain('secret-word');
  });
});

test('it says where it is, tells how it is, and stops when asked', async () => {
  const { child, ready } = await start(tempDir('main'));
  expect(ready).toMatchObject({ ready: 'gateway', gateway: 'gw-1' });
  const health = (await (await fetch(ready.health)).json()) as { status: string; components: object };
  expect(health.status).toBe('degraded');
  expect(health.components).toHaveProperty('uplink.status', 'degraded');
  expect(await (await fetch(ready.annunciator)).text()).toContain('与中枢失联');
  expect(await (await fetch(ready.metrics)).text()).toContain('fengsui_gateway_lane_durable{lane="safety"}');
  expect((await fetch(ready.health, { method: 'POST' })).status).toBe(405);
  expect(await child.stop()).toMatchObject({ code: 0 });
});

test(`[S1] what was acknowledged to a device survives ${KILLS} kills (seed ${SEED})`, async () => {
  const dir = tempDir('main');
  const acknowledged: number[] = [];
  let state = SEED;
  let floor = 0;
  for (let k = 0; k < KILLS; k++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const { child, ready } = await start(dir);
    const client = await connectAsync(`mqtt://127.0.0.1:${ready.fieldMqtt}`, {
      username: 'lift-1',
      password: 'lift-secret',
      reconnectPeriod: 0,
    });
    const goal = acknowledged.length + 5 + (state % 20);
    const timer = setInterval(() => {
      const mine = ++floor;
      client.publish('elevator/31100/state', message(mine), { qos: 1 }, (error) => {
        if (!error) acknowledged.push(mine);
      });
    }, 15);
    await until(() => acknowledged.length >= goal, { what: `${goal} acknowledgements`, ms: 30_000 });
    await child.kill();
    clearInterval(timer);
    await client.endAsync(true).catch(() => undefined);
  }
  const spool = await open(join(dir, 'data/gateway/gw-1/spool'), { limits: { groupMs: { safety: 1, telemetry: 1 } } });
  const stored = new Set<unknown>();
  for (const lane of ['safety', 'telemetry'] as const)
    for (const value of (await readAll(spool.consumer('uplink'), lane, 0)).values) stored.add(value);
  await spool.close();
  expect(acknowledged.filter((value) => !stored.has(value))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(KILLS * 5 - 1);
}, 180_000);

/** Sends a frame with serial 1 and waits for its confirmation. */
async function confirmed(port: number, frame: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (bytes: Buffer) => void (heard += bytes.toString('hex')));
  socket.write(frame);
  // Command 3, no data.
  const confirm = /40400100.{40}000003.{2}2323/;
  await until(() => confirm.test(heard), { what: () => `a confirmation, heard ${heard}` });
  socket.destroy();
}

test('[S1] a fire confirmed to a transmission device (GB/T 26875.3) is on the page of the site, and survives a kill', async () => {
  const dir = tempDir('main');
  const text = `gateway: gw-1
community: xingfuli
links: [{ id: transmission, type: gb26875 }]
devices:
  - { id: utd-1, profile: gb26875-transmission-device, link: transmission, building: B1, vars: { address: "889" } }
`;
  const first = await start(dir, text);
  await confirmed(first.ready.gb26875, VECTORS.smokeFire);
  expect(await (await fetch(first.ready.annunciator)).text()).toContain('感烟火灾探测器 10-2');
  await confirmed(first.ready.gb26875, Buffer.concat([BAD_SUM, VECTORS.smokeFire]));
  const { items } = (await (await fetch(first.ready.refused)).json()) as { items: readonly object[] };
  expect(items).toEqual([expect.objectContaining({ link: 'transmission', reason: 'checksum', from: '127.0.0.1' })]);
  const metrics = await (await fetch(first.ready.metrics)).text();
  expect(metrics).toContain('fengsui_gateway_link{link="transmission",counter="confirmed"} 2');
  await first.child.kill();
  const spool = await open(join(dir, 'data/gateway/gw-1/spool'));
  const { values } = await readAll(spool.consumer('uplink'), 'safety', 0);
  await spool.close();
  expect(values).toContain(2);
  const again = await start(dir, text);
  await confirmed(again.ready.gb26875, VECTORS.smokeFire);
  expect(await (await fetch(again.ready.annunciator)).text()).toContain('感烟火灾探测器 10-2');
  expect(await again.child.stop()).toMatchObject({ code: 0 });
}, 60_000);
