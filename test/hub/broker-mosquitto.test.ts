// The hub on a user's own Mosquitto (MQTT_URL), with the passwords, rights and settings that compose.yaml and the README
// give: hub and gateway as processes, a register that flips, and somebody who tries to speak in the gateway's name.
import { connectAsync } from 'mqtt';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import { beforeAll, expect, test } from 'vitest';
import { openBroker } from '../../hub/broker.ts';
import type { Caller } from '../e2e/compound.ts';
import { FaultCompound, OTHER_GATEWAY, WATCHER } from '../faults/compound.ts';
import { GATEWAY } from '../faults/field.ts';
import { fieldAlarms } from '../faults/verdict.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { silentLog } from '../helpers/database.ts';
import { mosquittoPub, shippedSetup } from '../helpers/mosquitto.ts';
import { describeWith } from '../helpers/needs.ts';
import { REPO } from '../helpers/processes.ts';
import { until } from '../helpers/wait.ts';

const START_MS = 240_000;
const FIELD = { meters: 1, registers: 1, meterMs: 1_000, pumps: 2, detectors: 2 } as const;

test('what the README tells to put into Mosquitto is what compose.yaml puts there', () => {
  const readme = readFileSync(join(REPO, 'hub/README.md'), 'utf8');
  const { acl, settings } = shippedSetup();
  for (const line of [...acl.trim().split('\n'), ...settings]) expect(readme).toContain(line);
});

describeWith(
  ['mosquitto', 'mosquitto-clients', 'postgresql'],
  'the hub on a Mosquitto and a PostgreSQL of its own',
  () => {
    let compound: FaultCompound;
    let admin: Caller;
    let port: number;

    beforeAll(async () => {
      compound = await FaultCompound.start({ field: FIELD, separate: true });
      onCleanup(() => compound.stop());
      admin = await compound.signIn('admin');
      port = compound.separate?.mosquitto.port ?? 0;
    }, START_MS);

    const openFire = (point: string) =>
      until(async () => (await fieldAlarms(admin)).find((a) => a.point === point && a.condition === 'true'), {
        ms: 60_000,
        what: `the alarm of ${point}`,
        everyMs: 100,
      });

    test('[S1] a bit that flips in a register is an alarm, and the health names the broker without its password', async () => {
      const { target } = compound.field.raiseFire();
      expect(await openFire(target.point)).toMatchObject({
        device: target.device,
        class: 'FIRE',
        state: 'unacked-active',
      });
      const health = (await (await fetch(`${compound.url}/api/health`)).json()) as {
        readonly components: Readonly<Record<string, { readonly status: string; readonly detail: string }>>;
      };
      expect(health.components['broker']).toEqual({ status: 'ok', detail: `mqtt://127.0.0.1:${port}` });
    });

    test('what another publishes in the name of the gateway reaches nobody', async () => {
      const hub = await connectAsync(`mqtt://127.0.0.1:${port}`, { ...WATCHER, reconnectPeriod: 0 });
      onCleanup(() => void hub.end(true));
      const heard: string[] = [];
      hub.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
      await hub.subscribeAsync([`fengsui/v1/${GATEWAY}/state`, `fengsui/v1/${OTHER_GATEWAY.user}/state`], { qos: 1 });
      const other = { port, user: OTHER_GATEWAY.user, password: OTHER_GATEWAY.password };
      // Mosquitto acknowledges what it refuses (MQTT 3.1.1 has no other way), so the own topic comes last, as a mark.
      await mosquittoPub({ ...other, topic: `fengsui/v1/${GATEWAY}/state` }, 'forged');
      await mosquittoPub({ ...other, topic: `fengsui/v1/${OTHER_GATEWAY.user}/state` }, 'mark');
      await until(() => heard.some((line) => line.endsWith('mark')), { what: 'the mark' });
      expect(heard.filter((line) => line.includes('forged'))).toEqual([]);
    });

    test('a wrong password is refused', async () => {
      const guess = mosquittoPub({ port, user: GATEWAY, password: 'guess', topic: `fengsui/v1/${GATEWAY}/state` }, 'x');
      await expect(guess).rejects.toThrow(/not authori[sz]ed/i);
    });

    test('another cannot hear its receipts, nor end its connection by taking its client id', async () => {
      const login = { username: OTHER_GATEWAY.user, password: OTHER_GATEWAY.password, reconnectPeriod: 0 };
      const intruder = await connectAsync(`mqtt://127.0.0.1:${port}`, {
        ...login,
        clientId: `fengsui-gateway-${GATEWAY}`,
      });
      onCleanup(() => void intruder.end(true));
      const heard: string[] = [];
      intruder.on('message', (topic) => heard.push(topic));
      await intruder.subscribeAsync(`fengsui/v1/${GATEWAY}/receipt/+`).catch(() => undefined);
      await intruder.subscribeAsync(`fengsui/v1/${OTHER_GATEWAY.user}/ask`);
      const { target } = compound.field.raiseFire();
      await openFire(target.point);
      // The gateway's receipt has passed by now; one more look at what the intruder may hear marks the end.
      const hub = await connectAsync(`mqtt://127.0.0.1:${port}`, { ...WATCHER, reconnectPeriod: 0 });
      onCleanup(() => void hub.end(true));
      await hub.publishAsync(`fengsui/v1/${OTHER_GATEWAY.user}/ask`, 'mark', { qos: 1 });
      await until(() => heard.length > 0, { what: 'the mark' });
      expect(heard).toEqual([`fengsui/v1/${OTHER_GATEWAY.user}/ask`]);
      expect(compound.voices()).not.toContain('no connection to the broker');
    });
  },
);

test('a broker that lets the hub in but not hear is no connection, and is tried again', async () => {
  let allow = false;
  let asked = 0;
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription, done) => {
      asked += 1;
      done(null, allow ? subscription : null);
    },
  });
  const server = createServer((socket) => void aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onCleanup(async () => {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    server.close();
  });
  let heard = 0;
  const broker = await openBroker({
    host: '127.0.0.1',
    port: 0,
    url: `mqtt://hub:secret@127.0.0.1:${(server.address() as AddressInfo).port}`,
    secretOf: async () => undefined,
    receive: () => undefined,
    connected: () => (heard += 1),
    forged: () => undefined,
    log: silentLog,
    monotonic: () => performance.now(),
  });
  onCleanup(() => broker.stop());
  expect(broker.url).not.toContain('secret');
  await until(() => asked > 4 && (broker.counters['connects'] ?? 0) > 1, { what: 'it is tried again' });
  expect([broker.connected(), heard]).toEqual([false, 0]);
  allow = true;
  await until(() => broker.connected(), { what: 'it hears' });
  expect(heard).toBeGreaterThan(0);
});
