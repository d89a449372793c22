// What the figures of a period are, counted from the alarms one by one: slowly, and knowing nothing of how the hub does
// it. Instants in ms.
import type { AlarmRow } from '../../../../hub/alarms/row.ts';
import type { FiguresRule } from '../../../../hub/read/figures/rule.ts';
import { percentile } from './recount.ts';
import { DAY, HOUR, MINUTE, SECOND } from './stored.ts';

/** An alarm, and what was done to it. */
export interface Known {
  row: AlarmRow;
  /** First acknowledgement. */
  ackedAt: number | null;
  recurredAt: number[];
  cause: string | null;
}

export interface Watched {
  readonly device: string;
  readonly gateway: string;
  readonly since: number;
}

export interface Wanted {
  readonly from: number;
  readonly asOf: number;
  readonly zone: string;
  readonly rule: FiguresRule;
  readonly attended: readonly { readonly from: number; readonly to: number }[];
}

const endOf = ({ row }: Known): number | null => row.cleared_at ?? row.closed_at;
const within = (at: number, { from, asOf }: Wanted): boolean => at >= from && at < asOf;
const counts = ({ row }: Known): boolean => row.raised_mode === null && row.class !== 'TEST';
const isOpen = (k: Known, asOf: number): boolean => {
  const end = endOf(k);
  return k.row.received_at < asOf && (end === null || end > asOf);
};
const sourceOf = ({ row }: Known): string => [row.device, row.point, row.signal].join('|');

export function tally<T>(of: readonly T[], key: (one: T) => string | null): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of of) {
    const name = key(one);
    if (name !== null) found.set(name, (found.get(name) ?? 0) + 1);
  }
  return found;
}

/** The shift by the hour that the clock on the wall shows. */
function shiftOf(at: number, { zone, rule }: Wanted): number {
  const hour = Number(
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' }).format(at),
  );
  const starts = rule.shiftHours.toSorted((a, b) => a - b);
  const index = starts.findLastIndex((start) => hour >= start);
  return index === -1 ? starts.length - 1 : index;
}

function loadOf(received: readonly Known[], wanted: Wanted) {
  const width = wanted.rule.windowMinutes * MINUTE;
  const windows = Array.from({ length: Math.ceil((wanted.asOf - wanted.from) / width) }, () => 0);
  for (const { row } of received) {
    const window = Math.floor((row.received_at - wanted.from) / width);
    windows[window] = (windows[window] ?? 0) + 1;
  }
  const floods: { from: number; to: number; count: number }[] = [];
  let open = false;
  for (const [i, count] of windows.entries()) {
    const flood = floods.at(-1);
    const to = Math.min(wanted.asOf, wanted.from + (i + 1) * width);
    if (open && flood && count > 0 && count >= wanted.rule.floodBelow) {
      floods[floods.length - 1] = { ...flood, to, count: flood.count + count };
    } else if (count > wanted.rule.floodAbove) {
      floods.push({ from: wanted.from + i * width, to, count });
      open = true;
    } else open = false;
  }
  return {
    windows: windows.length,
    peak: received.length === 0 ? null : windows.reduce((most, n) => Math.max(most, n), 0),
    floodWindows: windows.filter((n) => n > wanted.rule.floodAbove).length,
    attended: received.filter(({ row }) =>
      wanted.attended.some((s) => row.received_at >= s.from && row.received_at < s.to),
    ).length,
    floods,
  };
}

const judgement = ({ row }: Known): 'real' | 'false' | null =>
  row.verdict && row.verdict.verdict !== 'test' ? row.verdict.verdict : null;

function timesOf(received: readonly Known[], wanted: Wanted) {
  const groups = new Map<string, Known[]>();
  for (const k of received)
    for (const kind of [k.row.class, ''])
      for (const shift of [String(shiftOf(k.row.received_at, wanted)), ''])
        groups.set(`${kind}/${shift}`, [...(groups.get(`${kind}/${shift}`) ?? []), k]);
  return Object.fromEntries(
    [...groups].map(([key, of]) => {
      const acks = of.flatMap((k) => (k.ackedAt === null ? [] : [k.ackedAt - k.row.received_at]));
      const verdicts = of.flatMap((k) =>
        judgement(k) ? [Date.parse(k.row.verdict?.at ?? '') - k.row.received_at] : [],
      );
      const p = (values: readonly number[]) => [percentile(values, 0.5), percentile(values, 0.95)].map(rounded);
      return [key, [of.length, acks.length, ...p(acks), verdicts.length, ...p(verdicts)]];
    }),
  );
}
/** Sums of fractions differ in the last digits by their order. */
export const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1000) / 1000);

function chatteringOf(all: readonly Known[], wanted: Wanted) {
  const ups = new Map<string, { at: number; id: string }[]>();
  for (const k of all.filter(counts)) {
    const at = [
      ...(within(k.row.received_at, wanted) ? [k.row.raised_at] : []),
      ...k.recurredAt.filter((t) => within(t, wanted)),
    ];
    ups.set(sourceOf(k), [...(ups.get(sourceOf(k)) ?? []), ...at.map((t) => ({ at: t, id: k.row.id }))]);
  }
  const { chatterCount, chatterSeconds } = wanted.rule;
  const found = [...ups.values()].filter((of) =>
    of.some(({ at }) => of.filter((o) => o.at >= at && o.at <= at + chatterSeconds * SECOND).length >= chatterCount),
  );
  return { points: found.length, alarms: new Set(found.flat().map(({ id }) => id)).size };
}

function standingOf(all: readonly Known[], wanted: Wanted) {
  const { asOf, rule } = wanted;
  const stands = all.filter((k) => counts(k) && isOpen(k, asOf));
  const since = (k: Known): number => Math.max(k.row.received_at, ...k.recurredAt.filter((t) => t < asOf));
  const ages = [0, 0, 0, 0];
  for (const { row } of stands.filter((k) => k.row.class === 'DISABLED')) {
    const days = (asOf - row.received_at) / DAY;
    const age = days < 1 ? 0 : days < 7 ? 1 : days < 30 ? 2 : 3;
    ages[age] = (ages[age] ?? 0) + 1;
  }
  return {
    stale: stands.filter((k) => k.row.class !== 'DISABLED' && since(k) < asOf - rule.staleHours * HOUR).length,
    disabled: ages,
  };
}

/** How long it was not heard, and of how long it was watched: between any two edges it either was down or not. */
function linkOf(all: readonly Known[], { device, gateway, since }: Watched, { from, asOf }: Wanted) {
  const told = (name: string) =>
    all.flatMap((k) => {
      const of = k.row;
      const isLink = of.class === 'COMMS' && (of.device === `${of.gateway}.gateway` || of.device_kind === 'fire-panel');
      const end = endOf(k) ?? Infinity;
      return isLink && of.device === name && of.raised_at < asOf && end > from ? [{ from: of.raised_at, to: end }] : [];
    });
  const own = told(device);
  const mine = [...own, ...(device === `${gateway}.gateway` ? [] : told(`${gateway}.gateway`))];
  const known = Math.min(asOf, Math.max(from, own.some((s) => s.from < since) ? from : since));
  const edges = [known, asOf, ...mine.flatMap((s) => [s.from, s.to])]
    .filter((t) => t >= known && t <= asOf)
    .toSorted((a, b) => a - b);
  let down = 0;
  for (const [i, begin] of edges.entries()) {
    const end = edges[i + 1] ?? begin;
    if (mine.some((s) => s.from <= begin && s.to >= end)) down += end - begin;
  }
  return { count: mine.length, downMs: down, knownMs: asOf - known };
}

/** Everything that is counted of a period. */
export function recounted(all: readonly Known[], watched: readonly Watched[], wanted: Wanted) {
  const inPeriod = all.filter(({ row }) => within(row.received_at, wanted));
  const received = inPeriod.filter(counts);
  const judged = received.filter((k) => judgement(k) !== null);
  const wrong = judged.filter((k) => judgement(k) === 'false');
  const by = (key: (k: Known) => string | null) => {
    const [all_, false_] = [tally(judged, key), tally(wrong, key)];
    return Object.fromEntries([...all_].map(([name, n]) => [name, [n, false_.get(name) ?? 0]]));
  };
  const { floods, ...load } = loadOf(received, wanted);
  return {
    count: received.length,
    load,
    floods,
    times: timesOf(received, wanted),
    fleeting: received.filter(
      ({ row }) =>
        row.recurrences === 0 &&
        row.cleared_at !== null &&
        row.cleared_at - row.raised_at <= wanted.rule.fleetingSeconds * SECOND,
    ).length,
    chattering: chatteringOf(all, wanted),
    ...standingOf(all, wanted),
    top: [...tally(received, sourceOf).values()].toSorted((a, b) => b - a).slice(0, 10),
    false: {
      judged: judged.length,
      false: wrong.length,
      byDevice: by((k) => k.row.device),
      byKind: by((k) => k.row.device_kind),
      byBuilding: by((k) => k.row.building),
      causes: Object.fromEntries(tally(wrong, (k) => k.cause ?? '?')),
    },
    apart: {
      drill: inPeriod.filter(({ row }) => row.raised_mode === 'drill').length,
      maintenance: inPeriod.filter(({ row }) => row.raised_mode === 'maintenance').length,
      test: inPeriod.filter(({ row }) => row.raised_mode === null && row.class === 'TEST').length,
    },
    links: Object.fromEntries(watched.map((one) => [one.device, linkOf(all, one, wanted)])),
  };
}
