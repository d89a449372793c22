// A hub on a clock of its own with two buildings, three lifts and a photo: what tests of plans, lanes and escorts share.
import { createHash } from 'node:crypto';
import { ManualClock } from '../../hub/clock.ts';
import { putDevices, type DeviceRow } from '../../hub/equipment/store.ts';
import { putFile } from '../../hub/files/store.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../helpers/hub.ts';
import { until } from '../helpers/wait.ts';

export const NOON = Date.UTC(2026, 10, 23, 4);
export const SECOND = 1_000;
export const MINUTE = 60_000;

export interface SceneHub extends TestHub {
  readonly clock: ManualClock;
  /** SHA-256 of an uploaded picture. */
  readonly photo: string;
  /** Time passes; timers and policies do what is due. */
  pass(ms: number): Promise<void>;
  /** Messages that a person was told, by key of the catalogue, the newest first. */
  told(who: Client): Promise<readonly string[]>;
}

export const lift = (id: string, building: string): DeviceRow => ({
  id: `g1.${id}`,
  community: TEST_COMMUNITY,
  gateway: 'g1',
  kind: 'elevator',
  name: { zh: `${building}${id}电梯`, en: `Lift ${id}` },
  profile: 'p',
  vendor: 'v',
  model: 'm',
  evidence: 'e',
  link: 'l',
  building,
  floor: null,
  place: null,
});

export async function sceneHub(): Promise<SceneHub> {
  const clock = new ManualClock(NOON);
  const hub = await startTestHub({ clock });
  const admin = await hub.as('admin');
  const buildings = ['b1', 'b2'].map((id) => ({ id, name: { zh: id, en: id }, floors: [{ floor: 1 }] }));
  const made = await admin.send('PUT', '/api/buildings', { buildings });
  if (made.status !== 200) throw new Error(`buildings: ${JSON.stringify(made.body)}`);
  const bytes = Buffer.from('a car in the way');
  const photo = createHash('sha256').update(bytes).digest('hex');
  await hub.database.db.transaction(async (tx) => {
    await putDevices(tx, [lift('l1', 'b1'), lift('l2', 'b1'), lift('l3', 'b1')], true, NOON);
    const file = { community: TEST_COMMUNITY, sha256: photo, type: 'image/jpeg', bytes, by: 'test' } as const;
    await putFile(tx, file, NOON);
  });
  // The hub's own loops run beside: a timer they have taken is in the table until its transaction ends, and its events
  // are hidden until then. Quiet is when nothing is due, nothing hidden and nothing new.
  const settle = async (): Promise<void> => {
    const quiet = async (): Promise<boolean> => {
      const ran = await hub.hub.sensing.timers.runDue('main');
      const hidden = await hub.hub.responding.policies.runAll();
      const due = await hub.database.db.read((tx) =>
        tx.query('select key from timers.timer where set_aside_at is null and due <= $1 limit 1', [clock.now()]),
      );
      return ran === 0 && !hidden && due.length === 0;
    };
    await until(quiet, { ms: 60_000, what: 'no timer due and no event unread' });
  };
  // A session ends by itself when days pass: who somebody is is asked while it is fresh.
  const ids = new Map<Client, string>();
  return {
    ...hub,
    as: async (username, password) => {
      const client = await hub.as(username, password);
      ids.set(client, (await client.get<{ id: string }>('/api/session')).body.id);
      return client;
    },
    clock,
    photo,
    pass: async (ms) => {
      clock.advance(ms);
      await settle();
    },
    told: async (who) => {
      const rows = await hub.database.db.read((tx) =>
        tx.query<{ message: string }>(
          `select message from notify.notification where recipient = $1 and message like 'notify.%' order by id desc`,
          [ids.get(who)],
        ),
      );
      return rows.map((r) => r.message);
    },
  };
}

/** The code of a refusal. */
export const codeOf = (answer: { readonly body: unknown }): unknown =>
  (answer.body as { readonly code?: unknown } | null)?.code;
