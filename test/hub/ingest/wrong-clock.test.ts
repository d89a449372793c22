// A gateway whose clock is simply wrong is told, with both times, and no longer once it is right.
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeBeat, topics, WIRE_VERSION } from '../../../device-profiles/contract/wire.ts';
import { until } from '../../helpers/wait.ts';
import { brief, clock, database, freshGround, quiet } from './ground.ts';
import { bear, startRig, type Rig, type WireGateway } from './rig.ts';

beforeEach(freshGround);

/** A second passes in which the gateway beats; its clock says `at`, ms. */
function second(rig: Rig, gw: WireGateway, at: number): void {
  clock.advance(1_000);
  void rig.ingest.receive(
    topics.beat('gw'),
    encodeBeat({
      v: WIRE_VERSION,
      epoch: gw.epoch,
      at,
      birth: gw.birthId,
      head: { ...gw.head },
      spool: { bytes: 0, maxBytes: 1, dropped: 0 },
      devices: { online: 2, offline: 0 },
      links: {},
    }),
  );
  rig.ingest.look();
}

const words = async (): Promise<{ zh: string; en: string } | undefined> =>
  (
    await database.db.read((tx) =>
      tx.query<{ text: { zh: string; en: string } }>(`select text from alarms.alarm where signal = 'clock-wrong'`),
    )
  )[0]?.text;

describe('a gateway whose clock is wrong', () => {
  test.each([0, Date.UTC(2035, 0, 1)])(
    'at %d ms is a fault that names both times, and ends by itself',
    async (wrong) => {
      const { rig, gw } = await quiet();
      for (let s = 0; s < 5; s++) second(rig, gw, wrong + s * 1_000);
      expect(await brief()).toEqual([]);
      const hubTime = new Date(clock.now() + 1_000).toISOString();
      second(rig, gw, wrong + 5_000);
      await until(async () => (await brief()).includes('clock-wrong unacked-active true'), {
        what: 'the fault is told',
      });
      const theirs = new Date(wrong + 5_000).toISOString();
      expect(await words()).toEqual({
        zh: `网关时钟不准：网关 ${theirs}，中枢 ${hubTime}`,
        en: `The clock of the gateway is wrong: gateway ${theirs}, hub ${hubTime}`,
      });
      second(rig, gw, clock.now() + 1_000);
      await until(async () => (await brief()).includes('clock-wrong unacked-cleared false'), {
        what: 'the fault ends',
      });
    },
  );

  test('that differs by less than a minute, or for a moment, is none', async () => {
    const { rig, gw } = await quiet();
    for (let s = 0; s < 20; s++) second(rig, gw, clock.now() + 50_000);
    for (let s = 0; s < 4; s++) second(rig, gw, clock.now() - 600_000);
    for (let s = 0; s < 4; s++) second(rig, gw, clock.now());
    await bear(rig, gw);
    expect(await brief()).toEqual([]);
  });

  test('and was put right while the hub was down is none any more', async () => {
    const { rig, gw } = await quiet();
    for (let s = 0; s < 6; s++) second(rig, gw, 0);
    await until(async () => (await brief()).includes('clock-wrong unacked-active true'), { what: 'the fault is told' });
    await rig.stop();
    const again = await startRig(database, { clock });
    await bear(again, gw);
    expect(await brief()).toContain('clock-wrong unacked-cleared false');
  });
});
