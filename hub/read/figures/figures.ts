// The figures of a period put together: what was counted in the database, and what follows from it.
import type { Tx } from '../../db/tx.ts';
import type { Asked } from './store.ts';
import {
  attendance,
  downTimes,
  firstOf,
  linksOf,
  standingOf,
  sumsOf,
  type Causes,
  type LinkRow,
  type Standing,
  type Sums,
} from './store.ts';
import type { AlarmFigures } from './contract.ts';
import { FIGURES_LIMITS } from './rule.ts';
import { availabilityOf, clip, floodsOf, lengthOf, loadOf, shareOf, unionOf, type Span } from './sums.ts';

type Link = AlarmFigures['panels'][number];
export type Sumless = Omit<AlarmFigures, 'period' | 'rule'>;

const MINUTE_MS = 60_000;

/** No data: the hub had nothing to count with. Never 0. */
export const NOTHING: Sumless = {
  count: null,
  load: {
    windows: 0,
    average: null,
    peak: null,
    floodWindows: 0,
    floodShare: null,
    attended: 0,
    perPerson: null,
  },
  floods: [],
  times: [],
  stale: null,
  chattering: null,
  fleeting: null,
  top: { share: null, items: [] },
  falseAlarms: { judged: 0, false: 0, share: null, byDevice: [], byKind: [], byBuilding: [], causes: [] },
  disabled: null,
  shelved: null,
  apart: null,
  gateways: [],
  panels: [],
};

const iso = (ms: number): string => new Date(ms).toISOString();

async function linkFigures(tx: Tx, asked: Asked): Promise<{ gateways: Link[]; panels: Link[] }> {
  const down = await downTimes(tx, asked);
  const of = (row: LinkRow): Link => {
    const since = row.since.getTime();
    // What was told of it before it was registered here (imported history) says that it was watched then.
    const watched = down.some((d) => d.device === row.device && d.from < since) ? asked.from : since;
    const known = clip({ from: watched, to: row.until?.getTime() ?? asked.asOf }, { from: asked.from, to: asked.asOf });
    // What stands behind a silent gateway is not heard either.
    const mine = down.filter((d) => d.device === row.device || d.device === `${row.gateway}.gateway`);
    return { device: row.device, name: row.name, ...availabilityOf(known, mine), count: mine.length };
  };
  const rows = await linksOf(tx, asked.community);
  const seen = (kind: LinkRow['kind']): Link[] =>
    rows.filter((r) => r.kind === kind && (r.until === null || r.until.getTime() > asked.from)).map(of);
  return { gateways: seen('gateway'), panels: seen('panel') };
}

function falseAlarms({ judged, causes, times }: Sums, names: Causes): AlarmFigures['falseAlarms'] {
  const by = (wanted: Sums['judged'][number]['by']): AlarmFigures['falseAlarms']['byDevice'] =>
    judged
      .filter((g) => g.by === wanted)
      .map((g) => ({
        key: g.key ?? '',
        name: g.name,
        judged: g.judged,
        false: g.wrong,
        share: shareOf(g.wrong, g.judged),
      }));
  const byKind = by('kind');
  const all = times.find((t) => t.class === null && t.shift === null)?.judged ?? 0;
  const wrong = byKind.reduce((sum, g) => sum + g.false, 0);
  return {
    judged: all,
    false: wrong,
    share: shareOf(wrong, all),
    byDevice: by('device'),
    byKind,
    byBuilding: by('building'),
    causes: causes.map(({ cause, count }) => ({ cause, name: names.get(cause) ?? null, count })),
  };
}

/** Who was on duty when, and since when somebody was. */
export async function attendedOf(tx: Tx, community: string, span: Span): Promise<{ people: Span[]; spans: Span[] }> {
  const people = await attendance(tx, community, span);
  return { people, spans: unionOf(people) };
}

function loadFigures(asked: Asked, sums: Sums, people: readonly Span[]): AlarmFigures['load'] {
  const widthMs = asked.rule.windowMinutes * MINUTE_MS;
  const { peak, ...load } = loadOf(sums.windows, { from: asked.from, to: asked.asOf, widthMs }, asked.rule.floodAbove);
  const { attended } = sums.totals;
  const personMs = lengthOf(people);
  return {
    ...load,
    peak: peak && { from: iso(peak.from), to: iso(peak.to), count: peak.count },
    attended,
    perPerson: personMs === 0 ? null : attended / (personMs / widthMs),
  };
}

/** @param shelvedNow whether the period reaches to now: when something was taken back before is not in the rows */
export async function figuresOf(tx: Tx, asked: Asked, people: readonly Span[], shelvedNow: boolean): Promise<Sumless> {
  const all = await sumsOf(tx, asked);
  const { counted, fleeting, drill, maintenance, test } = all.totals;
  const standing: Standing = await standingOf(tx, asked);
  const widthMs = asked.rule.windowMinutes * MINUTE_MS;
  const floods = floodsOf(
    all.windows,
    { from: asked.from, to: asked.asOf, widthMs },
    { above: asked.rule.floodAbove, below: asked.rule.floodBelow },
  ).slice(-FIGURES_LIMITS.floodsMax);
  const firsts = await firstOf(tx, asked, floods);
  const topCount = all.top.reduce((sum, t) => sum + t.count, 0);
  return {
    count: counted,
    load: loadFigures(asked, all, people),
    floods: floods.map((f, i) => ({ from: iso(f.from), to: iso(f.to), count: f.count, first: firsts[i] ?? null })),
    times: all.times,
    stale: standing.stale,
    chattering: standing.chattering,
    fleeting,
    top: {
      share: shareOf(topCount, counted),
      items: all.top.map((t) => ({ ...t, share: shareOf(t.count, counted) ?? 0 })),
    },
    falseAlarms: falseAlarms(all, asked.causes),
    disabled: standing.disabled,
    shelved: shelvedNow ? standing.shelved : null,
    apart: { drill, maintenance, test },
    ...(await linkFigures(tx, asked)),
  };
}
