// An ambulance from the call to leaving, the lift held for it, and a wedding's lift, over HTTP on a clock of its own.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { liftsTaken } from '../../../hub/escorts/api.ts';
import type { EscortList, EscortView, ReservationView } from '../../../hub/escorts/contract.ts';
import { putDevices, putPoints } from '../../../hub/equipment/store.ts';
import { appendEvents } from '../../../hub/events/store.ts';
import { TEST_COMMUNITY, type Client } from '../../helpers/hub.ts';
import { codeOf, lift, MINUTE, NOON, SECOND, sceneHub, type SceneHub } from '../scene.ts';

const HOUR = 60 * MINUTE;
// A loaded machine is slow; every deadline of the product here runs on the supplied clock.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let hub: SceneHub;
let operator: Client;
let guard: Client;
let desk: Client;

beforeAll(async () => {
  hub = await sceneHub();
  [operator, guard, desk] = await Promise.all([hub.as('operator'), hub.as('guard'), hub.as('frontdesk')]);
});

const call = { service: 'ambulance', reason: '老人摔倒', building: 'b1', floor: 1, place: '1203', lift: 'g1.l1' };
const taken = () => hub.database.db.read((tx) => liftsTaken(tx, TEST_COMMUNITY));
const count = async (who: Client, message: string): Promise<number> =>
  (await hub.told(who)).filter((m) => m === message).length;

describe('[S8] an ambulance', () => {
  let id = '';
  const act = (who: Client, body: object) => who.post<EscortView>(`/api/escorts/${id}/act`, body);

  test('is announced to the gate with proof, and a person is asked to hold the lift', async () => {
    const made = await operator.post<EscortView>('/api/escorts', call);
    expect(made.body).toMatchObject({ state: 'called', service: { number: '120' }, lift: { device: 'g1.l1' } });
    id = made.body.id;
    await hub.pass(0);
    const shown = await operator.get<EscortView>(`/api/escorts/${id}`);
    expect(shown.body.gate).toContainEqual({ name: 'guard', state: 'pending' });
    expect(await hub.told(guard)).toEqual(expect.arrayContaining(['notify.escort-gate', 'notify.escort-lift']));
    expect(await taken()).toMatchObject([{ device: 'g1.l1', why: 'escort' }]);
  });

  test('the gate that does not answer in two minutes is told further, again and again, until it does', async () => {
    const manager = await hub.as('manager');
    await hub.pass(2 * MINUTE - 1);
    expect(await count(manager, 'notify.escort-gate-late')).toBe(0);
    await hub.pass(1);
    await hub.pass(60 * SECOND);
    expect(await count(manager, 'notify.escort-gate-late')).toBe(2);
    const ready = await act(guard, { act: 'gate-ready' });
    expect(ready.body.state).toBe('gate-ready');
    expect(ready.body.gateLateAt).toBeDefined();
    await hub.pass(5 * MINUTE);
    expect(await count(manager, 'notify.escort-gate-late')).toBe(2);
  });

  test('that does not come in the expected time is asked for again by the desk', async () => {
    await hub.pass(7 * MINUTE - 1);
    expect(await count(operator, 'notify.escort-arrive-late')).toBe(0);
    await hub.pass(1);
    expect(await count(operator, 'notify.escort-arrive-late')).toBe(1);
  });

  test('is led in and out by name, the lift is held and given back; nothing goes backwards', async () => {
    await act(guard, { act: 'at-gate', escortedBy: '巡逻岗' });
    await act(guard, { act: 'hold-lift' });
    expect(codeOf(await act(guard, { act: 'hold-lift' }))).toBe('wrong-state');
    await act(guard, { act: 'at-building' });
    expect(codeOf(await act(guard, { act: 'at-gate' }))).toBe('already-done');
    const left = await act(guard, { act: 'left' });
    expect(left.body).toMatchObject({ state: 'left', lift: { held: { name: 'guard' } } });
    expect(left.body.acts.map((a) => [a.act, a.escortedBy])).toEqual([
      ['ask-lift', ''],
      ['gate-ready', ''],
      ['at-gate', '巡逻岗'],
      ['hold-lift', ''],
      ['at-building', ''],
      ['left', 'guard'],
    ]);
    // The lift is still held: it stands on the desk until somebody gives it back.
    expect(await taken()).toHaveLength(1);
    await act(guard, { act: 'release-lift' });
    expect(await taken()).toEqual([]);
    expect(codeOf(await act(guard, { act: 'cancel', note: 'x' }))).toBe('already-done');
  });

  test('numbers are data of the site; what was called keeps the number it was called by', async () => {
    const manager = await hub.as('manager');
    const services = [{ id: 'clinic', name: { zh: '社区医院', en: 'Clinic' }, number: '8888-120', lift: true }];
    const value = { services, gateSeconds: 60, arriveMinutes: 5, againSeconds: 60 };
    await manager.send('PUT', '/api/rules/escorts.services', { value, reason: '本地' });
    const list = await operator.get<EscortList>('/api/escorts');
    expect(list.body.services.map((s) => s.number)).toEqual(['8888-120']);
    expect(list.body.items[0]?.service.number).toBe('120');
    expect(codeOf(await operator.post('/api/escorts', call))).toBe('bad-request');
    const nowhere = await operator.post('/api/escorts', { ...call, service: 'clinic', lift: 'g1.none' });
    expect(codeOf(nowhere)).toBe('not-found');
  });
});

describe('[S8] a wedding’s lift', () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  const day = NOON + 48 * HOUR;
  const wish = (more: object = {}) =>
    desk.post<ReservationView>('/api/lift-reservations', {
      device: 'g1.l1',
      purpose: 'wedding',
      unit: '1203',
      from: at(day),
      until: at(day + 3 * HOUR),
      ...more,
    });

  test('is reserved for its time, and no other at that time', async () => {
    const made = await wish();
    expect(made.body).toMatchObject({ state: 'reserved', purpose: 'wedding' });
    expect((await wish({ from: at(day + HOUR) })).body).toMatchObject({ code: 'conflict' });
    expect(codeOf(await wish({ device: 'g1.l2' }))).toBeUndefined();
    expect(codeOf(await wish({ device: 'g1.l3' }))).toBe('out-of-range');
    expect(codeOf(await wish({ from: at(day + 4 * HOUR), until: at(day + 9 * HOUR) }))).toBe('out-of-range');
    expect(codeOf(await wish({ from: at(NOON - 9 * HOUR), until: at(NOON - 8 * HOUR) }))).toBe('bad-request');
    expect(codeOf(await wish({ device: 'g1.none' }))).toBe('not-found');
  });

  test('is not its drive: of two lifts with a drive each one is left to everybody', async () => {
    const nowhere = { building: null, floor: null, place: null };
    const point = (device: string, id: string) => ({
      device: `g1.${device}`,
      id,
      name: { zh: id, en: id },
      type: 'int16',
      lane: 'safety',
      unit: '',
      range: null,
      band: null,
      enum: null,
      ...nowhere,
    });
    const ids = ['l8', 'l8-drive', 'l9', 'l9-drive'];
    await hub.database.db.transaction(async (tx) => {
      const devices = ids.map((id) => lift(id, 'b2'));
      await putDevices(tx, devices, true, NOON);
      const points = ids.map((id) => point(id, id.endsWith('-drive') ? 'state' : 'floor'));
      await putPoints(tx, points, true, NOON);
    });
    expect(codeOf(await wish({ device: 'g1.l8-drive' }))).toBe('not-found');
    const first = await wish({ device: 'g1.l8' });
    expect(codeOf(first)).toBeUndefined();
    expect(codeOf(await wish({ device: 'g1.l9' }))).toBe('out-of-range');
    await desk.post(`/api/lift-reservations/${first.body.id}/act`, { act: 'cancel', note: '改期' });
  });

  test('is posted, begins by itself, says so on an alarm, and is free again by time', async () => {
    const list = await desk.get<{ items: ReservationView[] }>('/api/lift-reservations');
    const mine = list.body.items.find((r) => r.device === 'g1.l1');
    const posted = await guard.post<ReservationView>(`/api/lift-reservations/${mine?.id}/act`, { act: 'post' });
    expect(posted.body.posted).toMatchObject({ name: 'guard' });
    await hub.pass(day - hub.clock.now());
    expect(await taken()).toContainEqual(expect.objectContaining({ device: 'g1.l1', why: 'reservation' }));
    expect(await hub.told(guard)).toContain('notify.lift-reserved');
    const fact = {
      alarm: 'a1',
      community: TEST_COMMUNITY,
      device: 'g1.l1',
      deviceKind: 'elevator',
      point: 'p',
      signal: 's',
      class: 'FAULT',
      text: { zh: '门故障', en: 'Door fault' },
      at: hub.clock.now(),
      mode: 'drill',
    } as const;
    const event = { type: 'alarm.raised', community: TEST_COMMUNITY, subject: 'a1', payload: fact } as const;
    await hub.database.db.ingest((tx) => appendEvents(tx, [event], hub.clock.now()));
    await hub.pass(0);
    expect(await hub.told(operator)).toContain('notify.lift-taken');
    await hub.pass(3 * HOUR);
    expect(await taken()).toEqual([]);
    expect(await hub.told(guard)).toContain('notify.lift-released');
    const again = await hub.as('frontdesk');
    const act = await again.post(`/api/lift-reservations/${mine?.id}/act`, { act: 'release' });
    expect(codeOf(act)).toBe('wrong-state');
  });
});
