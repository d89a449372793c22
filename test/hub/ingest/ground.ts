// What the tests of ingest stand on: a panel and a pump behind one gateway, and what the database says of their alarms.
import { ManualClock } from '../../../hub/clock.ts';
import { freshDatabase, type TestDatabase } from '../../helpers/database.ts';
import {
  bear,
  enrolGateway,
  OFFLINE,
  ONLINE,
  reached,
  send,
  signal,
  startRig,
  T0,
  WireGateway,
  type DeviceSpec,
  type Rig,
} from './rig.ts';

const FIRE = signal({ id: 'fire', class: 'FIRE', point: 'zone', when: { eq: 1 }, latch: 'panel' });
const FAULT = signal({ id: 'fault', class: 'FAULT', point: 'zone', when: { eq: 2 } });
const RESET = signal({ id: 'reset', class: 'RESET', point: 'key', when: { eq: 1 } });
const LOW = signal({ id: 'low', class: 'PROCESS', point: 'bar', when: { lt: 4, hyst: 0.5 }, onDelayMs: 10_000 });
export const PANEL: DeviceSpec = {
  id: 'panel',
  building: '1',
  floor: 12,
  points: [ONLINE, { id: 'zone' }, { id: 'key' }],
  signals: [OFFLINE, FIRE, FAULT, RESET],
};
export const PUMP: DeviceSpec = {
  id: 'pump',
  kind: 'fire-pump',
  points: [ONLINE, { id: 'bar' }, { id: 'temp', lane: 'telemetry' }],
  signals: [OFFLINE, LOW],
};

export let database: TestDatabase;
export let clock: ManualClock;

/** Before each test: its own database, clock and enrolled gateway. */
export async function freshGround(): Promise<void> {
  database = await freshDatabase();
  clock = new ManualClock(T0);
  await enrolGateway(database, 'gw');
}

export const gateway = (devices: readonly DeviceSpec[] = [PANEL, PUMP]): WireGateway =>
  new WireGateway('gw', devices, clock);

export interface Alarm {
  signal: string;
  state: string;
  condition: string;
  recurrences: number;
  raised: number;
  cleared: number | null;
  device: string;
}
export const alarms = (): Promise<Alarm[]> =>
  database.db.read((tx) =>
    tx.query<Alarm>(
      `select signal, state, condition, recurrences, device,
         (extract(epoch from raised_at) * 1000)::float8 as raised, (extract(epoch from cleared_at) * 1000)::float8 as cleared
       from alarms.alarm order by seq`,
    ),
  );
export const brief = async (): Promise<string[]> =>
  (await alarms()).map((a) => `${a.signal} ${a.state} ${a.condition}`);
export const events = async (): Promise<string[]> =>
  (await database.db.read((tx) => tx.query<{ type: string }>('select type from events.event order by id'))).map(
    (e) => e.type,
  );

/** A rig with a gateway that is born and quiet. */
export async function quiet(rig?: Rig, gw = gateway()): Promise<{ rig: Rig; gw: WireGateway }> {
  const started = rig ?? (await startRig(database, { clock }));
  for (const s of [gw.sample('panel', 'online', 1), gw.sample('panel', 'zone', 0), gw.sample('panel', 'key', 0)])
    gw.batch('safety', [s]);
  for (const s of [gw.sample('pump', 'online', 1), gw.sample('pump', 'bar', 6)]) gw.batch('safety', [s]);
  await bear(started, gw);
  for (const made of gw.sent) send(started, gw, made);
  await reached(started, gw);
  return { rig: started, gw };
}
