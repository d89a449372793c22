// The figures of a period put together: what was counted of it, what stands around that, and what follows from both.
import type { Tx } from '../../db/tx.ts';
import type { Ask } from './columns.ts';
import type { AlarmFigures } from './contract.ts';
import {
  attendedCount,
  chattering,
  disabledAges,
  downTimes,
  judgedBy,
  mostFrequent,
  staleCount,
  timesOf,
  totalsOf,
  windowsOf,
  type Judged,
} from './counts.ts';
import { shiftsWithin } from './period.ts';
import { AGE_DAYS, FIGURES_LIMITS } from './rule.ts';
import {
  attendance,
  causeCounts,
  firstOf,
  linksOf,
  namesOf,
  shelvedAges,
  type Asked,
  type LinkRow,
  type Named,
} from './store.ts';
import {
  availabilityOf,
  clip,
  floodsOf,
  lengthOf,
  loadOf,
  shareOf,
  unionOf,
  type Span,
  type WindowCount,
} from './sums.ts';

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

async function linkFigures(ask: Ask, tx: Tx, asked: Asked): Promise<{ gateways: Link[]; panels: Link[] }> {
  const down = new Map<string, Span[]>();
  for (const { device, ...span } of await downTimes(ask, asked)) {
    const known = down.get(device);
    if (known) known.push(span);
    else down.set(device, [span]);
  }
  const of = (row: LinkRow): Link => {
    const since = row.since.getTime();
    const own = down.get(row.device) ?? [];
    // What was told of it before it was registered here (imported history) says that it was watched then.
    const watched = own.some((d) => d.from < since) ? asked.from : since;
    const known = clip({ from: watched, to: row.until?.getTime() ?? asked.asOf }, { from: asked.from, to: asked.asOf });
    // What stands behind a silent gateway is not heard either.
    const gateway = `${row.gateway}.gateway`;
    const mine = row.device === gateway ? own : [...own, ...(down.get(gateway) ?? [])];
    return { device: row.device, name: row.name, ...availabilityOf(known, mine), count: mine.length };
  };
  const rows = await linksOf(tx, asked.community);
  const seen = (kind: LinkRow['kind']): Link[] =>
    rows.filter((r) => r.kind === kind && (r.until === null || r.until.getTime() > asked.from)).map(of);
  return { gateways: seen('gateway'), panels: seen('panel') };
}

async function falseAlarms(ask: Ask, tx: Tx, asked: Asked, all: number): Promise<AlarmFigures['falseAlarms']> {
  const groups = await judgedBy(ask, asked);
  const of = (by: Judged['by']): readonly Judged[] => groups.filter((g) => g.by === by);
  const names = await namesOf(
    tx,
    of('device').map((g) => g.id),
  );
  const told = (by: Judged['by']): AlarmFigures['falseAlarms']['byDevice'] =>
    of(by).map((g) => ({
      key: g.key,
      name: by === 'device' ? (names.get(g.id)?.deviceName ?? null) : null,
      judged: g.judged,
      false: g.wrong,
      share: shareOf(g.wrong, g.judged),
    }));
  const byKind = told('kind');
  const wrong = byKind.reduce((sum, g) => sum + g.false, 0);
  const causes = await causeCounts(tx, asked);
  return {
    judged: all,
    false: wrong,
    share: shareOf(wrong, all),
    byDevice: told('device'),
    byKind,
    byBuilding: told('building'),
    causes: causes.map(({ cause, count }) => ({ cause, name: asked.causes.get(cause) ?? null, count })),
  };
}

async function topOf(ask: Ask, tx: Tx, asked: Asked, counted: number): Promise<AlarmFigures['top']> {
  const frequent = await mostFrequent(ask, asked);
  const names = await namesOf(
    tx,
    frequent.map((f) => f.id),
  );
  const key = ({ device, point, signal }: Omit<Named, 'id'>): string => [device, point, signal].join('\0');
  const items = frequent
    .flatMap(({ id, count }) => {
      const { id: _id, ...name } = names.get(id) ?? {};
      return 'device' in name ? [{ ...name, count, share: shareOf(count, counted) ?? 0 }] : [];
    })
    .toSorted((a, b) => b.count - a.count || (key(a) < key(b) ? -1 : 1));
  return {
    share: shareOf(
      items.reduce((sum, t) => sum + t.count, 0),
      counted,
    ),
    items,
  };
}

type ByAge = NonNullable<AlarmFigures['disabled']>;
const aged = (rows: readonly { age: number; count: number }[]): ByAge => ({
  count: rows.reduce((sum, r) => sum + r.count, 0),
  ages: Array.from({ length: AGE_DAYS.length + 1 }, (_, age) => rows.find((r) => r.age === age)?.count ?? 0),
});

/** Who was on duty when, and since when somebody was. */
export async function attendedOf(tx: Tx, community: string, span: Span): Promise<{ people: Span[]; spans: Span[] }> {
  const people = await attendance(tx, community, span);
  return { people, spans: unionOf(people) };
}

interface Counted {
  readonly asked: Asked;
  readonly windows: readonly WindowCount[];
  /** The period in windows. */
  readonly grid: Span & { readonly widthMs: number };
}

async function loadFigures(
  ask: Ask,
  { asked, windows, grid }: Counted,
  people: readonly Span[],
): Promise<AlarmFigures['load']> {
  const { peak, ...load } = loadOf(windows, grid, asked.rule.floodAbove);
  const attended = await attendedCount(ask, asked);
  const personMs = lengthOf(people);
  return {
    ...load,
    peak: peak && { from: iso(peak.from), to: iso(peak.to), count: peak.count },
    attended,
    perPerson: personMs === 0 ? null : attended / (personMs / grid.widthMs),
  };
}

async function floodFigures(tx: Tx, { asked, windows, grid }: Counted): Promise<AlarmFigures['floods']> {
  const floods = floodsOf(windows, grid, { above: asked.rule.floodAbove, below: asked.rule.floodBelow }).slice(
    -FIGURES_LIMITS.floodsMax,
  );
  const firsts = await firstOf(tx, asked, floods);
  return floods.map((f, i) => ({ from: iso(f.from), to: iso(f.to), count: f.count, first: firsts[i] ?? null }));
}

/**
 * @param ask of the columns of that community
 * @param shelvedNow whether the period reaches to now: when something was taken back before is not in the rows
 */
export async function figuresOf(
  ask: Ask,
  tx: Tx,
  asked: Asked,
  people: readonly Span[],
  shelvedNow: boolean,
): Promise<Sumless> {
  const { counted, fleeting, ...apart } = await totalsOf(ask, asked);
  const windows = await windowsOf(ask, asked);
  const grid = { from: asked.from, to: asked.asOf, widthMs: asked.rule.windowMinutes * MINUTE_MS };
  const times = await timesOf(
    ask,
    asked,
    shiftsWithin({ from: asked.from, to: asked.asOf }, asked.zone, asked.rule.shiftHours),
  );
  const judged = times.find((t) => t.class === null && t.shift === null)?.judged ?? 0;
  return {
    count: counted,
    load: await loadFigures(ask, { asked, windows, grid }, people),
    floods: await floodFigures(tx, { asked, windows, grid }),
    times,
    stale: await staleCount(ask, asked),
    chattering: await chattering(ask, asked),
    fleeting,
    top: await topOf(ask, tx, asked, counted),
    falseAlarms: await falseAlarms(ask, tx, asked, judged),
    disabled: aged(await disabledAges(ask, asked)),
    shelved: shelvedNow ? aged(await shelvedAges(tx, asked)) : null,
    apart,
    ...(await linkFigures(ask, tx, asked)),
  };
}
