// In which order the alarm list stands.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { CLASS_INDEX, isLifeSafety, isSetAside, isUnacked } from './classes.ts';

/**
 * DESIGN 6: by rank, then unacknowledged first, then oldest first within FIRE, so that the origin stays on top
 * (ENTRAPMENT alike: who waits longest). The rest newest first. What is shelved or suppressed stands last in its class.
 */
export function compareAlarms(a: AlarmView, b: AlarmView): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  const attention = attentionOf(a) - attentionOf(b);
  if (attention !== 0) return attention;
  const byTime = compareTimes(a, b);
  if (byTime !== 0) return isLifeSafety(a.class) ? byTime : -byTime;
  const byClass = (CLASS_INDEX.get(a.class) ?? 0) - (CLASS_INDEX.get(b.class) ?? 0);
  if (byClass !== 0) return byClass;
  // What came in one moment stands by place, so that a list of places can be read.
  const byPlace = comparePlaces(a, b);
  if (byPlace !== 0) return byPlace;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/**
 * By the hub's time of receipt: a gateway whose clock is years off must not put its fire at the wrong end. What the hub
 * received at one moment (a backlog) stands by the devices' times.
 */
function compareTimes(a: AlarmView, b: AlarmView): -1 | 0 | 1 {
  if (a.receivedAt !== b.receivedAt) return a.receivedAt < b.receivedAt ? -1 : 1;
  return a.raisedAt < b.raisedAt ? -1 : a.raisedAt > b.raisedAt ? 1 : 0;
}

function comparePlaces(a: AlarmView, b: AlarmView): number {
  const [here, there] = [a.building ?? '', b.building ?? ''];
  if (here !== there) return here < there ? -1 : 1;
  return (a.floor ?? 0) - (b.floor ?? 0);
}

const attentionOf = (alarm: AlarmView): 0 | 1 | 2 => (isUnacked(alarm.state) ? 0 : isSetAside(alarm.state) ? 2 : 1);

/** Whether an alarm came before another, by the hub's time of receipt. */
export const isBefore = (a: AlarmView, b: AlarmView): boolean => compareTimes(a, b) < 0;

/**
 * A list in order after some of its alarms changed, came or went: equal to sorting everything anew, at the cost of what
 * changed. `open` gives an alarm as it is now, undefined when it is open no more.
 */
export function resort(
  sorted: readonly AlarmView[],
  changed: ReadonlySet<string>,
  open: (id: string) => AlarmView | undefined,
): readonly AlarmView[] {
  const came = [...changed].flatMap((id) => open(id) ?? []).sort(compareAlarms);
  const result: AlarmView[] = [];
  let next = 0;
  for (const alarm of sorted) {
    if (changed.has(alarm.id)) continue;
    for (let other = came[next]; other && compareAlarms(other, alarm) < 0; other = came[++next]) result.push(other);
    result.push(alarm);
  }
  return [...result, ...came.slice(next)];
}

/** A filter by class hides no life-safety row (screens.md A 1). */
export const passesFilter = (alarm: AlarmView, filter: AlarmView['class'] | null): boolean =>
  filter === null || alarm.class === filter || isLifeSafety(alarm.class);

function isEarlier(a: AlarmView, b: AlarmView): boolean {
  const [fireA, fireB] = [a.class === 'FIRE', b.class === 'FIRE'];
  return fireA === fireB ? compareTimes(a, b) < 0 : fireA;
}

/**
 * Of each incident the alarm that came first: the first fire where there is fire, because that is the origin. Alone in
 * its incident an alarm is not worth a badge.
 */
export function firstOfIncidents(alarms: Iterable<AlarmView>): ReadonlySet<string> {
  const incidents = new Map<string, { first: AlarmView; n: number }>();
  for (const alarm of alarms) {
    if (alarm.incident === undefined) continue;
    const known = incidents.get(alarm.incident);
    if (!known) incidents.set(alarm.incident, { first: alarm, n: 1 });
    else {
      known.n += 1;
      if (isEarlier(alarm, known.first)) known.first = alarm;
    }
  }
  return new Set([...incidents.values()].filter(({ n }) => n > 1).map(({ first }) => first.id));
}
