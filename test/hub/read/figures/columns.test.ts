// The figures against a recount alarm by alarm, over random alarms, late acts and random periods in several time zones;
// the columns begin anew in the middle, as after a restart.
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { catchUpFacts } from '../../../../hub/alarms/api.ts';
import { takeFacts } from '../../../../hub/alarms/facts-store.ts';
import type { AlarmRow } from '../../../../hub/alarms/row.ts';
import { insertActs, updateAlarms } from '../../../../hub/alarms/store.ts';
import type { Db } from '../../../../hub/db/tx.ts';
import { COLUMN_LIMITS, Columns } from '../../../../hub/read/figures/columns.ts';
import type { AlarmFigures, Figure } from '../../../../hub/read/figures/contract.ts';
import { figuresOf, type Sumless } from '../../../../hub/read/figures/figures.ts';
import { periodOf } from '../../../../hub/read/figures/period.ts';
import { figurePage } from '../../../../hub/read/figures/rows.ts';
import { FIGURES_RULE } from '../../../../hub/read/figures/rule.ts';
import type { Asked } from '../../../../hub/read/figures/store.ts';
import { freshDatabase } from '../../../helpers/database.ts';
import { recounted, rounded, tally, type Known, type Wanted, type Watched } from './model.ts';
import { DAY, HOUR, MINUTE, SECOND, storeEpisodes, type Episode } from './stored.ts';

const SEED = Number(process.env['FENGSUI_SEED'] ?? 20_261_122);
const RUNS = Number(process.env['FENGSUI_RUNS'] ?? 10);
const ZONES = ['Asia/Shanghai', 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe', 'UTC'] as const;
/** Clocks change in New York on 1 November and on 8 March, on Lord Howe Island on 5 April and on 4 October, by half an hour. */
const DATES = ['2026-11-01', '2026-03-08', '2026-04-05', '2026-10-04', '2026-12-31', '2027-01-01'] as const;
const DEVICES = 4;
/** So small that a few dozen alarms come in several batches, and replaced ones are cleared away. */
const SMALL = { ...COLUMN_LIMITS, batchRows: 7, replacedMax: -60 };

let db: Db;
beforeAll(async () => {
  ({ db } = await freshDatabase());
});

const someTime = fc.oneof(
  // About the edges of what is asked for, in parts of it, and anywhere near.
  fc.record({ near: fc.constantFrom('from', 'to', 'asOf'), by: fc.constantFrom(-1, 0, 1, SECOND, -MINUTE) }),
  fc.record({
    near: fc.constant('share'),
    by: fc.integer({ min: -200_000, max: 1_100_000 }).map((n) => n / 1_000_000),
  }),
  // A burst: floods, chattering.
  fc.record({ near: fc.constant('burst'), by: fc.integer({ min: 0, max: 12 * MINUTE }) }),
);
type SomeTime = (typeof someTime extends fc.Arbitrary<infer T> ? T : never) & object;
const maybe = (max: number) => fc.option(fc.integer({ min: 0, max }), { nil: undefined, freq: 3 });

const someEpisode = fc.record({
  at: someTime,
  class: fc.constantFrom('FIRE', 'FAULT', 'FAULT', 'COMMS', 'PROCESS', 'DISABLED', 'TEST'),
  // The last of them is the gateway itself.
  device: fc.integer({ min: 0, max: DEVICES }),
  point: fc.constantFrom('p', 'q'),
  building: fc.constantFrom('b1', 'b2', undefined),
  ackAfter: maybe(HOUR),
  endAfter: fc.oneof(maybe(MINUTE), maybe(3 * DAY)),
  verdict: fc.constantFrom('real', 'false', 'false', 'test', undefined, undefined),
  cause: fc.constantFrom('dust', 'steam', undefined),
  recurredAfter: fc.constantFrom([], [], [], [10 * SECOND, 20 * SECOND], [2 * HOUR]),
  mode: fc.constantFrom(undefined, undefined, undefined, 'drill', 'maintenance'),
} as const);
type SomeEpisode = typeof someEpisode extends fc.Arbitrary<infer T> ? T : never;

const someChange = fc.record({
  which: fc.nat(),
  what: fc.constantFrom('ack', 'clear', 'verdict', 'recur'),
  after: fc.integer({ min: 0, max: 5 * HOUR }),
  verdict: fc.constantFrom('real', 'false', 'test'),
} as const);
type SomeChange = typeof someChange extends fc.Arbitrary<infer T> ? T : never;

const someRule = fc.record({
  windowMinutes: fc.constantFrom(1, 7, 10, 60),
  floodAbove: fc.constantFrom(1, 3, 10),
  floodBelow: fc.constantFrom(1, 2, 5),
  chatterCount: fc.constantFrom(2, 3),
  chatterSeconds: fc.constantFrom(1, 60, 3600),
  fleetingSeconds: fc.constantFrom(1, 30),
  staleHours: fc.constantFrom(1, 24),
  shiftHours: fc.constantFrom([0, 8, 16], [7, 19], [2], [0, 1, 2, 3, 22, 23]),
});
const somePeriod = fc.record({
  zone: fc.constantFrom(...ZONES),
  period: fc.constantFrom('shift', 'day', 'week', 'month', 'range'),
  on: fc.constantFrom(...DATES),
  /** How much of it has gone by; more than 1: all. */
  gone: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
  /** The hub has data only since then, by share of the period. */
  data: fc.constantFrom(0, 0, 0.1234),
} as const);
const someDuty = fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), hours: fc.nat(9) }), {
  maxLength: 3,
});

const scenario = fc.record({
  period: somePeriod,
  rule: someRule,
  duty: someDuty,
  episodes: fc.array(someEpisode, { minLength: 20, maxLength: 90 }),
  rounds: fc.array(fc.record({ changes: fc.array(someChange, { maxLength: 12 }), restart: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function wantedOf({ period, rule: numbers, duty }: Scenario): Wanted & { readonly to: number } {
  const rule = { ...FIGURES_RULE.value, ...numbers, shiftHours: [...numbers.shiftHours] };
  const named = periodOf(
    { ...period, shift: 0, from: `${period.on}T01:37`, to: '2027-01-09T12:11' },
    period.zone,
    rule.shiftHours,
  );
  if (!named.ok) throw new Error('no such period');
  const { from: begins, to } = named.value;
  const from = begins + Math.floor((to - begins) * period.data);
  const asOf = Math.min(to, Math.floor(begins + (to - begins) * Math.max(period.gone, period.data + 0.05)));
  const attended: { from: number; to: number }[] = [];
  for (const { at, hours } of duty.toSorted((a, b) => a.at - b.at)) {
    const begin = Math.max(attended.at(-1)?.to ?? 0, Math.floor(from + (asOf - from) * at));
    const end = Math.min(asOf, begin + hours * HOUR);
    if (end > begin) attended.push({ from: begin, to: end });
  }
  return { from, to, asOf, zone: period.zone, rule, attended };
}

function atOf(time: SomeTime, { from, to, asOf }: Wanted & { readonly to: number }): number {
  const edge = { from, to, asOf, burst: from + Math.floor((asOf - from) / 3) };
  return time.near === 'share' ? Math.floor(from + (asOf - from) * time.by) : edge[time.near] + time.by;
}

function episodeOf(some: SomeEpisode, gateway: string, wanted: Wanted & { readonly to: number }): Episode {
  const { device, cause, recurredAfter, verdict, point, ...rest } = some;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...given,
    at: atOf(some.at, wanted),
    gateway,
    device: device === DEVICES ? `${gateway}.gateway` : `${gateway}.p${device}`,
    kind: device === DEVICES ? 'gateway' : device < 2 ? 'fire-panel' : 'water-tank',
    // What is open stands on a point of its own.
    ...(some.endAfter === undefined ? {} : { point }),
    ...(verdict ? { verdict } : {}),
    ...(verdict === 'false' && cause ? { cause } : {}),
    ...(recurredAfter.length > 0 ? { recurredAfter } : {}),
  };
}

let changes = 5_000_000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** One late act on an alarm, stored as the hub stores it. */
async function change(known: Known[], { which, what, after, verdict }: SomeChange): Promise<void> {
  const one = known[which % known.length];
  if (!one) return;
  const { row } = one;
  const at = row.received_at + after;
  const open = row.state !== 'normal';
  const by = { by: 'u1', name: 'A', at: iso(at) };
  let changed: Partial<AlarmRow> | undefined;
  if (what === 'ack' && row.acked === null) {
    changed = { acked: by };
    one.ackedAt = Math.min(one.ackedAt ?? at, at);
  } else if (what === 'clear' && open) changed = { state: 'normal', active: false, condition: 'false', cleared_at: at };
  else if (what === 'verdict') changed = { verdict: { ...by, verdict, note: 'n' } };
  else if (what === 'recur' && open) {
    changed = { acked: null, recurrences: row.recurrences + 1 };
    one.recurredAt.push(at);
  }
  if (!changed) return;
  changes += 1;
  one.row = { ...row, ...changed, seq: changes };
  const act = { ack: 'acknowledged', clear: 'cleared', verdict: 'verdict', recur: 'recurred' }[what];
  await db.transaction(async (tx) => {
    await updateAlarms(tx, [one.row]);
    await insertActs(tx, [
      { alarm: row.id, act, state: one.row.state, actor: { kind: 'system', id: 'test' }, note: undefined, at },
    ]);
  });
}

async function watchedOf(community: string, gateway: string, wanted: Wanted): Promise<Watched[]> {
  const since = { gateway: wanted.from - DAY, panel: wanted.from + Math.floor((wanted.asOf - wanted.from) / 4) };
  await db.transaction(async (tx) => {
    await tx.run(
      `insert into ingest.gateway (id, community, username, enrolled_at, enrolled_by) values ($1, $2, $1, $3, 'test')`,
      [gateway, community, new Date(since.gateway)],
    );
    for (const n of [0, 1])
      await tx.run(
        `insert into equipment.device (id, community, gateway, kind, name, profile, vendor, model, evidence, link, first_at)
         values ($1, $2, $3, 'fire-panel', '{"zh":"主机","en":"panel"}', 'p', 'v', 'm', 'A', 'l', $4)`,
        [`${gateway}.p${n}`, community, gateway, new Date(since.panel)],
      );
  });
  return [
    { device: `${gateway}.gateway`, gateway, since: since.gateway },
    ...[0, 1].map((n) => ({ device: `${gateway}.p${n}`, gateway, since: since.panel })),
  ];
}

/** What the hub says, in the words of the recount. */
function told(found: Sumless): ReturnType<typeof recounted> {
  const { load, falseAlarms } = found;
  const groups = (of: AlarmFigures['falseAlarms']['byDevice']) =>
    Object.fromEntries(of.map((g) => [g.key, [g.judged, g.false]]));
  return {
    count: found.count ?? -1,
    load: {
      windows: load.windows,
      peak: load.peak?.count ?? null,
      floodWindows: Math.round((load.floodShare ?? 0) * load.windows),
      attended: load.attended,
    },
    floods: found.floods.map((f) => ({ from: Date.parse(f.from), to: Date.parse(f.to), count: f.count })),
    times: Object.fromEntries(
      found.times.map((t) => [
        `${t.class ?? ''}/${t.shift ?? ''}`,
        [
          t.count,
          t.acked,
          rounded(t.ackP50),
          rounded(t.ackP95),
          t.judged,
          rounded(t.verdictP50),
          rounded(t.verdictP95),
        ],
      ]),
    ),
    fleeting: found.fleeting ?? -1,
    chattering: found.chattering ?? { points: -1, alarms: -1 },
    stale: found.stale ?? -1,
    disabled: [...(found.disabled?.ages ?? [])],
    top: found.top.items.map((t) => t.count),
    false: {
      judged: falseAlarms.judged,
      false: falseAlarms.false,
      byDevice: groups(falseAlarms.byDevice),
      byKind: groups(falseAlarms.byKind),
      byBuilding: groups(falseAlarms.byBuilding),
      causes: Object.fromEntries(falseAlarms.causes.map((c) => [c.cause, c.count])),
    },
    apart: found.apart ?? { drill: -1, maintenance: -1, test: -1 },
    links: Object.fromEntries(
      [...found.gateways, ...found.panels].map((l) => [
        l.device,
        { count: l.count, downMs: l.downMs, knownMs: l.knownMs },
      ]),
    ),
  };
}

/** Each number opens as many rows as it says. */
async function rowsOf(asked: Asked, found: Sumless): Promise<void> {
  const numbers: Partial<Record<Figure, number | null | undefined>> = {
    all: found.count,
    attended: found.load.attended,
    judged: found.falseAlarms.judged,
    false: found.falseAlarms.false,
    stale: found.stale,
    chattering: found.chattering?.alarms,
    fleeting: found.fleeting,
    disabled: found.disabled?.count,
    ...found.apart,
  };
  const opened: Partial<Record<string, number>> = {};
  for (const figure of Object.keys(numbers) as Figure[])
    opened[figure] = (await db.read((tx) => figurePage(tx, asked, { period: 'range', figure, limit: 1 }))).count;
  expect(opened).toEqual(numbers);
}

async function agree(
  columns: Columns,
  of: Scenario,
  known: readonly Known[],
  watched: readonly Watched[],
): Promise<void> {
  const wanted = wantedOf(of);
  const community = known[0]?.row.community ?? '';
  expect(await catchUpFacts(db, community)).toBe(true);
  const asked: Asked = { community, causes: new Map(), ...wanted };
  const found = await columns.asking(db, (ask) => db.read((tx) => figuresOf(ask, tx, asked, [], true)));
  expect(told(found)).toEqual(recounted(known, watched, wanted));
  const frequent = tally(
    known.filter(({ row }) => row.received_at >= asked.from && row.received_at < asked.asOf),
    ({ row }) => (row.raised_mode === null && row.class !== 'TEST' ? [row.device, row.point, row.signal].join() : null),
  );
  for (const t of found.top.items) expect(t.count).toBe(frequent.get([t.device, t.point, t.signal].join()));
  await rowsOf(asked, found);
}

/** Answers how often it compared. */
async function play(of: Scenario): Promise<number> {
  const community = randomUUID();
  const gateway = `g${community.slice(0, 8)}`;
  const wanted = wantedOf(of);
  const watched = await watchedOf(community, gateway, wanted);
  const episodes = of.episodes.map((some) => episodeOf(some, gateway, wanted));
  const rows = await storeEpisodes(db, community, episodes);
  const known: Known[] = rows.map((row, i) => {
    const { ackAfter, recurredAfter = [], cause } = episodes[i] ?? {};
    return {
      row,
      ackedAt: ackAfter === undefined ? null : row.received_at + ackAfter,
      recurredAt: recurredAfter.map((after) => row.received_at + after),
      cause: cause ?? null,
    };
  });
  let columns = new Columns(community, SMALL);
  try {
    for (const round of of.rounds) {
      await agree(columns, of, known, watched);
      for (const one of round.changes) await change(known, one);
      if (!round.restart) continue;
      // The hub ends when a part of what changed was taken over.
      await db.transaction((tx) => takeFacts(tx, community, 3));
      await columns.close();
      columns = new Columns(community, SMALL);
    }
    await agree(columns, of, known, watched);
    return of.rounds.length + 1;
  } finally {
    await columns.close();
  }
}

test(
  `figures are what a recount of every alarm says, to the millisecond of each edge, in each time zone (seed ${SEED})`,
  { timeout: 120_000 },
  async () => {
    const property = fc.asyncProperty(scenario, async (of) => {
      expect(await play(of)).toBeGreaterThan(1);
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
  },
);

test('a hub that ends waits for no count', async () => {
  const columns = new Columns('nobody');
  const counting = columns.asking(db, async () => 'counted').catch(() => 'refused');
  await columns.close();
  expect(await counting).toBe('refused');
});

test('says when so many wait that one more should come back later', async () => {
  const columns = new Columns('nobody', { ...COLUMN_LIMITS, waitingMax: 1 });
  const asked = [0, 1].map((k) => columns.asking(db, async () => k));
  expect(columns.isCrowded).toBe(true);
  expect(await Promise.all(asked)).toEqual([0, 1]);
  expect(columns.isCrowded).toBe(false);
  await columns.close();
});
