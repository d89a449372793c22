// A field broker with its intake and spool, and clients to talk to it, for the tests of MQTT devices.
import { afterEach } from 'vitest';
import type { MqttSection } from '../../device-profiles/contract/profile.ts';
import { type Sample } from '../../device-profiles/contract/wire.ts';
import type { GatewayClock, Logger } from '../../gateway/drivers/driver.ts';
import { MqttDriver, type ExternalBroker, type TopicDevice } from '../../gateway/drivers/mqtt.ts';
import type { FieldLimits } from '../../gateway/field/limits.ts';
import { Intake } from '../../gateway/intake.ts';
import type { MqttUser } from '../../gateway/site-users.ts';
import { realDisk, type Disk } from '../../gateway/spool/files.ts';
import { program } from '../helpers/parts.ts';
import { runToEnd } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { device, model, point } from './site-rig.ts';
import { open, silent, systemClock } from './spool/rig.ts';

export const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

export const section: MqttSection = { topic: 'f/{id}', codec: 'json', expectEveryS: 60 };
export const fields = model([point('p', { field: '/p', lane: 'safety' }), point('t', { field: '/t' })], {
  mqtt: section,
});
export const DEVICES: readonly TopicDevice[] = ['a', 'b'].map((id) => ({
  ...device(id, fields, { link: 'field' }),
  topic: `f/${id}`,
}));
export const USERS: readonly MqttUser[] = [
  { username: 'a', password: 'pass-a', topics: ['f/a', 'extra/+'] },
  { username: 'b', password: 'pass-b', topics: ['f/b'] },
];

export interface RigOptions {
  readonly disk?: Disk;
  readonly clock?: GatewayClock;
  readonly log?: Logger;
  readonly limits?: Partial<FieldLimits>;
  readonly broker?: ExternalBroker;
  readonly dir?: string;
  readonly port?: number;
}

export async function rig(o: RigOptions = {}) {
  const clock = o.clock ?? systemClock;
  const log = o.log ?? silent;
  const dir = o.dir ?? tempDir('mqtt');
  const spool = await open(dir, { clock, log, ...(o.disk ? { disk: o.disk } : {}) });
  const intake = new Intake({ devices: DEVICES, links: ['field'], spool, clock, log });
  const reported: Sample[] = [];
  intake.onSamples((samples) => reported.push(...samples));
  const driver = new MqttDriver({
    link: 'field',
    devices: DEVICES,
    port: intake,
    broker: o.broker ?? { host: '127.0.0.1', port: o.port ?? 0, users: USERS },
    ...(o.limits ? { limits: o.limits } : {}),
  });
  await driver.start();
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await driver.stop();
    await spool.close();
  };
  undo.push(stop);
  const values = (id: string) => reported.filter((s) => pointOf(s) === id).map((s) => s.value);
  return { dir, spool, intake, driver, reported, values, stop, counters: () => driver.counters().field ?? {} };
}

/** `a.p`, `b.online`, … of a sample. */
export function pointOf(s: Sample): string {
  const size = fields.points.length;
  return `${DEVICES[Math.floor(s.i / size)]?.id}.${fields.points[s.i % size]?.id}`;
}

export const json = (o: object): string => JSON.stringify(o);
export const pub = (port: number, user: string, topic: string, message: string, ...more: string[]): string[] => [
  '-h',
  '127.0.0.1',
  '-p',
  String(port),
  '-u',
  user,
  '-P',
  `pass-${user}`,
  '-t',
  topic,
  '-m',
  message,
  '-q',
  '1',
  ...more,
];
export const mosquitto = (name: 'mosquitto_pub' | 'mosquitto_sub', args: readonly string[]) =>
  runToEnd(program(name) ?? name, args);

/** A disk whose syncs wait at a gate. */
export function gatedDisk() {
  let release: () => void = () => undefined;
  let gate: Promise<void> | undefined;
  const disk: Disk = {
    ...realDisk,
    async create(path) {
      const file = await realDisk.create(path);
      return {
        ...file,
        async datasync() {
          await gate;
          await file.datasync();
        },
      };
    },
  };
  return {
    disk,
    shut: () => {
      gate = new Promise((resolve) => (release = resolve));
    },
    lift: () => {
      gate = undefined;
      release();
    },
  };
}
