// Since when a signal is known to be gone without a gap: what verifies a repair.
import { beforeEach, describe, expect, test } from 'vitest';
import { shiftSteady, steadySince } from '../../../hub/alarms/api.ts';
import { until } from '../../helpers/wait.ts';
import { clock, database, freshGround, quiet } from '../ingest/ground.ts';
import { bear, reached, send, startRig, tell, T0, type Rig, type WireGateway } from '../ingest/rig.ts';

beforeEach(freshGround);

const SECOND = 1_000;
/** Seconds after T0 since when the fault of the panel's zone is known to be gone; undefined when it is not. */
const since = async (signal = 'fault', point = 'zone', device = 'gw.panel'): Promise<number | undefined> => {
  const at = await database.db.read((tx) => steadySince(tx, { device, point, signal }));
  return at === undefined ? undefined : (at - T0) / SECOND;
};
const wait = (seconds: number): void => clock.advance(seconds * SECOND);

/** A fault was there and is gone since second 10; now is second 20. */
async function mended(): Promise<{ rig: Rig; gw: WireGateway }> {
  const { rig, gw } = await quiet();
  expect(await since()).toBeUndefined();
  await tell(rig, gw, gw.sample('panel', 'zone', 2));
  expect(await since()).toBeUndefined();
  wait(10);
  await tell(rig, gw, gw.sample('panel', 'zone', 0));
  expect(await since()).toBe(10);
  wait(10);
  return { rig, gw };
}

/** Nothing is heard for so long that the gateway is silent, and its runs end. */
async function untilSilent(rig: Rig): Promise<void> {
  for (let s = 0; s < 60 && rig.ingest.site('gw')?.silence === undefined; s++) {
    wait(1);
    rig.ingest.look();
  }
  await until(async () => (await since()) === undefined, { what: 'the run ends' });
}

describe('a run of "known to be gone"', () => {
  test('goes on while good values say so', async () => {
    const { rig, gw } = await mended();
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    await bear(rig, gw);
    expect(await since()).toBe(10);
  });

  test('begins anew after a value that could not be read, even where both come in one batch', async () => {
    const { rig, gw } = await mended();
    await tell(rig, gw, gw.gap('panel', 'zone'));
    expect(await since()).toBeUndefined();
    wait(5);
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    expect(await since()).toBe(25);
    wait(5);
    await tell(rig, gw, gw.gap('panel', 'zone', 'bad'), gw.sample('panel', 'zone', 0));
    expect(await since()).toBe(30);
  });

  test('ends when the condition is met, before any delay has raised it', async () => {
    const { rig, gw } = await mended();
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    expect(await since()).toBeUndefined();
  });

  test('begins anew when the device was offline', async () => {
    const { rig, gw } = await mended();
    await tell(rig, gw, gw.sample('panel', 'online', 0));
    expect(await since()).toBeUndefined();
    wait(5);
    await tell(rig, gw, gw.sample('panel', 'online', 1), gw.sample('panel', 'zone', 0));
    expect(await since()).toBe(25);
    expect(await since('offline', 'online')).toBe(25);
  });

  test('begins anew when the gateway was silent, and its own silence is gone since it was heard', async () => {
    const { rig, gw } = await mended();
    await untilSilent(rig);
    wait(1);
    const heard = (clock.now() - T0) / SECOND;
    await bear(rig, gw);
    expect(await since()).toBe(heard);
    expect(await since('silent', 'hub-link', 'gw.gateway')).toBe(heard);
  });

  test.each(['started', 'corrupt-segment'] as const)('begins anew with a note %s', async (kind) => {
    const { rig, gw } = await mended();
    send(rig, gw, gw.batch('safety', [], [gw.note(kind)]));
    await reached(rig, gw);
    expect(await since()).toBe(20);
  });

  test('begins anew after a loss, and under another epoch', async () => {
    const { rig, gw } = await mended();
    send(rig, gw, gw.loss('safety', gw.head.safety + 5, 5));
    await reached(rig, gw);
    expect(await since()).toBe(20);
    wait(5);
    gw.newEpoch('epoch-0002');
    await bear(rig, gw);
    expect(await since()).toBe(25);
  });
});

describe('a restart of the hub', () => {
  test('changes nothing where the gateway tells that nothing happened', async () => {
    const { rig, gw } = await mended();
    await rig.stop();
    wait(5);
    const again = await startRig(database, { clock });
    expect(again.engine.track('gw.panel\nzone\nfault').truth).toBe('unknown');
    await bear(again, gw);
    expect(again.engine.track('gw.panel\nzone\nfault').truth).toBe('false');
    expect(await since()).toBe(10);
  });

  test('hides no gap that was while it was away', async () => {
    const { rig, gw } = await mended();
    await rig.stop();
    wait(5);
    const missed = [gw.batch('safety', [gw.gap('panel', 'zone')]), gw.batch('safety', [gw.sample('panel', 'zone', 0)])];
    const again = await startRig(database, { clock });
    await bear(again, gw);
    for (const batch of missed) send(again, gw, batch);
    await reached(again, gw);
    expect(await since()).toBe(25);
  });

  test('ends the run of a gateway that falls silent before it has told what the hub missed', async () => {
    const { rig, gw } = await mended();
    await rig.stop();
    wait(5);
    const missed = gw.batch('safety', [gw.sample('panel', 'zone', 0)]);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    await untilSilent(again);
    expect(again.engine.track('gw.panel\nzone\nfault').truth).toBe('unknown');
    wait(1);
    const heard = (clock.now() - T0) / SECOND;
    await bear(again, gw);
    send(again, gw, missed);
    await reached(again, gw);
    expect(await since()).toBe(heard);
  });

  test('ends the run where the snapshot does not know the value', async () => {
    const { rig, gw } = await mended();
    await rig.stop();
    const again = await startRig(database, { clock });
    gw.latest.delete(gw.index('panel', 'zone'));
    await bear(again, gw);
    expect(await since()).toBeUndefined();
  });
});

test('a jump of the wall clock makes no run longer', async () => {
  await mended();
  await database.db.transaction((tx) => shiftSteady(tx, 3_600_000));
  expect(await since()).toBe(3_610);
});
