// What people do to alarms, through the API of a whole hub: each act is its own, refused where it must be, told to all.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { Client } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import type { Sample } from '../../../device-profiles/contract/wire.ts';
import { signal, WireGateway } from '../ingest/rig.ts';
import { certifySupervisor, lift, panel, startSite, type Site } from './site.ts';

const MINUTE = 60_000;
const PANELS = Array.from({ length: 30 }, (_, k) => `p${k}`);
const LIFTS = ['l0', 'l1', 'l2'];
const ZONES = Array.from({ length: 30 }, (_, k) => `z${k}`);
const WIDE = {
  ...panel('wide'),
  points: [...panel('wide').points, ...ZONES.map((id) => ({ id }))],
  signals: ZONES.flatMap((id) => [
    signal({ id: `fire-${id}`, class: 'FIRE', point: id, when: { eq: 1 } }),
    signal({ id: `fault-${id}`, class: 'FAULT', point: id, when: { eq: 2 } }),
  ]),
};
const DEVICES = [...PANELS.map((id) => panel(id)), ...LIFTS.map((id) => lift(id)), WIDE];

let site: Site;
/** The panel of this test. */
let p = '';
let now = 0;
const unused = [...PANELS];
beforeAll(async () => {
  site = await startSite(DEVICES);
});
beforeEach(() => {
  p = unused.shift() ?? '';
  now = site.clock.now();
});

const act = (who: Client, id: string, what: string, body: object = {}, headers = {}): ReturnType<Client['post']> =>
  who.post(`/api/alarms/${id}/${what}`, body, headers);
const stateOf = async (id: string): Promise<string> =>
  (await site.operator.get<AlarmView>(`/api/alarms/${id}`)).body.state;
const zone = (value: number): Sample => site.gateway.sample(p, 'zone', value);
const mains = (value: number): Sample => site.gateway.sample(p, 'mains', value);
const raise = async (value: number, name: string): Promise<AlarmView> => {
  await site.tell(zone(value));
  return site.alarm(p, name);
};
const alarm = (name: string): Promise<AlarmView> => site.alarm(p, name);

describe('acknowledging', () => {
  test('[S2] says who and when, and a second one is refused with their name', async () => {
    const { id } = await raise(1, 'fire');
    site.clock.advance(5_000);
    const done = await act(site.operator, id, 'ack', { note: 'on my way' });
    expect(done).toMatchObject({
      status: 200,
      body: { state: 'acked-active', acked: { name: 'operator', at: new Date(now + 5_000).toISOString() } },
    });
    const supervisor = await site.hub.as('supervisor');
    const again = await act(supervisor, id, 'ack');
    expect(again).toMatchObject({ status: 409, body: { code: 'already-done' } });
    expect(again.body).toMatchObject({ detail: expect.stringContaining('operator') as unknown });
  });

  test('is refused to whoever is not qualified at that moment; the alarm is shown to them all the same', async () => {
    const { id } = await raise(1, 'fire');
    expect(await act(site.admin, id, 'ack')).toMatchObject({ status: 403, body: { code: 'not-qualified' } });
    expect((await site.admin.get<AlarmView>(`/api/alarms/${id}`)).body.state).toBe('unacked-active');
  });

  test('with the same key twice is one act and one answer', async () => {
    const { id } = await raise(2, 'fault');
    const key = { 'idempotency-key': 'k-1' };
    const first = await act(site.operator, id, 'ack', {}, key);
    const second = await act(site.operator, id, 'ack', {}, key);
    expect(second).toMatchObject({ status: 200, body: first.body });
    const journal = await site.operator.get<{ items: { act: string }[] }>(`/api/alarms/${id}/acts`);
    expect(journal.body.items.map((a) => a.act)).toEqual(['raised', 'acknowledged']);
  });

  test('by two at once: one wins, the other hears who', async () => {
    const { id } = await raise(2, 'fault');
    const supervisor = await site.hub.as('supervisor');
    const answers = await Promise.all([act(site.operator, id, 'ack'), act(supervisor, id, 'ack')]);
    expect(answers.map((a) => a.status).toSorted()).toEqual([200, 409]);
  });

  test('what is gone already closes it; the next alarm is a new one', async () => {
    const { id } = await raise(2, 'fault');
    await site.tell(zone(0));
    expect(await stateOf(id)).toBe('unacked-cleared');
    await act(site.operator, id, 'ack');
    expect(await stateOf(id)).toBe('normal');
    const next = await raise(2, 'fault');
    expect(next.id).not.toBe(id);
    expect(next.recurrences).toBe(0);
  });

  test('an alarm that recurs asks anew and counts', async () => {
    const { id } = await raise(2, 'fault');
    await site.tell(zone(0), zone(2));
    expect(await alarm('fault')).toMatchObject({ id, state: 'unacked-active', recurrences: 1 });
  });

  test('another community neither sees nor acts', async () => {
    const { id } = await raise(1, 'fire');
    await site.hub.addCommunity('other');
    const stranger = await site.hub.as('operator@other');
    expect((await stranger.get(`/api/alarms/${id}`)).status).toBe(404);
    const verdict = { verdict: 'false', note: 'x' };
    expect((await act(stranger, id, 'verdict', verdict)).body).toMatchObject({ status: 403, code: 'not-qualified' });
    // On-site roles judge without a certificate, so it is the community alone that keeps this one out.
    expect((await act(await site.hub.as('technician@other'), id, 'verdict', verdict)).status).toBe(404);
    expect((await stranger.get<{ items: unknown[] }>('/api/alarms?state=all')).body.items).toEqual([]);
    const owner = await site.hub.as('owner');
    expect((await owner.get('/api/alarms')).status).toBe(403);
  });
});

describe('verdicts', () => {
  test('[S3] real, false or test, with a note, beside the state; a later one corrects and the journal keeps both', async () => {
    const { id } = await raise(1, 'fire');
    expect((await act(site.operator, id, 'verdict', { verdict: 'real' })).status).toBe(400);
    await act(site.operator, id, 'verdict', { verdict: 'real', note: 'smoke seen' });
    const corrected = await act(site.operator, id, 'verdict', { verdict: 'false', note: 'steam from a bathroom' });
    expect(corrected.body).toMatchObject({ state: 'unacked-active', verdict: { verdict: 'false', name: 'operator' } });
    const journal = await site.operator.get<{ items: { act: string; note?: string }[] }>(`/api/alarms/${id}/acts`);
    expect(journal.body.items.slice(1)).toMatchObject([
      { act: 'verdict-real', note: 'smoke seen' },
      { act: 'verdict-false', note: 'steam from a bathroom' },
    ]);
  });
});

describe('closing', () => {
  test('[S5] an entrapment is closed by a person, and never while the signal stands', async () => {
    await site.tell(site.gateway.sample('l0', 'trapped', 1));
    const { id } = await site.alarm('l0', 'trapped');
    await act(site.operator, id, 'ack');
    expect(await act(site.operator, id, 'close', { note: 'out' })).toMatchObject({
      status: 422,
      body: { code: 'still-active' },
    });
    await site.tell(site.gateway.sample('l0', 'trapped', 0));
    expect(await stateOf(id)).toBe('latched-acked');
    expect(await act(site.operator, id, 'close', { note: 'two people, well' })).toMatchObject({
      status: 200,
      body: { state: 'normal' },
    });
  });

  test('an alarm whose point is gone from the gateway can be closed, and the point begins anew when it is back', async () => {
    const { id } = await raise(2, 'fault');
    const others = DEVICES.filter((d) => d.id !== p);
    await site.bear(new WireGateway('gw', others, site.clock).takeOver(site.gateway));
    expect(await alarm('fault')).toMatchObject({ state: 'unacked-active', condition: 'unknown' });
    await act(site.operator, id, 'ack');
    expect(await act(site.operator, id, 'close', { note: 'zone dismantled' })).toMatchObject({ status: 200 });
    expect(await stateOf(id)).toBe('normal');
    await until(() => !site.hub.hub.sensing.engine.isOpen(`gw.${p}\nzone\nfault`), { what: 'the engine has heard' });
    await site.bear();
    const again = await alarm('fault');
    expect(again.id).not.toBe(id);
  });
});

describe('shelving', () => {
  test('is never for FIRE or ENTRAPMENT', async () => {
    const { id } = await raise(1, 'fire');
    const answer = await act(site.operator, id, 'shelve', { minutes: 10, reason: 'noise' });
    expect(answer).toMatchObject({ status: 422, body: { code: 'never-shelved' } });
    const supervisor = await site.hub.as('supervisor');
    const service = await act(supervisor, id, 'service', { inService: false, reason: 'noise' });
    expect(service).toMatchObject({ status: 422, body: { code: 'never-shelved' } });
  });

  test('is bounded, and returns by itself as the signal then stands', async () => {
    const { id } = await raise(2, 'fault');
    expect((await act(site.operator, id, 'shelve', { minutes: 481, reason: 'parts' })).status).toBe(400);
    const shelved = await act(site.operator, id, 'shelve', { minutes: 30, reason: 'parts on their way' });
    expect(shelved.body).toMatchObject({
      state: 'shelved',
      shelved: { until: new Date(now + 30 * MINUTE).toISOString(), reason: 'parts on their way' },
    });
    await site.tell(zone(0), zone(2));
    expect(await alarm('fault')).toMatchObject({ state: 'shelved', recurrences: 1 });
    await site.pass(30 * MINUTE - 1);
    expect(await stateOf(id)).toBe('shelved');
    await site.pass(1);
    expect(await alarm('fault')).toMatchObject({ id, state: 'unacked-active' });
    expect((await alarm('fault')).shelved).toBeUndefined();
  });

  test('ends early by hand, and closes what has gone meanwhile', async () => {
    const { id } = await raise(2, 'fault');
    await act(site.operator, id, 'shelve', { minutes: 30, reason: 'r' });
    await site.tell(zone(0));
    expect((await act(site.operator, id, 'unshelve')).body).toMatchObject({ state: 'normal' });
    await site.pass(31 * MINUTE);
    expect(await stateOf(id)).toBe('normal');
    expect((await act(site.operator, id, 'unshelve')).body).toMatchObject({ code: 'wrong-state' });
  });

  test('out of service is for those who answer for the plant, and comes back as the signal stands', async () => {
    const { id } = await raise(2, 'fault');
    expect((await act(site.operator, id, 'service', { inService: false, reason: 'r' })).status).toBe(403);
    const supervisor = await site.hub.as('supervisor');
    const out = await act(supervisor, id, 'service', { inService: false, reason: 'being replaced' });
    expect(out.body).toMatchObject({ state: 'out-of-service' });
    await site.pass(20 * MINUTE);
    expect(await stateOf(id)).toBe('out-of-service');
    const back = await act(supervisor, id, 'service', { inService: true, reason: 'replaced' });
    expect(back.body).toMatchObject({ state: 'unacked-active' });
  });
});

describe('drill and maintenance', () => {
  const start = (mode: string, scope: object, minutes = 60): ReturnType<Client['post']> =>
    site.operator.post('/api/modes', { mode, scope, minutes, reason: 'autumn drill' });

  test('[S2] mark everything, suppress what they may, never a fire, and end by themselves', async () => {
    await site.tell(mains(1));
    expect((await start('drill', { building: p })).status).toBe(200);
    expect(await alarm('mains')).toMatchObject({ state: 'suppressed', mode: 'drill' });
    await site.tell(zone(1));
    expect(await alarm('fire')).toMatchObject({ state: 'unacked-active', mode: 'drill' });
    await site.tell(site.gateway.sample('l1', 'online', 0));
    expect((await site.alarm('l1', 'offline')).mode).toBeUndefined();
    await site.pass(60 * MINUTE);
    expect(await alarm('mains')).toMatchObject({ state: 'unacked-active' });
    expect((await alarm('mains')).mode).toBeUndefined();
    // What was raised in the drill keeps that on its record.
    expect(await alarm('fire')).toMatchObject({ state: 'unacked-active', mode: 'drill' });
  });

  test('an alarm born suppressed that outlives the drill is told as new, and one that ended in it closes', async () => {
    await start('maintenance', { devices: [`gw.${p}`] });
    await site.tell(zone(2), mains(1));
    await site.tell(mains(0));
    const raisedBefore = await site.hub.database.db.read((tx) =>
      tx.query(
        `select 1 from events.event where type = 'alarm.raised' and not payload ? 'mode' and payload ->> 'device' = $1`,
        [`gw.${p}`],
      ),
    );
    expect(raisedBefore).toEqual([]);
    const { body } = await site.operator.get<{ items: { id: string }[] }>('/api/modes');
    expect((await site.operator.post(`/api/modes/${body.items[0]?.id}/end`)).status).toBe(200);
    expect((await site.open(`?device=gw.${p}`)).map((a) => `${a.signal} ${a.state}`)).toEqual(['fault unacked-active']);
    const told = await site.hub.database.db.read((tx) =>
      tx.query<{ signal: string }>(
        `select payload ->> 'signal' as signal from events.event
         where type = 'alarm.raised' and not payload ? 'mode' and payload ->> 'device' = $1`,
        [`gw.${p}`],
      ),
    );
    expect(told).toEqual([{ signal: 'fault' }]);
    expect((await site.operator.post(`/api/modes/${body.items[0]?.id}/end`)).body).toMatchObject({
      code: 'already-done',
    });
  });

  test('what the mode held back is told once when it is over, whether the alarm is new or only came back in it', async () => {
    await site.tell(mains(1));
    await site.tell(mains(0));
    await start('maintenance', { devices: [`gw.${p}`] });
    await site.tell(zone(2), mains(1));
    expect(await alarm('mains')).toMatchObject({ state: 'suppressed', recurrences: 1 });
    const told = async (): Promise<string[]> => {
      const rows = await site.hub.database.db.read((tx) =>
        tx.query<{ told: string }>(
          `select concat_ws(' ', type, payload ->> 'signal', payload ->> 'mode') as told from events.event
           where type in ('alarm.raised', 'alarm.recurred') and payload ->> 'device' = $1 order by id`,
          [`gw.${p}`],
        ),
      );
      return rows.map((r) => r.told);
    };
    const inMode = ['alarm.raised mains', 'alarm.raised fault maintenance', 'alarm.recurred mains maintenance'];
    expect((await told()).toSorted()).toEqual(inMode.toSorted());
    await site.pass(60 * MINUTE);
    const after = ['alarm.raised fault', 'alarm.recurred mains'];
    expect((await told()).slice(3).toSorted()).toEqual(after);
    const orders = async (): Promise<number> =>
      (await site.operator.get<{ items: { device?: string }[] }>('/api/work-orders')).body.items.filter(
        (o) => o.device === `gw.${p}`,
      ).length;
    await until(async () => (await orders()) > 0, { what: 'the order of the fault' });
    expect(await orders()).toBe(1);
  });

  test('of two that cover a place the drill counts, and the other goes on when it ends', async () => {
    const drill = await start('drill', { building: p }, 10);
    await start('maintenance', { building: p, floor: 12 }, 30);
    await site.tell(zone(2));
    expect(await alarm('fault')).toMatchObject({ state: 'suppressed', mode: 'drill' });
    expect(drill.status).toBe(200);
    await site.pass(10 * MINUTE);
    expect(await alarm('fault')).toMatchObject({ state: 'suppressed', mode: 'maintenance' });
    await site.pass(20 * MINUTE);
    expect(await alarm('fault')).toMatchObject({ state: 'unacked-active' });
  });

  test('a floor without its building is refused', async () => {
    expect((await start('drill', { floor: 3 })).body).toMatchObject({ code: 'bad-request' });
  });
});

describe('lists', () => {
  test('[S2] rank first, then unacknowledged, then oldest first within FIRE; pages lose and repeat nothing', async () => {
    for (const [k, id] of ZONES.entries()) {
      site.clock.advance(1_000);
      await site.tell(site.gateway.sample('wide', id, k % 2 === 0 ? 1 : 2));
    }
    const fires = (await site.open('?class=FIRE&device=gw.wide&limit=500')).map((a) => a.point);
    expect(fires).toEqual(ZONES.filter((_, k) => k % 2 === 0));
    const acked = await site.alarm('wide', 'fire-z0');
    await act(site.operator, acked.id, 'ack');
    const all = await site.open('?limit=500');
    expect(all.map((a) => a.rank)).toEqual(all.map((a) => a.rank).toSorted((a, b) => a - b));
    expect(all.filter((a) => a.class === 'FIRE' && a.device === 'gw.wide').at(-1)?.id).toBe(acked.id);

    for (const state of ['open', 'all']) {
      const whole = (await site.open(`?state=${state}&limit=500`)).map((a) => a.id);
      const paged: string[] = [];
      let cursor = '';
      for (;;) {
        const query = `?state=${state}&limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const { body } = await site.operator.get<{ items: AlarmView[]; next: string | null }>(`/api/alarms${query}`);
        paged.push(...body.items.map((a) => a.id));
        if (body.next === null) break;
        cursor = body.next;
      }
      expect(paged).toEqual(whole);
    }
    expect((await site.operator.get('/api/alarms?cursor=nonsense')).status).toBe(400);
    expect((await site.operator.get('/api/alarms/not-an-id')).status).toBe(400);
  });

  test('carries the number of the last change, which rises with every change', async () => {
    interface Page {
      readonly seq: number;
      readonly items: readonly AlarmView[];
    }
    const list = async (): Promise<Page> => (await site.operator.get<Page>('/api/alarms?limit=500')).body;
    const { id } = await raise(2, 'fault');
    const first = await list();
    await act(site.operator, id, 'ack');
    const second = await list();
    // Other alarms may change meanwhile, as when their orders are shown on them: never beyond the number of their list.
    for (const { seq, items } of [first, second]) expect(Math.max(...items.map((a) => a.seq))).toBeLessThanOrEqual(seq);
    expect(second.items.find((a) => a.id === id)?.seq).toBeGreaterThan(first.seq);
  });
});

describe('incidents', () => {
  test('[S2] alarms of one place and time are one incident, the first alarm pinned, with counts by class', async () => {
    await site.tell(zone(1));
    const first = await alarm('fire');
    site.clock.advance(MINUTE);
    await site.tell(mains(1), site.gateway.sample('l2', 'trapped', 1));
    const { body } = await site.operator.get<{
      items: { family: string; building?: string; first: AlarmView; open: number; counts: object }[];
    }>('/api/incidents');
    const here = body.items.filter((i) => i.building === p || i.building === 'l2');
    expect(here[0]).toMatchObject({ family: 'fire', open: 1, counts: { FIRE: [1, 1] } });
    expect(here.slice(1).map((i) => [i.family, i.open, i.counts])).toEqual(
      expect.arrayContaining([
        ['technical', 1, { FAULT: [1, 1] }],
        ['entrapment', 1, { ENTRAPMENT: [1, 1] }],
      ]),
    );
    expect(here).toHaveLength(3);
    expect(here[0]?.first.id).toBe(first.id);
    expect((await site.open(`?incident=${first.incident}`)).map((a) => a.id)).toEqual([first.id]);
  });
});

describe('who is not qualified at that moment', () => {
  const refused = { status: 403, body: { code: 'not-qualified' } };

  test('[F1] takes no alarm off the list another way', async () => {
    const { id } = await raise(2, 'fault');
    const manager = await site.hub.as('manager');
    for (const who of [manager, site.admin]) {
      expect(await act(who, id, 'ack')).toMatchObject(refused);
      expect(await act(who, id, 'shelve', { minutes: 10, reason: 'noise' })).toMatchObject(refused);
      expect(await act(who, id, 'service', { inService: false, reason: 'noise' })).toMatchObject(refused);
    }
    await act(site.operator, id, 'shelve', { minutes: 10, reason: 'noise' });
    expect(await act(manager, id, 'unshelve')).toMatchObject(refused);
    expect(await stateOf(id)).toBe('shelved');
    await site.tell(zone(1), zone(0));
    const fire = await alarm('fire');
    expect(await act(manager, fire.id, 'close', { note: 'out' })).toMatchObject(refused);
    expect(await stateOf(fire.id)).toBe('latched-unacked');
  });

  test('[F1] starts and ends no mode', async () => {
    const manager = await site.hub.as('manager');
    const mode = { mode: 'maintenance', scope: { building: p }, minutes: 10, reason: 'mains are switched' };
    expect(await manager.post('/api/modes', mode)).toMatchObject(refused);
    const { body } = await site.operator.post<{ id: string }>('/api/modes', mode);
    expect(await manager.post(`/api/modes/${body.id}/end`)).toMatchObject(refused);
    expect((await site.operator.post(`/api/modes/${body.id}/end`)).status).toBe(200);
  });
});

test('a mode over the whole community says why, and is looked at again after two hours', async () => {
  const whole = (minutes: number, reason: string): ReturnType<Client['post']> =>
    site.operator.post('/api/modes', { mode: 'drill', scope: {}, minutes, reason });
  expect((await whole(10, '  ')).status).toBe(400);
  expect(await whole(121, 'autumn drill')).toMatchObject({ status: 422, body: { code: 'out-of-range' } });
  const { status, body } = await site.operator.post<{ id: string }>('/api/modes', {
    mode: 'drill',
    scope: {},
    minutes: 120,
    reason: 'autumn drill',
  });
  expect(status).toBe(200);
  expect((await site.operator.post(`/api/modes/${body.id}/end`)).status).toBe(200);
});

test('whose shift is over can no longer acknowledge', async () => {
  const { id } = await raise(1, 'fire');
  await site.pass(8 * 60 * MINUTE);
  const operator = await site.hub.as('operator');
  expect(await act(operator, id, 'ack')).toMatchObject({ status: 403, body: { code: 'not-qualified' } });
  expect((await operator.get<AlarmView>(`/api/alarms/${id}`)).body.state).toBe('unacked-active');
  // A drill is the certified fire supervisor's to order, on shift or not.
  const supervisor = await site.hub.as('supervisor');
  const drill = { mode: 'drill', scope: { building: p }, minutes: 10, reason: 'night drill' };
  expect(await supervisor.post('/api/modes', drill)).toMatchObject({ status: 403, body: { code: 'not-qualified' } });
  await certifySupervisor(site, 'supervisor');
  expect((await supervisor.post('/api/modes', drill)).status).toBe(200);
  expect((await act(supervisor, id, 'ack')).status).toBe(403);
});
