// A gateway that is born again and again, whatever ails it, keeps no other gateway's fire waiting.
import { beforeAll, expect, test } from 'vitest';
import { topics } from '../../../device-profiles/contract/wire.ts';
import { freshDatabase, type TestDatabase } from '../../helpers/database.ts';
import {
  bear,
  COMMUNITY,
  enrolGateway,
  ONLINE,
  reached,
  send,
  signal,
  startRig,
  WireGateway,
  type Rig,
} from './rig.ts';

let database: TestDatabase;
let rig: Rig;
const devices = [
  {
    id: 'p',
    points: [ONLINE, { id: 'zone' }],
    signals: [signal({ id: 'fire', class: 'FIRE', point: 'zone', when: { eq: 1 }, latch: 'panel' })],
  },
];

beforeAll(async () => {
  database = await freshDatabase();
  for (const id of ['good', 'mad']) await enrolGateway(database, id);
  rig = await startRig(database);
});

test('five hundred births that wait do not keep the fire of another gateway waiting, and count as one', async () => {
  const good = new WireGateway('good', devices, rig.clock);
  const mad = new WireGateway('mad', devices, rig.clock);
  await bear(rig, good);
  await bear(rig, mad);
  const { birthsTaken: before } = rig.ingest.counters;

  const birth = mad.birth();
  for (let k = 0; k < 500; k++) void rig.ingest.receive(topics.birth('mad'), birth);
  send(rig, good, good.batch('safety', [good.sample('p', 'zone', 1)]));
  await reached(rig, good);

  const alarms = await database.db.read((tx) =>
    tx.query('select signal, community from alarms.alarm where gateway = $1', ['good']),
  );
  expect(alarms).toEqual([{ signal: 'fire', community: COMMUNITY }]);
  // The first had its turn, perhaps one of those that came meanwhile; the others were replaced by newer ones.
  expect(rig.ingest.counters.birthsTaken - before).toBeLessThanOrEqual(2);
  expect(rig.ingest.allCounters()['birthsReplaced']).toBeGreaterThanOrEqual(498);
});
