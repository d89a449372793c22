// An incident as it went, moment by moment: which alarms stood, how each thing was, what had happened by then. Pure.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { ThingView } from '../../../hub/floor-plans/contract.ts';
import type { TimelineItem } from '../../../hub/handling/contract.ts';
import type { TimelineEntry } from '../../../hub/read/contract.ts';
import type { ReplayAlarm, ReplayFloor, ReplayLift, ReplayView } from '../../../hub/read/replay/contract.ts';
import { worse } from '../alarms/classes.ts';
import type { LiveSample } from '../live/values.ts';
import type { FloorAt } from '../plans/target.ts';

/** How many times faster than it was. */
export const SPEEDS = [1, 5, 20, 60] as const;
export const REPLAY = {
  /** Between two pictures, ms. */
  tickMs: 200,
  /** Of live alarms that are looked for beside it, every one pauses it. */
  pauseOn: ['FIRE', 'ENTRAPMENT'],
} as const;

/** Something that happened, in the order in which it did. */
export interface Moment {
  readonly at: number;
  readonly item?: TimelineItem;
  readonly rescue?: TimelineEntry;
  /** A lift's car was found otherwise than before. */
  readonly car?: {
    readonly lift: ReplayLift;
    readonly point: ReplayLift['points'][number];
    readonly value: number | string;
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** While something stood on a lift: before and after, its car goes up and down all day. */
function troubles(lift: ReplayLift, alarms: readonly ReplayAlarm[]): Span[] {
  return alarms.flatMap(({ device, changes }) => {
    const from = changes.find((c) => c.state !== 'normal')?.at;
    const over = changes.at(-1);
    if (device !== lift.device || from === undefined) return [];
    return [{ from: Date.parse(from), to: over?.state === 'normal' ? Date.parse(over.at) : Infinity }];
  });
}

/** Each change of a car while something stood on its lift; what was first known of it is no change. */
export function carMoments(lifts: readonly ReplayLift[], alarms: readonly ReplayAlarm[]): Moment[] {
  return lifts.flatMap((lift) => {
    const spans = troubles(lift, alarms);
    return lift.points.flatMap((point) =>
      point.runs.flatMap(({ from, value }, i): Moment[] => {
        const at = Date.parse(from);
        const told = i > 0 && point.runs[i - 1]?.value !== value && spans.some((s) => s.from <= at && at < s.to);
        return told ? [{ at, car: { lift, point, value } }] : [];
      }),
    );
  });
}

export function momentsOf(view: Pick<ReplayView, 'items' | 'rescue'>, cars: readonly Moment[] = []): Moment[] {
  return [
    ...cars,
    ...view.items.map((item): Moment => ({ at: Date.parse(item.at), item })),
    ...view.rescue.map((rescue): Moment => ({ at: Date.parse(rescue.at), rescue })),
  ].toSorted((a, b) => a.at - b.at);
}

/** Place of the last moment that had happened at `t`; -1: none yet. */
export const momentAt = (moments: readonly Moment[], t: number): number => moments.findLastIndex((m) => m.at <= t);

/** Where a step leads: the next moment after `t`, or the last one before it; null where there is none. */
export function stepFrom(moments: readonly Moment[], t: number, way: 'back' | 'on'): number | null {
  const found = way === 'on' ? moments.find((m) => m.at > t) : moments.findLast((m) => m.at < t);
  return found?.at ?? null;
}

export type AlarmThen = Pick<AlarmView, 'id' | 'class' | 'device' | 'point' | 'state'> & { readonly of: ReplayAlarm };

/** The alarms that stood at `t`, each in the state it had. */
export function alarmsThen(alarms: readonly ReplayAlarm[], t: number): AlarmThen[] {
  return alarms.flatMap((of): AlarmThen[] => {
    const { id, class: c, device, point } = of;
    const state = of.changes.findLast((change) => Date.parse(change.at) <= t)?.state;
    return state === undefined || state === 'normal' ? [] : [{ id, class: c, device, point, state, of }];
  });
}

type Known = ReplayFloor['known'][number]['runs'];

/** What was known of a thing at `t`, as the live channel would have told it. */
export function sampleThen(runs: Known, t: number): LiveSample {
  const last = runs.findLast((run) => Date.parse(run.from) <= t);
  if (!last) return { value: null, quality: 'never', time: Number.NaN };
  const until = Date.parse(last.to);
  return { value: last.value, quality: t < until ? 'good' : 'stale', time: t < until ? t : until };
}

/** The floor at which a lift's car stood at `t`; null where nobody knows. */
export function carFloor(lift: ReplayLift | undefined, t: number): number | null {
  const runs = lift?.points.find((p) => p.id === lift.position)?.runs ?? [];
  const { value, quality } = sampleThen(runs, t);
  return quality === 'good' && typeof value === 'number' ? Math.round(value) : null;
}

/** Floors of the incident, and those at which its lifts' cars stood meanwhile, highest first. */
export function floorsOf(alarms: readonly ReplayAlarm[], lifts: readonly ReplayLift[] = []): FloorAt[] {
  const found = new Map<string, FloorAt>();
  for (const lift of lifts) {
    const spans = troubles(lift, alarms);
    const runs = lift.points.find((p) => p.id === lift.position)?.runs ?? [];
    for (const run of runs) {
      const floor = Math.round(Number(run.value));
      const meanwhile = spans.some((s) => Date.parse(run.from) < s.to && Date.parse(run.to) > s.from);
      if (meanwhile && lift.building !== undefined && lift.floors.includes(floor))
        found.set(`${lift.building}/${floor}`, { building: lift.building, floor });
    }
  }
  for (const { building, floor } of alarms)
    if (building !== undefined && floor !== undefined) found.set(`${building}/${floor}`, { building, floor });
  return [...found.values()].toSorted((a, b) =>
    a.building < b.building ? -1 : a.building > b.building ? 1 : b.floor - a.floor,
  );
}

/**
 * The worst class that stood on a floor.
 * @param carAt the floor of a lift's car then: what stands on a lift stands where its car is
 */
export function worstOn(
  alarms: readonly AlarmThen[],
  at: FloorAt,
  carAt: (device: string) => number | null = () => null,
): AlarmView['class'] | null {
  const here = alarms.filter((a) => a.of.building === at.building && (a.of.floor ?? carAt(a.device)) === at.floor);
  return here.reduce<AlarmView['class'] | null>((found, a) => (found === null ? a.class : worse(found, a.class)), null);
}

/** The thing as it was, without what it is now. */
export const thingThen = (thing: ThingView): ThingView => ({
  ...thing,
  value: null,
  quality: 'never',
  sourceTime: null,
});
