// How something on a plan stands now: the worst of its alarms, else how far it can be believed. Pure.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { ThingView } from '../../../hub/floor-plans/contract.ts';
import { CLASS_INDEX, isSetAside, isUnacked } from '../alarms/classes.ts';
import type { LiveSample } from '../live/values.ts';

/** The point that every device has: whether it is heard (device-profiles/contract/profile.ts ONLINE_POINT). */
const ONLINE_POINT = 'online';

export type Belief = 'fresh' | 'offline' | 'stale' | 'bad' | 'never';

export interface Standing {
  /** Worst class of its open alarms; null without one. */
  readonly alarm: AlarmClass | null;
  readonly alarms: number;
  readonly unacked: boolean;
  readonly belief: Belief;
  /** ms of what was last heard; null when nothing was. */
  readonly since: number | null;
  readonly proved: boolean;
}

export const thingKey = (thing: { readonly device: string; readonly point?: string | undefined }): string =>
  `${thing.device}\n${thing.point ?? ''}`;

/** Open alarms by thing: of a point that is on the plan by itself, else of its device. What is set aside marks nothing. */
export function alarmsByThing<A extends Pick<AlarmView, 'device' | 'point' | 'state'>>(
  alarms: Iterable<A>,
  things: readonly ThingView[],
): ReadonlyMap<string, readonly A[]> {
  const known = new Set(things.map(thingKey));
  const found = new Map<string, A[]>();
  for (const alarm of alarms) {
    if (isSetAside(alarm.state)) continue;
    const own = thingKey(alarm);
    const key = known.has(own) ? own : thingKey({ device: alarm.device });
    if (!known.has(key)) continue;
    const list = found.get(key);
    if (list) list.push(alarm);
    else found.set(key, [alarm]);
  }
  return found;
}

/** Where an alarm is marked: its point if that is on the plan by itself, else its device; null when neither is. */
export function thingOf(alarm: Pick<AlarmView, 'device' | 'point'>, things: readonly ThingView[]): ThingView | null {
  const own = things.find((t) => t.device === alarm.device && t.point === alarm.point);
  return own ?? things.find((t) => t.device === alarm.device && t.point === undefined) ?? null;
}

/** @param sample what the live channel brought, if it brought anything yet */
export function standingOf(
  thing: ThingView,
  alarms: readonly Pick<AlarmView, 'class' | 'state'>[],
  sample: LiveSample | null,
  frozen: boolean,
): Standing {
  const quality = sample?.quality ?? thing.quality;
  const value = sample ? sample.value : thing.value;
  const time = sample?.time ?? (thing.sourceTime === null ? null : Date.parse(thing.sourceTime));
  const online = thing.point === undefined || thing.point === ONLINE_POINT;
  const belief: Belief = frozen
    ? 'never'
    : quality === 'good'
      ? online && value !== 1
        ? 'offline'
        : 'fresh'
      : quality;
  const worst = alarms.toSorted((a, b) => (CLASS_INDEX.get(a.class) ?? 99) - (CLASS_INDEX.get(b.class) ?? 99))[0];
  return {
    alarm: worst?.class ?? null,
    alarms: alarms.length,
    unacked: alarms.some((a) => isUnacked(a.state)),
    belief,
    since: time === null || Number.isNaN(time) || quality === 'never' ? null : time,
    proved: thing.proved,
  };
}

/** A letter for each kind, so that a quiet device says what it is without a colour. */
const MARKS: readonly (readonly [RegExp, string])[] = [
  [/^fire-panel$/, 'P'],
  [/pump/, 'M'],
  [/water|tank|main/, 'W'],
  [/elevator/, 'L'],
  [/extinguisher/, 'E'],
  [/electrical/, 'Z'],
];
export function markOf(thing: Pick<ThingView, 'kind' | 'point'>): string {
  if (thing.point !== undefined && thing.kind === 'fire-panel') return '';
  return MARKS.find(([kind]) => kind.test(thing.kind))?.[1] ?? '';
}
