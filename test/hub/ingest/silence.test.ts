// Silence of gateways is never shown as safety.
import { beforeEach, describe, expect, test } from 'vitest';
import { topics } from '../../../device-profiles/contract/wire.ts';
import { until } from '../../helpers/wait.ts';
import { awaitedOf, blindOf } from '../../../hub/live/state.ts';
import { alarms, brief, clock, database, events, freshGround, gateway, PANEL, quiet } from './ground.ts';
import { bear, COMMUNITY, enrolGateway, startRig, T0, tell, WireGateway, type Rig } from './rig.ts';

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

  const zone = (rig: Rig): unknown => {
    const site = rig.ingest.site('gw');
    const entry = rig.ingest.entry('gw.panel', 'zone');
    return site && entry && site.read(entry);
  };

  test('[S2] a gateway of which nothing can be read is silent, however much it sends', async () => {
    const { rig, gw } = await quiet();
    void rig.ingest.receive(topics.beat('gw'), gw.beat());
    for (let s = 0; s < 6; s++) {
      for (const topic of [topics.beat('gw'), topics.birth('gw'), topics.up('gw', 'safety')])
        void rig.ingest.receive(topic, Buffer.from('not a message'));
      pass(rig, 1);
    }
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
    expect(zone(rig)).toMatchObject({ quality: 'stale', reason: 'gateway-silent' });
    await until(async () => (await brief()).includes('silent unacked-active true'), { what: 'silence is told' });
    expect(rig.ingest.counters.malformed).toBe(18);
  });

  test('[S2] beats of an epoch that no birth explains are silence after 10 s', async () => {
    const { rig, gw } = await quiet();
    const other = gateway();
    other.newEpoch('epoch-0002');
    for (let s = 0; s < 10; s++) {
      void rig.ingest.receive(topics.beat('gw'), other.beat());
      pass(rig, 1);
    }
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
    pass(rig, 1);
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
    expect(rig.ingest.site('gw')?.silence?.since).toBe(T0);
    expect(zone(rig)).toMatchObject({ quality: 'stale', reason: 'gateway-silent' });
    await bear(rig, gw);
    expect(zone(rig)).toMatchObject({ quality: 'good' });
  });

  test('[S2] a gateway whose live birth is refused no longer vouches for what it told before', async () => {
    const { rig, gw } = await quiet();
    const born = gw.born();
    const twice = {
      devices: [...born.devices, ...born.devices.slice(0, 1)],
      birth: 'f'.repeat(32),
      epoch: 'epoch-0002',
    };
    void rig.ingest.receive(topics.birth('gw'), gw.birth(twice));
    await until(() => rig.ingest.counters.birthsRefused === 1, { what: 'the birth is refused' });
    pass(rig, 1);
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
    expect(zone(rig)).toMatchObject({ quality: 'stale', reason: 'gateway-silent' });
    await bear(rig, gw);
    expect(zone(rig)).toMatchObject({ quality: 'good' });
    pass(rig, 4);
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
  });

  describe('a gateway that was only just enrolled', () => {
    const enrolled = async (rig: Rig): Promise<void> => {
      await enrolGateway(database, 'new');
      rig.ingest.enrolled('new', COMMUNITY);
    };
    const beatAll = (rig: Rig, gw: WireGateway): void => {
      void rig.ingest.receive(topics.beat('gw'), gw.beat());
      pass(rig, 1);
    };

    test('is awaited and shown as such: no alarm, nobody is blinded, also after a restart', async () => {
      const { rig, gw } = await quiet();
      await enrolled(rig);
      for (let s = 0; s < 60; s++) beatAll(rig, gw);
      await bear(rig, gw);
      expect(await brief()).toEqual([]);
      expect(awaitedOf(rig.ingest.sites())).toEqual(['new']);
      expect(blindOf(rig.ingest.sites(), undefined)).toEqual([]);
      await rig.stop();
      const again = await startRig(database, { clock });
      await bear(again, gw);
      for (let s = 0; s < 60; s++) beatAll(again, gw);
      await bear(again, gw);
      expect(await brief()).toEqual([]);
      expect(awaitedOf(again.ingest.sites())).toEqual(['new']);
    });

    test('is missed like any other once it has told its points', async () => {
      const { rig, gw } = await quiet();
      await enrolled(rig);
      for (let s = 0; s < 10; s++) beatAll(rig, gw);
      const fresh = new WireGateway('new', [PANEL], clock);
      void rig.ingest.receive(topics.birth('new'), fresh.birth());
      await until(() => rig.ingest.site('new')?.program, { what: 'its birth' });
      expect(awaitedOf(rig.ingest.sites())).toEqual([]);
      for (let s = 0; s < 6; s++) beatAll(rig, gw);
      await until(async () => (await brief()).includes('silent unacked-active true'), { what: 'silence is told' });
    });

    test('and tells what nothing can be made of is silent at once', async () => {
      const { rig, gw } = await quiet();
      await enrolled(rig);
      const fresh = new WireGateway('new', [PANEL], clock);
      for (let s = 0; s < 32; s++) {
        void rig.ingest.receive(topics.beat('new'), fresh.beat());
        beatAll(rig, gw);
      }
      await until(() => rig.ingest.site('new')?.silence, { what: 'the gateway is silent' });
      expect(awaitedOf(rig.ingest.sites())).toEqual([]);
    });
  });

  test('[S2] a gateway that an earlier hub knew takes the green away until its birth, and is silent without one', async () => {
    const { rig, gw } = await quiet();
    await rig.stop();
    const again = await startRig(database, { clock });
    expect(blindOf(again.ingest.sites(), undefined)).toEqual([{ gateway: 'gw', since: T0, reason: 'gateway-missed' }]);
    await bear(again, gw);
    expect(blindOf(again.ingest.sites(), undefined)).toEqual([]);
    await again.stop();
    const third = await startRig(database, { clock });
    pass(third, 32);
    await until(async () => (await brief()).includes('silent unacked-active true'), { what: 'silence is told' });
  });

  test('one that is enrolled anew after it was revoked has its time of grace, and is missed then', async () => {
    const { rig } = await quiet();
    rig.ingest.revoked('gw');
    clock.advance(60_000);
    rig.ingest.look();
    rig.ingest.enrolled('gw', COMMUNITY, true);
    expect(blindOf(rig.ingest.sites(), undefined)).toMatchObject([{ reason: 'gateway-missed' }]);
    pass(rig, 30);
    expect(rig.ingest.site('gw')?.silence).toBeUndefined();
    pass(rig, 2);
    await until(() => rig.ingest.site('gw')?.silence, { what: 'the gateway is silent' });
  });
});
