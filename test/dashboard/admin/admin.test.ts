// What the screens of administration decide: whose certificate runs out, how a gateway stands, what comes next.
import { describe, expect, test } from 'vitest';
import { groupsOf, percent } from '../../../dashboard/src/admin/commissioning.ts';
import { envLines, gatewayState, reachOf } from '../../../dashboard/src/admin/gateways.ts';
import { daysBetween, filterPeople, latestOf, soonDaysOf, standingOf } from '../../../dashboard/src/admin/people.ts';
import { floorsBetween, moved } from '../../../dashboard/src/admin/places.ts';
import { nextStep, stepsOf, type Known } from '../../../dashboard/src/admin/steps.ts';
import type { Roster } from '../../../hub/duty/contract.ts';
import type { DeviceView } from '../../../hub/equipment/contract.ts';
import type { GatewayView } from '../../../hub/ingest/contract.ts';
import type { BuildingView } from '../../../hub/property/contract.ts';
import type { HeldCertificateView, PersonView } from '../../../hub/staff/contract.ts';

const TODAY = '2026-11-22';
const person = (id: string, more: Partial<PersonView> = {}): PersonView => ({
  id,
  username: id,
  name: id,
  role: 'operator',
  active: true,
  ...more,
});
const certificate = (of: string, expires: string, no = expires): HeldCertificateView => ({
  id: `${of} ${no}`,
  person: of,
  kind: 'fire-control-operator',
  no,
  expires,
});

describe('certificates', () => {
  test("are valid on their last day, and marked from the site's first warning on", () => {
    const soonDays = soonDaysOf([7, 60, 30]);
    expect(standingOf('2026-11-22', TODAY, soonDays)).toBe('soon');
    expect(standingOf('2026-11-21', TODAY, soonDays)).toBe('expired');
    expect(standingOf('2027-01-21', TODAY, soonDays)).toBe('soon');
    expect(standingOf('2027-01-22', TODAY, soonDays)).toBe('valid');
    expect(daysBetween('2026-02-28', '2026-03-01')).toBe(1);
  });

  test('that were renewed worry nobody', () => {
    const latest = latestOf([certificate('a', '2020-01-01'), certificate('a', '2030-01-01')]);
    expect(latest.get('a')?.map((c) => c.expires)).toEqual(['2030-01-01']);
    expect(filterPeople([person('a')], latest, { show: 'expiring' }, { today: TODAY, soonDays: 90 })).toEqual([]);
  });
});

test('people are found by name, phone and certificate; who has left only on request', () => {
  const people = [person('a', { phone: '138 0000' }), person('b', { active: false }), person('c', { role: 'guard' })];
  const held = latestOf([certificate('c', '2026-12-01', 'X-77')]);
  const ids = (query: object) => filterPeople(people, held, query, { today: TODAY, soonDays: 90 }).map((p) => p.id);
  expect(ids({})).toEqual(['a', 'c']);
  expect(ids({ show: 'left' })).toEqual(['a', 'b', 'c']);
  expect(ids({ q: '138' })).toEqual(['a']);
  expect(ids({ q: 'x-77' })).toEqual(['c']);
  expect(ids({ role: 'guard' })).toEqual(['c']);
  expect(ids({ show: 'expiring' })).toEqual(['c']);
});

const gateway = (more: Partial<GatewayView> = {}): GatewayView => ({
  id: 'gw',
  community: 'c',
  username: 'gw',
  enrolledAt: '2026-11-01T00:00:00Z',
  online: true,
  bornAt: '2026-11-02T00:00:00Z',
  writesHistory: false,
  awaited: false,
  quarantined: 0,
  ...more,
});

describe('a gateway', () => {
  const at = '2026-11-22T00:00:00Z';
  test.each([
    ['heard', gateway()],
    ['clock-wrong', gateway({ clockOffMs: -90_000 })],
    ['silent', gateway({ online: false, silentSince: at })],
    ['silent', gateway({ online: false })],
    ['wrong-password', gateway({ online: false, silentSince: at, refusedLogin: { at, address: '192.0.2.4' } })],
    ['heard', gateway({ refusedLogin: { at, address: '192.0.2.4' } })],
    ['refused', gateway({ online: false, refused: { at, reason: 'community' } })],
    ['revoked', gateway({ online: false, revokedAt: at })],
  ] as const)('is %s', (state, view) => {
    expect(gatewayState(view)).toBe(state);
  });

  test('that was enrolled and never heard is said to be so', () => {
    const { bornAt: _, ...fresh } = gateway({ online: false });
    expect(gatewayState(fresh)).toBe('never');
  });

  test('is told to call the hub as this page does where the hub listens everywhere', () => {
    expect(reachOf('mqtt://0.0.0.0:1883', '192.0.2.7')).toEqual({ url: 'mqtt://192.0.2.7:1883', loopback: false });
    expect(reachOf('mqtt://[::]:1883', 'hub.example')).toEqual({ url: 'mqtt://hub.example:1883', loopback: false });
    expect(reachOf('mqtt://127.0.0.1:1883', '192.0.2.7')).toEqual({ url: 'mqtt://127.0.0.1:1883', loopback: true });
    expect(envLines({ id: 'g', username: 'g', password: 'p', community: 'c' }, 'mqtt://h:1')).toBe(
      'MQTT_URL=mqtt://h:1\nGATEWAY_USER=g\nGATEWAY_PASSWORD=p',
    );
  });
});

const building = (id: string, order: number): BuildingView => ({
  id,
  name: { zh: id, en: id },
  floors: [],
  order,
  commissioned: true,
});

describe('places', () => {
  test.each([
    ['-2', '3', [-2, -1, 1, 2, 3]],
    ['1', '1', [1]],
    ['3', '1', null],
    ['0', '3', null],
    ['x', '3', null],
    ['1', '301', null],
  ] as const)('floors from %s to %s', (from, to, floors) => {
    expect(floorsBetween(from, to)).toEqual(floors);
  });

  test('a building moves by one place, and only those whose number changes are told', () => {
    const all = [building('a', 1), building('b', 2), building('c', 3)];
    expect(moved(all, 'b', -1).map((b) => [b.id, b.order])).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
    expect(moved(all, 'a', -1)).toEqual([]);
    expect(moved(all, 'c', 1)).toEqual([]);
  });
});

test('devices stand building by building, and one unproved point in a thousand is not all of them', () => {
  const device = (id: string, at: string | undefined, all: number, unproved: number): DeviceView =>
    ({ id, ...(at === undefined ? {} : { building: at }), points: { all, good: 0, unproved } }) as DeviceView;
  const groups = groupsOf(
    [device('1', 'b2', 4, 1), device('2', undefined, 1, 1), device('3', 'zz', 2, 0)],
    ['b1', 'b2'],
  );
  expect(groups.map((g) => [g.building, g.points, g.proved])).toEqual([
    ['b2', 4, 3],
    ['zz', 2, 2],
    ['', 1, 0],
  ]);
  expect([percent(999, 1_000), percent(1_000, 1_000), percent(0, 0)]).toEqual([99, 100, 0]);
});

describe('the first steps', () => {
  const hour = (h: number): string => new Date(Date.UTC(2026, 10, 22, h)).toISOString();
  const shift = (from: number): Roster['items'][number] => ({
    id: `s${from}`,
    kind: 'control-room',
    from: hour(from),
    to: hour(from + 8),
    people: [],
  });
  const empty: Known = {
    communityName: '小区',
    buildings: [],
    people: [],
    certificates: [],
    roster: { items: [], minimum: 2, thin: [] },
    gateways: [],
    points: { all: 0, unproved: 0 },
    today: TODAY,
  };
  test('begin with a name, and nothing is done that is not', () => {
    expect(stepsOf(empty).filter((s) => s.done)).toEqual([]);
    expect(nextStep(stepsOf(empty))).toBe('community');
  });

  test('count what is there: two certified operators, a gateway that is heard, every point proved', () => {
    const known: Known = {
      ...empty,
      communityName: '绿园',
      buildings: [building('a', 1)],
      people: [person('a'), person('b'), person('t', { role: 'technician' })],
      certificates: [certificate('a', '2030-01-01'), certificate('b', '2026-11-01'), certificate('t', '2030-01-01')],
      roster: { minimum: 2, items: [shift(0), shift(8)], thin: [{ from: hour(8), to: hour(16), people: 1 }] },
      gateways: [gateway({ online: false })],
      points: { all: 10, unproved: 1 },
    };
    expect(stepsOf(known).map((s) => `${s.step} ${s.done} ${s.n}`)).toEqual([
      'community true 1',
      'places true 1',
      'people true 2',
      'certificates false 1',
      'shifts true 1',
      'gateway true 1',
      'heard false 0',
      'commissioned false 9',
    ]);
    const certificates = [...known.certificates, certificate('b', '2028-01-01')];
    const whole = stepsOf({ ...known, certificates, gateways: [gateway()], points: { all: 10, unproved: 0 } });
    expect(nextStep(whole)).toBeNull();
  });
});
