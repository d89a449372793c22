// A whole hub with one gateway that speaks the wire contract, for tests of what people see and do.
import { ManualClock } from '../../../hub/clock.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { topics } from '../../../device-profiles/contract/wire.ts';
import type { Sample } from '../../../device-profiles/contract/wire.ts';
import { CONTROL_ROOM_CERTIFICATE, planShift } from '../../../hub/duty/api.ts';
import { runCommand } from '../../../hub/http/command.ts';
import { addCertificate } from '../../../hub/staff/api.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { OFFLINE, ONLINE, signal, WireGateway, type DeviceSpec } from '../ingest/rig.ts';

export const T0 = Date.UTC(2026, 10, 22, 8);

/** A fire panel of its own building, so that tests do not meet in one place. */
export const panel = (id: string, building = id): DeviceSpec => ({
  id,
  building,
  floor: 12,
  points: [ONLINE, { id: 'zone' }, { id: 'key' }, { id: 'mains' }],
  signals: [
    OFFLINE,
    signal({ id: 'fire', class: 'FIRE', point: 'zone', when: { eq: 1 }, latch: 'panel' }),
    signal({ id: 'fault', class: 'FAULT', point: 'zone', when: { eq: 2 } }),
    signal({ id: 'mains', class: 'FAULT', point: 'mains', when: { eq: 1 } }),
    signal({ id: 'reset', class: 'RESET', point: 'key', when: { eq: 1 } }),
  ],
});
export const lift = (id: string, building = id): DeviceSpec => ({
  id,
  kind: 'elevator',
  building,
  points: [ONLINE, { id: 'trapped' }, { id: 'level', lane: 'telemetry', type: 'float32' }],
  signals: [
    OFFLINE,
    signal({ id: 'trapped', class: 'ENTRAPMENT', point: 'trapped', when: { eq: 1 }, latch: 'manual' }),
  ],
});

export interface Site {
  readonly hub: TestHub;
  readonly clock: ManualClock;
  readonly gateway: WireGateway;
  readonly operator: Client;
  readonly admin: Client;
  /** Hands records of the safety lane to the hub and waits until they are applied. */
  tell(...samples: Sample[]): Promise<void>;
  /** A live birth, answered. */
  bear(gateway?: WireGateway): Promise<void>;
  open(query?: string): Promise<AlarmView[]>;
  /** The one open alarm of a device, of this signal. */
  alarm(device: string, signal: string): Promise<AlarmView>;
  /** Time passes and timers run. */
  pass(ms: number): Promise<void>;
}

/** Puts people on a control-room shift of eight hours, with certificates. */
async function onShift(hub: TestHub, now: number, names: readonly string[]): Promise<void> {
  const { database, runEffects } = hub.hub;
  const ids = await database.db.read((tx) =>
    tx.query<{ id: string }>('select id from staff.person where username = any ($1::text[])', [names]),
  );
  const by = { now, actor: { kind: 'system', id: 'test' } } as const;
  await runCommand(database.db, runEffects, by, async (c) => {
    for (const [k, { id }] of ids.entries()) {
      const certificate = { kind: CONTROL_ROOM_CERTIFICATE, no: `no-${k}`, expires: '2030-01-01' } as const;
      const given = await addCertificate(c, { id, community: TEST_COMMUNITY }, certificate);
      if (!given.ok) return given;
    }
    const people = ids.map((p) => p.id);
    return planShift(c, {
      community: TEST_COMMUNITY,
      kind: 'control-room',
      from: now - 60_000,
      to: now + 7 * 3_600_000,
      people,
    });
  });
}

/** Makes somebody a certified fire supervisor. */
export async function certifySupervisor({ hub, clock }: Site, username: string): Promise<void> {
  const { database, runEffects } = hub.hub;
  const by = { now: clock.now(), actor: { kind: 'system', id: 'test' } } as const;
  await runCommand(database.db, runEffects, by, async (c) => {
    const { id } = await c.tx.one<{ id: string }>('select id from staff.person where username = $1', [username]);
    const certificate = { kind: 'fire-supervisor', no: 'no-s', expires: '2030-01-01' } as const;
    return addCertificate(c, { id, community: TEST_COMMUNITY }, certificate);
  });
}

/** Starts a hub with an enrolled gateway whose devices are online and quiet. */
export async function startSite(devices: readonly DeviceSpec[]): Promise<Site> {
  const clock = new ManualClock(T0);
  const hub = await startTestHub({ clock, config: { community: TEST_COMMUNITY } });
  const { ingest, timers } = hub.hub.sensing;
  const admin = await hub.as('admin');
  const operator = await hub.as('operator');
  await onShift(hub, clock.now(), ['operator', 'supervisor']);
  await admin.post('/api/gateways', { id: 'gw' });
  const gateway = new WireGateway('gw', devices, clock);

  const bear = async (of: WireGateway = gateway): Promise<void> => {
    const births = ingest.counters.birthsTaken;
    void ingest.receive(topics.birth(of.id), of.birth({ community: TEST_COMMUNITY }));
    await until(() => ingest.counters.birthsTaken > births, { what: 'the birth is taken' });
  };
  const tell = async (...samples: Sample[]): Promise<void> => {
    const made = gateway.batch('safety', samples);
    void ingest.receive(topics.up('gw', 'safety'), made.bytes);
    await until(() => ingest.site('gw')?.lanes.safety.seq === gateway.head.safety, { what: 'the records are applied' });
  };
  const open = async (query = ''): Promise<AlarmView[]> =>
    (await operator.get<{ items: AlarmView[] }>(`/api/alarms${query}`)).body.items;
  await bear();
  await tell(
    ...devices.flatMap((d) =>
      d.points.filter((p) => p.lane !== 'telemetry').map((p) => gateway.sample(d.id, p.id, p.id === 'online' ? 1 : 0)),
    ),
  );
  return {
    hub,
    clock,
    gateway,
    operator,
    admin,
    tell,
    bear,
    open,
    alarm: async (device, name) => {
      const found = (await open(`?device=gw.${device}&limit=500`)).filter((a) => a.signal === name);
      if (found.length !== 1 || !found[0]) throw new Error(`${found.length} open alarms ${name} of ${device}`);
      return found[0];
    },
    pass: async (ms) => {
      clock.advance(ms);
      await timers.runDue();
      // The hub's own loop may have been faster with one of them.
      const due = `select 1 from timers.timer where kind like 'alarm-%' and set_aside_at is null and due <= $1`;
      await until(async () => (await hub.database.db.read((tx) => tx.query(due, [clock.now()]))).length === 0, {
        what: 'timers of alarms have run',
      });
    },
  };
}
