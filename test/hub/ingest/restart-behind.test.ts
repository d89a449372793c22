// A hub that is started anew while it still catches up with a gateway: what a snapshot showed burning goes on burning.
import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../helpers/wait.ts';
import { startRig, bear, reached, send, type Rig } from './rig.ts';
import { alarms, brief, clock, database, freshGround, quiet } from './ground.ts';

describe('a hub that restarts amid a backlog', () => {
  beforeEach(freshGround);

  test('[S3] records from before a fire that a snapshot showed do not clear it, and it is there once', async () => {
    const { rig, gw } = await quiet();
    // The gateway goes on alone: a quiet record, then the fire, which is out of sight for the hub.
    clock.advance(1_000);
    const early = gw.batch('safety', [gw.sample('panel', 'zone', 0), gw.sample('pump', 'bar', 6.5)]);
    clock.advance(60_000);
    const fire = gw.sample('panel', 'zone', 1);
    const burning = gw.batch('safety', [fire]);
    clock.advance(1_000);
    await bear(rig, gw);
    expect(await brief()).toEqual(['fire unacked-active true']);
    // The hub dies before a single record of the backlog came through.
    await rig.stop();
    const again = await startRig(database, { clock });
    clock.advance(1_000);
    await bear(again, gw);
    send(again, gw, early);
    await reached(again, gw, 'safety', early.batch.first + 1);
    expect(await brief()).toEqual(['fire unacked-active true']);
    send(again, gw, burning);
    await reached(again, gw);
    expect(await alarms()).toMatchObject([
      { signal: 'fire', state: 'unacked-active', condition: 'true', recurrences: 0, cleared: null },
    ]);
  });

  test('one that ended meanwhile ends when the records have told so, with its own time', async () => {
    const { rig, gw } = await quiet();
    clock.advance(1_000);
    const early = gw.batch('safety', [gw.sample('pump', 'online', 1), gw.sample('panel', 'zone', 0)]);
    clock.advance(1_000);
    const fault = gw.batch('safety', [gw.sample('panel', 'zone', 2)]);
    clock.advance(1_000);
    await bear(rig, gw);
    expect(await brief()).toEqual(['fault unacked-active true']);
    await rig.stop();
    const again = await startRig(database, { clock });
    clock.advance(1_000);
    const over = gw.batch('safety', [gw.sample('panel', 'zone', 0)]);
    const overAt = clock.now();
    clock.advance(5_000);
    await bear(again, gw);
    for (const made of [early, fault]) send(again, gw, made);
    await reached(again, gw, 'safety', fault.batch.first);
    expect(await brief()).toEqual(['fault unacked-active true']);
    send(again, gw, over);
    await reached(again, gw);
    expect(await alarms()).toMatchObject([
      { signal: 'fault', state: 'unacked-cleared', condition: 'false', recurrences: 0, cleared: overAt },
    ]);
  });

  test('one that the records had raised before is cleared by the record that says so, restart or not', async () => {
    const { rig, gw } = await quiet();
    clock.advance(1_000);
    send(rig, gw, gw.batch('safety', [gw.sample('panel', 'zone', 2)]));
    await reached(rig, gw);
    await rig.stop();
    const again = await startRig(database, { clock });
    clock.advance(1_000);
    const over = gw.batch('safety', [gw.sample('panel', 'zone', 0)]);
    clock.advance(1_000);
    const back = gw.batch('safety', [gw.sample('panel', 'zone', 2)]);
    await bear(again, gw);
    send(again, gw, over);
    await reached(again, gw, 'safety', over.batch.first);
    expect(await brief()).toEqual(['fault unacked-cleared false']);
    send(again, gw, back);
    await reached(again, gw);
    // It came back, and that is what the records say.
    expect(await alarms()).toMatchObject([{ signal: 'fault', state: 'unacked-active', recurrences: 1 }]);
  });
});

/** Nothing comes for longer than patience lasts: the broker died, or the database kept the hub waiting. */
async function fallSilent(rig: Rig): Promise<void> {
  for (let s = 0; s < 10; s++) {
    clock.advance(1_000);
    rig.ingest.look();
  }
  await until(async () => (await brief()).some((a) => a.startsWith('silent')), { what: 'the gateway is silent' });
}

describe('a backlog', () => {
  beforeEach(freshGround);

  test('[S1] of a gateway that is silent again before it is told loses no fire that came and went in it', async () => {
    const { rig, gw } = await quiet();
    clock.advance(1_000);
    const raised = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    clock.advance(1_000);
    const over = gw.batch('safety', [gw.sample('panel', 'zone', 0)]);
    clock.advance(1_000);
    await bear(rig, gw);
    expect(await brief()).toEqual([]);
    await fallSilent(rig);
    for (const made of [raised, over]) send(rig, gw, made);
    await reached(rig, gw);
    expect(await brief()).toContain('fire latched-unacked false');
    await bear(rig, gw);
    expect(await brief()).toContain('fire latched-unacked false');
  });

  test('of a gateway that is silent again amid it does not end and begin anew what a snapshot showed', async () => {
    const { rig, gw } = await quiet();
    clock.advance(1_000);
    const early = gw.batch('safety', [gw.sample('panel', 'zone', 0), gw.sample('pump', 'bar', 6.5)]);
    clock.advance(1_000);
    const broken = gw.batch('safety', [gw.sample('panel', 'zone', 2)]);
    clock.advance(1_000);
    await bear(rig, gw);
    expect(await brief()).toEqual(['fault unacked-active true']);
    await fallSilent(rig);
    send(rig, gw, early);
    await reached(rig, gw, 'safety', early.batch.first + 1);
    send(rig, gw, broken);
    await reached(rig, gw);
    const faults = (await alarms()).filter((a) => a.signal === 'fault');
    expect(faults).toMatchObject([{ state: 'unacked-active', condition: 'true', recurrences: 0 }]);
  });

  test('[S1] tells a fire although the snapshot says that its panel is not heard any more', async () => {
    const { rig, gw } = await quiet();
    await rig.stop();
    clock.advance(1_000);
    const burning = gw.batch('safety', [gw.sample('panel', 'zone', 1)]);
    clock.advance(1_000);
    const lost = gw.batch('safety', [gw.sample('panel', 'online', 0)]);
    clock.advance(1_000);
    const again = await startRig(database, { clock });
    await bear(again, gw);
    // At once: a backlog may be long.
    expect(await brief()).toContain('fire unacked-active true');
    send(again, gw, burning);
    await reached(again, gw, 'safety', burning.batch.first);
    expect(await brief()).toContain('fire unacked-active true');
    send(again, gw, lost);
    await reached(again, gw);
    expect(await brief()).toContain('fire unacked-active unknown');
  });
});
