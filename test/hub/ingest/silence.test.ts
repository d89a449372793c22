// Silence of gateways is never shown as safety.
import { beforeEach, describe, expect, test } from 'vitest';
import { topics } from '../../../device-profiles/contract/wire.ts';
import { until } from '../../helpers/wait.ts';
import { alarms, brief, clock, database, events, freshGround, quiet } from './ground.ts';
import { bear, startRig, T0, tell, type Rig } from './rig.ts';

beforeEach(freshGround);

describe('silence', () => {
  /** Time passes, and the hub looks each second. */
  function pass(rig: Rig, seconds: number): void {
    for (let s = 0; s < seconds; s++) {
      clock.advance(1_000);
      rig.ingest.look();
    }
  }

  test('[S2] a gateway that is not heard blinds its points, holds its alarms, and is told as COMMS until it is back', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    pass(rig, 5);
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
    pass(rig, 1);
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
    expect(rig.ingest.site('gw')?.silence?.since).toBe(T0);
    expect((await brief()).toSorted()).toEqual(['fault unacked-active unknown', 'silent unacked-active true']);
    const site = rig.ingest.site('gw');
    const zone = rig.ingest.entry('gw.panel', 'zone');
    expect(site && zone && site.read(zone)).toMatchObject({ value: 2, quality: 'stale', reason: 'gateway-silent' });

    clock.advance(60_000);
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    await until(() => rig.said.some((s) => s.ask), { what: 'the hub asks for a birth' });
    expect(site && zone && site.read(zone)).toMatchObject({ quality: 'stale' });
    await bear(rig, gw);
    expect((await brief()).toSorted()).toEqual(['fault unacked-active true', 'silent unacked-cleared false']);
    expect(site && zone && site.read(zone)).toMatchObject({ value: 2, quality: 'good' });
    expect((await events()).filter((e) => e.startsWith('gateway'))).toEqual(['gateway.silent', 'gateway.heard']);
  });

  test('a pulse told between being heard again and the new birth is not missed', async () => {
    const { rig, gw } = await quiet();
    pass(rig, 6);
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
    await tell(rig, gw, gw.sample('panel', 'zone', 2));
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    await bear(rig, gw);
    expect((await brief()).toSorted()).toEqual(['fault unacked-cleared false', 'silent unacked-cleared false']);
  });

  test("the hub's own pause is not held against gateways", async () => {
    const { rig, gw } = await quiet();
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    clock.advance(30_000);
    rig.ingest.look();
    expect(await brief()).toEqual([]);
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    pass(rig, 4);
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
  });

  test('a restart does not end a silence: the alarm stands until the gateway is heard', async () => {
    const { rig } = await quiet();
    pass(rig, 6);
    await until(async () => (await brief()).includes('silent unacked-active true'), { what: 'silence is told' });
    await rig.stop();
    const again = await startRig(database, { clock });
    pass(again, 60);
    expect(await brief()).toEqual(['silent unacked-active true']);
    expect((await alarms())[0]?.recurrences).toBe(0);
  });
});
