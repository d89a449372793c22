// Manual or automatic by live points on a whole hub: whose contact it is, since when, and that nothing but what is good
// now says automatic.
import { io, type Socket } from 'socket.io-client';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HandoverView } from '../../../hub/duty/contract.ts';
import { sha256 } from '../../../hub/duty/record.ts';
import type { FireView, LinkageView } from '../../../hub/handling/contract.ts';
import type { BeatFrame, ServerEvents } from '../../../hub/live/contract.ts';
import { localTime } from '../../../hub/print/api.ts';
import { handoverBlocks } from '../../../hub/read/papers.ts';
import { freshDatabase } from '../../helpers/database.ts';
import { until } from '../../helpers/wait.ts';
import { panel, type Site } from '../alarms/site.ts';
import { enrolGateway, OFFLINE, ONLINE, signal, startRig, WireGateway, type DeviceSpec } from '../ingest/rig.ts';
import { ManualClock } from '../../../hub/clock.ts';
import { idOf, startFires, type Fires } from './desk.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 10, 22, 8);

/** Contacts of the control room: the first is the panel's, the second the pump's. */
const CONTACTS: DeviceSpec = {
  id: 'io',
  kind: 'io-module',
  building: 'plant',
  points: [ONLINE, { id: 'a1', about: 'p1' }, { id: 'a2', about: 'pump' }],
  signals: [
    OFFLINE,
    signal({ id: 'not-auto-1', class: 'MODE', point: 'a1', when: { eq: 1 } }),
    signal({ id: 'not-auto-2', class: 'MODE', point: 'a2', when: { eq: 1 } }),
  ],
};
const PUMP: DeviceSpec = { id: 'pump', kind: 'fire-pump', building: 'plant', points: [ONLINE], signals: [OFFLINE] };

describe('[S3] linkage by live points', () => {
  let fires: Fires;
  let site: Site;
  beforeAll(async () => {
    fires = await startFires([panel('p1'), PUMP, CONTACTS]);
    ({ site } = fires);
  }, 120_000);
  const linkage = async (): Promise<LinkageView> => (await fires.operator.get<LinkageView>('/api/linkage')).body;
  const stateOf = async (device: string): Promise<string | undefined> =>
    (await linkage()).devices.find((d) => d.device === device)?.state;

  test('a panel and a pump are told by the contacts that are about them, and all in automatic is fine', async () => {
    expect(await linkage()).toEqual({
      fine: true,
      devices: [
        {
          device: 'gw.p1',
          name: { zh: 'p1', en: 'p1' },
          point: { zh: 'a1', en: 'a1' },
          state: 'auto',
          building: 'p1',
          floor: 12,
        },
        {
          device: 'gw.pump',
          name: { zh: 'pump', en: 'pump' },
          point: { zh: 'a2', en: 'a2' },
          state: 'auto',
          building: 'plant',
        },
      ],
    });
  });

  test('one in manual is named with since when, in the fire procedure and without a fire, until it is back', async () => {
    site.clock.advance(MINUTE);
    const since = new Date(site.clock.now()).toISOString();
    await site.tell(site.gateway.sample('io', 'a1', 1));
    site.clock.advance(5 * MINUTE);
    // Heard again, the same: the time is that of the turn.
    await site.tell(site.gateway.sample('io', 'a1', 1));
    expect(await linkage()).toMatchObject({
      fine: false,
      devices: [{ device: 'gw.p1', state: 'not-auto', since }, {}],
    });
    const alarm = await fires.raise('p1');
    await fires.opened(idOf(alarm));
    const { linkage: shown }: FireView = await fires.view(idOf(alarm));
    expect(shown.devices[0]).toMatchObject({ device: 'gw.p1', state: 'not-auto', since });
    const done = await fires.act(fires.operator, idOf(alarm), {
      act: 'linkage',
      result: 'switched',
      note: '主机旁改为自动',
    });
    expect(JSON.stringify(done.body.entries.at(-1)?.body)).toContain(since);
    await site.tell(site.gateway.sample('io', 'a1', 0));
    expect(await linkage()).toMatchObject({ fine: true });
    expect((await linkage()).devices.filter((d) => d.since !== undefined)).toEqual([]);
  });

  test.each([
    ['stale', 'timeout'],
    ['bad', 'out-of-range'],
    ['never', 'not-yet-read'],
  ] as const)('a contact that is %s leaves it unknown, whatever it said last', async (quality, reason) => {
    expect(await stateOf('gw.pump')).toBe('auto');
    await site.tell(site.gateway.gap('io', 'a2', quality, reason));
    expect(await stateOf('gw.pump')).toBe('unknown');
    expect((await linkage()).fine).toBe(false);
    await site.tell(site.gateway.sample('io', 'a2', 0));
    expect(await stateOf('gw.pump')).toBe('auto');
  });

  test('every desk hears within a beat that something went to manual, and that a contact fell silent', async () => {
    const beats: BeatFrame[] = [];
    const screen: Socket<ServerEvents> = io(site.hub.hub.url, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { cookie: fires.operator.cookie },
    });
    screen.on('beat', (beat) => beats.push(beat));
    const last = (): string | undefined => beats.at(-1)?.linkage;
    const turned = async (what: string, tell: () => Promise<void>): Promise<void> => {
      await until(() => beats.length > 0, { what: 'a beat' });
      const before = last();
      await tell();
      await until(() => last() !== before, { what });
    };
    await turned('manual', () => site.tell(site.gateway.sample('io', 'a2', 1)));
    await turned('silent', () => site.tell(site.gateway.gap('io', 'a2')));
    await turned('back', () => site.tell(site.gateway.sample('io', 'a2', 0)));
    screen.disconnect();
    expect(await stateOf('gw.pump')).toBe('auto');
  });

  test('[F1] it goes over to the next shift: in the list that is signed, under its hash, and on its paper', async () => {
    site.clock.advance(MINUTE);
    const since = new Date(site.clock.now()).toISOString();
    await site.tell(site.gateway.sample('io', 'a2', 1), site.gateway.gap('io', 'a1'));
    const { operator } = fires;
    expect((await operator.post('/api/duty/take-over', {})).status).toBe(200);
    const leaving = [(await operator.get<{ id: string }>('/api/session')).body.id];
    const prepare = async (): Promise<HandoverView> => {
      const made = await operator.post<HandoverView>('/api/duty/handovers', { leaving, note: '' });
      expect(made.status, JSON.stringify(made.body)).toBe(200);
      return made.body;
    };
    const first = await prepare();
    const pump = { device: 'gw.pump', name: { zh: 'pump', en: 'pump' }, point: { zh: 'a2', en: 'a2' } };
    expect(first.list.linkage).toEqual([
      { ...pump, state: 'not-auto', since, building: 'plant' },
      expect.objectContaining({ device: 'gw.p1', state: 'unknown' }),
    ]);
    // Back in automatic: what was read and signed stays as it was; a list made anew has nothing of it.
    await site.tell(site.gateway.sample('io', 'a2', 0), site.gateway.sample('io', 'a1', 0));
    const kept = (await operator.get<HandoverView>(`/api/duty/handovers/${first.id}`)).body;
    expect(kept.list).toEqual(first.list);
    const paper = handoverBlocks(kept, { language: 'zh', timeZone: 'Asia/Shanghai', where: (b) => b ?? '' });
    const said = paper.flatMap((b) => (b.block === 'text' ? [b.text] : []));
    expect(said).toContain(
      `pump · a2 · plant · 手动，未在自动 · 自 ${localTime(Date.parse(since), 'Asia/Shanghai')} 起`,
    );
    const second = await prepare();
    expect(second.list.linkage).toEqual([]);
    const by = { list: { ...second.list, linkage: first.list.linkage }, note: '', leaving };
    expect(sha256(by)).not.toBe(second.sha256);
    expect(sha256({ ...by, list: second.list })).toBe(second.sha256);
  });

  test('whoever sees alarms may ask, others may not', async () => {
    const status = async (role: string): Promise<number> =>
      (await (await site.hub.as(role)).get('/api/linkage')).status;
    expect([await status('committee'), await status('owner')]).toEqual([200, 403]);
  });
});

test('[S3] what was in manual when the hub stopped is in manual since then, not since it was started', async () => {
  const database = await freshDatabase();
  await enrolGateway(database, 'gw');
  const clock = new ManualClock(T0);
  const gateway = new WireGateway('gw', [PUMP, CONTACTS], clock);
  const heard = async (): Promise<readonly (number | undefined)[]> => {
    const rig = await startRig(database, { clock });
    void rig.ingest.receive('fengsui/v1/gw/birth', gateway.birth());
    await until(() => rig.ingest.site('gw')?.program !== undefined, { what: 'the birth is taken' });
    const times = rig.engine.modeSignals('gw').map((m) => (m.truth === 'true' ? m.since : undefined));
    await rig.stop();
    return times;
  };
  gateway.sample('io', 'a1', 1);
  gateway.sample('io', 'a2', 0);
  expect(await heard()).toEqual([T0, undefined]);
  clock.advance(30 * MINUTE);
  expect(await heard()).toEqual([T0, undefined]);
});
