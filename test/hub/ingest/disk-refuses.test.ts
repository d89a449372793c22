// A gateway whose own disk refuses is told, takes the green from screens, and neither any longer once it keeps again.
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeBeat, topics, WIRE_VERSION, type Beat } from '../../../device-profiles/contract/wire.ts';
import { blindOf } from '../../../hub/live/state.ts';
import { until } from '../../helpers/wait.ts';
import { brief, clock, database, freshGround, quiet } from './ground.ts';
import { bear, startRig, tell, type Rig, type WireGateway } from './rig.ts';

beforeEach(freshGround);

/** A second passes in which the gateway beats and the hub looks. */
function second(rig: Rig, gw: WireGateway, failing?: Beat['failing']): void {
  clock.advance(1_000);
  void rig.ingest.receive(
    topics.beat('gw'),
    encodeBeat({
      v: WIRE_VERSION,
      epoch: gw.epoch,
      at: clock.now(),
      birth: gw.birthId,
      head: { ...gw.head },
      spool: { bytes: 0, maxBytes: 1, dropped: 0 },
      devices: { online: 2, offline: 0 },
      links: {},
      ...(failing === undefined ? {} : { failing }),
    }),
  );
  rig.ingest.look();
}

const told = (line: string): Promise<unknown> =>
  until(async () => (await brief()).includes(line), { what: `"${line}" is told` });

describe('a gateway whose disk refuses', () => {
  test('safety records takes the green away at once, is a fault after 3 s, and both end with what it says', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    second(rig, gw);
    expect(blindOf(rig.ingest.sites(), undefined)).toEqual([]);
    second(rig, gw, { safety: 'ENOSPC' });
    const since = clock.now();
    const blind = [{ gateway: 'gw', since, reason: 'gateway-cannot-store' }];
    expect(blindOf(rig.ingest.sites(), undefined)).toEqual(blind);
    for (let s = 0; s < 2; s++) second(rig, gw, { safety: 'ENOSPC' });
    expect(await brief()).toEqual([]);
    second(rig, gw, { safety: 'ENOSPC' });
    await told('safety-not-kept unacked-active true');
    expect(blindOf(rig.ingest.sites(), undefined)).toEqual(blind);
    second(rig, gw);
    await told('safety-not-kept unacked-cleared false');
    expect(blindOf(rig.ingest.sites(), undefined)).toEqual([]);
  });

  test('leaves its values fresh: they are true, only not kept', async () => {
    const { rig, gw } = await quiet();
    await tell(rig, gw, gw.sample('panel', 'zone', 0));
    second(rig, gw, { safety: 'EIO' });
    const [site, entry] = [rig.ingest.site('gw'), rig.ingest.entry('gw.panel', 'zone')];
    expect(site?.blind?.reason).toBe('gateway-cannot-store');
    expect(site && entry && site.read(entry)).toMatchObject({ value: 0, quality: 'good' });
  });

  test('telemetry alone is a fault of its own and hides no alarm', async () => {
    const { rig, gw } = await quiet();
    for (let s = 0; s < 4; s++) second(rig, gw, { telemetry: 'EROFS' });
    await told('telemetry-not-kept unacked-active true');
    expect(await brief()).toHaveLength(1);
    expect(blindOf(rig.ingest.sites(), undefined)).toEqual([]);
  });

  test('for a moment is no fault', async () => {
    const { rig, gw } = await quiet();
    for (let s = 0; s < 3; s++) second(rig, gw, { safety: 'EIO', telemetry: 'EIO' });
    second(rig, gw);
    await bear(rig, gw);
    expect(await brief()).toEqual([]);
  });

  test('and is not heard any more is silent: that is what people must know', async () => {
    const { rig, gw } = await quiet();
    second(rig, gw, { safety: 'EIO' });
    for (let s = 0; s < 7; s++) {
      clock.advance(1_000);
      rig.ingest.look();
    }
    await told('silent unacked-active true');
    expect(blindOf(rig.ingest.sites(), undefined)).toMatchObject([{ reason: 'gateway-silent' }]);
  });

  test('and keeps again while the hub is down is none any more', async () => {
    const { rig, gw } = await quiet();
    for (let s = 0; s < 5; s++) second(rig, gw, { safety: 'ENOSPC' });
    await told('safety-not-kept unacked-active true');
    await rig.stop();
    const again = await startRig(database, { clock });
    await bear(again, gw);
    second(again, gw);
    await told('safety-not-kept unacked-cleared false');
    expect(blindOf(again.ingest.sites(), undefined)).toEqual([]);
  });
});
