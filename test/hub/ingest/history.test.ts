// T1 and the embedded history: two watermarks in one receipt, each durable on its own, whatever is lost between them.
import { rmSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { openDuckdb } from '../../../hub/history/duckdb.ts';
import type { History } from '../../../hub/history/api.ts';
import { ManualClock } from '../../../hub/clock.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../../helpers/database.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';
import {
  bear,
  COMMUNITY,
  enrolGateway,
  lastReceipt,
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

const PUMP: DeviceSpec = {
  id: 'pump',
  kind: 'fire-pump',
  points: [ONLINE, { id: 'run' }, { id: 'bar', lane: 'telemetry' }],
  signals: [OFFLINE, signal({ id: 'run', class: 'ACTION', point: 'run', when: { eq: 1 } })],
};

let database: TestDatabase;
let clock: ManualClock;
let dir: string;
let gw: WireGateway;

beforeEach(async () => {
  database = await freshDatabase();
  clock = new ManualClock(T0);
  dir = tempDir('history');
  gw = new WireGateway('gw', [PUMP], clock);
  await enrolGateway(database, 'gw');
});

const open = async (): Promise<History> => {
  const history = await openDuckdb({ dir, now: () => clock.now() });
  onCleanup(() => history.close());
  return history;
};
const start = (history: History): Promise<Rig> => startRig(database, { clock, history: history.writer });
const stored = async (rig: Rig, lane: 'safety' | 'telemetry'): Promise<void> => {
  await until(() => (lastReceipt(rig, gw, lane)?.stored ?? -1) >= gw.head[lane], { what: `${lane} is stored` });
};
const alarms = async (): Promise<number> =>
  (await database.db.read((tx) => tx.query('select 1 from alarms.alarm'))).length;
const recorded = async (history: History, point: string): Promise<unknown[]> => {
  const of = { community: COMMUNITY, kind: 'fire-pump', device: 'gw.pump', point } as const;
  const { samples } = await history.raw(of, { from: T0 - 1, to: clock.now() + 1 });
  return samples.map((s) => s.value);
};

describe('the embedded history', () => {
  test('[S1] stores both lanes, and the receipt says how far', async () => {
    const history = await open();
    const rig = await start(history);
    await bear(rig, gw);
    for (let k = 1; k <= 3; k++) {
      clock.advance(1_000);
      send(rig, gw, gw.batch('telemetry', [gw.sample('pump', 'bar', k / 10)]));
      send(rig, gw, gw.batch('safety', [gw.sample('pump', 'run', k % 2)]));
    }
    await stored(rig, 'safety');
    await stored(rig, 'telemetry');
    expect(await recorded(history, 'bar')).toEqual([0.1, 0.2, 0.3]);
    expect(await recorded(history, 'run')).toEqual([1, 0, 1]);
    expect(lastReceipt(rig, gw, 'telemetry')).toMatchObject({ seq: 3, stored: 3 });
  });

  test('what was committed by T1 and not yet by history is sent again, and only history takes it', async () => {
    const history = await open();
    const rig = await start(history);
    await bear(rig, gw);
    send(rig, gw, gw.batch('safety', [gw.sample('pump', 'run', 1)]));
    await stored(rig, 'safety');
    await rig.stop();
    await history.close();
    // As if the disk of history had been replaced.
    rmSync(dir, { recursive: true });
    const fresh = await open();
    const again = await start(fresh);
    await bear(again, gw);
    expect(lastReceipt(again, gw, 'safety')).toMatchObject({ seq: 1, stored: 0 });
    for (const made of gw.sent) send(again, gw, made);
    await stored(again, 'safety');
    expect(await recorded(fresh, 'run')).toEqual([1]);
    expect(await alarms()).toBe(1);
  });

  test('a batch past the watermark of history makes the hub ask to go back', async () => {
    const history = await open();
    const rig = await start(history);
    await bear(rig, gw);
    send(rig, gw, gw.batch('safety', [gw.sample('pump', 'run', 1)]));
    await stored(rig, 'safety');
    await rig.stop();
    await history.close();
    rmSync(dir, { recursive: true });
    const again = await start(await open());
    await bear(again, gw);
    // A gateway that forgot to go back by itself.
    send(again, gw, gw.batch('safety', [gw.sample('pump', 'run', 0)]));
    await until(() => lastReceipt(again, gw, 'safety')?.rewind, { what: 'the hub asks to go back' });
    expect(lastReceipt(again, gw, 'safety')).toMatchObject({ seq: 2, stored: 0 });
    for (const made of gw.sent) send(again, gw, made);
    await stored(again, 'safety');
  });

  test('a loss passes both watermarks', async () => {
    const history = await open();
    const rig = await start(history);
    await bear(rig, gw);
    send(rig, gw, gw.loss('telemetry', 500, 500));
    send(rig, gw, gw.batch('telemetry', [gw.sample('pump', 'bar', 0.5)]));
    await stored(rig, 'telemetry');
    expect(lastReceipt(rig, gw, 'telemetry')).toMatchObject({ seq: 501, stored: 501 });
    expect(await recorded(history, 'bar')).toEqual([0.5]);
  });

  test('where the gateway writes history itself, stored follows T1', async () => {
    const history = await open();
    const rig = await start(history);
    gw.writesHistory = true;
    await bear(rig, gw);
    send(rig, gw, gw.batch('telemetry', [gw.sample('pump', 'bar', 0.5)]));
    await reached(rig, gw, 'telemetry');
    expect(lastReceipt(rig, gw, 'telemetry')).toMatchObject({ seq: 1, stored: 1 });
    expect(await recorded(history, 'bar')).toEqual([]);
  });
});
