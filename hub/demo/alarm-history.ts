// The demo's alarms of the days before, so that figures have something to count: raised, acknowledged, judged and gone
// by the same steps as in life, each at its own time. Nothing of it causes an order or a page: it is over.
import { AlarmChanges, type ChangePorts } from '../alarms/changes.ts';
import { LIFECYCLE } from '../alarms/rules.ts';
import { pointsOf, type DeviceRow, type PointRow } from '../equipment/api.ts';
import { listDevices } from '../equipment/store.ts';
import type { Actor, CommandContext } from '../events/api.ts';
import { findByUsername } from '../staff/api.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DEVICES_MAX = 1_000;
const A_DAY = 7;

const CAUSES = [
  '住户搬家扬尘，到场确认无火情',
  '公共卫生间水汽进入探测器，已清洁',
  '装修切割粉尘，已要求施工方加防护罩',
  '探测器污染误报，已列入清洗计划',
];
const REAL = '厨房烧干锅冒烟，到场处置后通风复位';
/** What can report a fire. */
const DETECTS = /感烟|感温|手动/;
const KINDS = [
  { class: 'FAULT', signal: 'demo-dirty', text: { zh: '探测器污染', en: 'Detector dirty' } },
  { class: 'FIRE', signal: 'demo-fire', text: { zh: '感烟探测器报火警', en: 'Smoke detector in alarm' } },
  { class: 'SUPERVISORY', signal: 'demo-valve', text: { zh: '信号阀关闭', en: 'Supervised valve closed' } },
  { class: 'COMMS', signal: 'offline', text: { zh: '通信中断', en: 'Communication lost' } },
  { class: 'FAULT', signal: 'demo-loop', text: { zh: '回路短路', en: 'Short circuit on the loop' } },
] as const;

/** The same every time: a demo that differs from one start to the next can't be talked about. */
function* numbers(): Generator<number, never> {
  for (let state = 20_261_122; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

interface Episode {
  readonly at: number;
  readonly kind: (typeof KINDS)[number];
  readonly on: readonly [DeviceRow, PointRow];
  readonly ackAfter: number;
  readonly endAfter: number;
  readonly verdict?: { readonly verdict: 'real' | 'false'; readonly note: string };
  readonly mode?: 'drill' | 'maintenance';
}

/** Plain days, one night with a flood from one loop, a point that chatters, and a drill. */
function episodes(now: number, days: number, places: readonly (readonly [DeviceRow, PointRow])[]): Episode[] {
  const from = numbers();
  const next = (): number => from.next().value;
  const place = (): readonly [DeviceRow, PointRow] | undefined => places[Math.floor(next() ** 2 * places.length)];
  const out: Episode[] = [];
  const add = (
    at: number,
    kind: (typeof KINDS)[number] | undefined,
    on = place(),
    more: Partial<Episode> = {},
  ): void => {
    if (!kind || !on || at >= now - HOUR) return;
    const isFire = kind.class === 'FIRE';
    if (isFire && !DETECTS.test(on[1].name.zh)) return;
    const times = {
      ackAfter: Math.round((isFire ? 6 : 25) * SECOND * (0.5 + 3 * next() ** 3)),
      endAfter: Math.round((isFire ? 12 : 35) * MINUTE * (0.2 + next())),
    };
    const note = CAUSES[Math.floor(next() * CAUSES.length)] ?? '';
    const verdict = next() < 0.15 ? ({ verdict: 'real', note: REAL } as const) : ({ verdict: 'false', note } as const);
    out.push({ at, kind, on, ...times, ...(isFire ? { verdict } : {}), ...more });
  };
  for (let day = days; day >= 0; day--)
    for (let n = 0; n < A_DAY; n++)
      add(now - day * DAY + Math.floor(next() * DAY), KINDS[Math.floor(next() * KINDS.length)]);
  const [flooded, chatters] = [place(), place()];
  for (let n = 0; n < 26; n++)
    add(now - 3 * DAY - 5 * HOUR + n * 27 * SECOND, KINDS[4], places[n % places.length] ?? flooded);
  for (let n = 0; n < 5; n++) add(now - 5 * DAY + n * 14 * SECOND, KINDS[0], chatters, { endAfter: 6 * SECOND });
  for (let n = 0; n < 4; n++) add(now - 2 * DAY + n * MINUTE, KINDS[1], place(), { mode: 'drill' });
  return out.toSorted((a, b) => a.at - b.at);
}

function live(changes: AlarmChanges, episode: Episode, operator: Extract<Actor, { kind: 'user' }>): void {
  const { at, kind, on, ackAfter, endAfter, verdict, mode = null } = episode;
  const [device, point] = on;
  const raised = {
    community: device.community,
    gateway: device.gateway,
    device: device.id,
    deviceKind: device.kind,
    deviceName: device.name,
    point: point.id,
    pointName: point.name,
    signal: kind.signal,
    class: kind.class,
    latch: 'none',
    text: kind.text,
    advice: undefined,
    building: point.building ?? device.building ?? undefined,
    floor: point.floor ?? device.floor ?? undefined,
    place: point.place ?? device.place ?? undefined,
    proved: true,
    value: 1,
    n: null,
    at,
  } as const;
  const { id } = changes.begin(raised, mode, { kind: 'device', id: device.id, community: device.community });
  changes.patch(id, { received_at: at });
  const rules = LIFECYCLE.value;
  const act = (when: number) => ({ by: operator.id, name: operator.name, at: new Date(when).toISOString() });
  const acknowledge = (when: number): void => {
    changes.step(id, { type: 'ack' }, { actor: operator, at: when, rules }, { acked: act(when) });
  };
  if (ackAfter < endAfter) acknowledge(at + ackAfter);
  const gone = {
    actor: { kind: 'device', id: device.id, community: device.community },
    at: at + endAfter,
    rules,
  } as const;
  changes.step(id, { type: 'clear', at: at + endAfter }, gone, { condition: 'false' });
  if (ackAfter >= endAfter) acknowledge(at + ackAfter);
  if (mode !== null) changes.step(id, { type: 'uncover' }, { ...gone, at: at + endAfter + MINUTE });
  if (verdict !== undefined && mode === null) {
    const judged = at + ackAfter + 4 * MINUTE;
    changes.patch(id, { verdict: { ...act(judged), ...verdict } });
    changes.act(id, 'verdict', { actor: operator, at: judged, note: verdict.note });
  }
}

/** Writes so many days once devices are known (0: none): on the points that the first birth has told. */
export async function writeAlarmHistory(
  c: CommandContext,
  ports: ChangePorts,
  community: string,
  days: number,
): Promise<void> {
  const user = days === 0 ? undefined : await findByUsername(c.tx, 'operator');
  if (!user) return;
  const operator = { kind: 'user', id: user.id, name: user.name, role: user.role, community } as const;
  const devices = await listDevices(
    c.tx,
    { community, kind: 'fire-panel', building: null },
    { after: '', limit: DEVICES_MAX },
  );
  const places: (readonly [DeviceRow, PointRow])[] = [];
  for (const device of devices)
    for (const point of (await pointsOf(c.tx, device.id)).filter((p) => p.lane === 'safety'))
      places.push([device, point]);
  if (places.length === 0) return;
  const changes = new AlarmChanges(c.now);
  for (const episode of episodes(c.now, days, places)) live(changes, episode, operator);
  // Told to nobody: what is long over opens no order and pages nobody.
  await changes.write(c.tx, { ...ports, appendEvents: async () => {}, group: async () => new Map() });
}
