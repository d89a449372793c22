// How long the figures of the alarm system take to answer when 1,000,000 alarms of a year stand behind them, and 10,000:
// p50 and p95 in ms for each length of period, of the figures and of a page of rows; how long the facts that are counted
// and their columns take to be made of them all; what both cost for one alarm more, beside storing it; and the ratio of
// the two sizes in one run. One JSON line a size, one with the ratios.
// Usage: figures.ts [--quick] [ALARMS …]
import { Client } from 'pg';
import { catchUpFacts } from '../../hub/alarms/api.ts';
import type { Db } from '../../hub/db/tx.ts';
import { Columns } from '../../hub/read/figures/columns.ts';
import { figuresOf } from '../../hub/read/figures/figures.ts';
import { figurePage } from '../../hub/read/figures/rows.ts';
import { FIGURES_RULE } from '../../hub/read/figures/rule.ts';
import type { Asked } from '../../hub/read/figures/store.ts';
import { storeEpisodes, type Episode } from '../hub/read/figures/stored.ts';
import { cleanUp } from '../helpers/cleanup.ts';
import { freshDatabase } from '../helpers/database.ts';
import { percentile, round } from '../helpers/statistics.ts';

const quick = process.argv.includes('--quick');
const given = process.argv
  .slice(2)
  .filter((arg) => !arg.startsWith('--'))
  .map(Number);
const SIZES = given.length > 0 ? given : quick ? [10_000, 100_000] : [10_000, 1_000_000];
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 22, 10);
const PERIODS = { shift: 1 / 3, day: 1, week: 7, month: 30, year: 365 } as const;
type PeriodName = keyof typeof PERIODS;
const ROUNDS: Readonly<Record<PeriodName, number>> = { shift: 40, day: 40, week: 40, month: 20, year: 8 };

/** Alarms of a year, evenly spread, of 40 devices × 500 points; acknowledged; a third judged, half of that false. */
async function fill(client: Client, count: number): Promise<void> {
  const act = (at: string, more = ''): string =>
    `jsonb_build_object('by', 'u1', 'name', '值班员', 'at', to_char((${at}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')${more})`;
  await client.query(
    `insert into alarms.alarm (id, community, gateway, device, device_kind, device_name, point, point_name, signal, class,
       rank, text, advice, latch, state, condition, active, latched, building, floor, place, raised_at, received_at,
       cleared_at, closed_at, recurrences, value, proved, incident, acked, verdict, seq)
     select gen_random_uuid(), 'c', 'gw', 'gw.panel-' || (i % 40),
       case when i % 10 < 8 then 'fire-panel' else 'water-tank' end,
       '{"zh":"3号楼火灾报警控制器","en":"Fire panel of building 3"}', 'loop' || (i % 7) || '.' || (i::bigint * 7919 % 500),
       '{"zh":"12层走道感烟探测器","en":"Smoke detector, corridor floor 12"}', (array['fault','fire','mains'])[1 + i % 3],
       (array['FAULT','FAULT','FIRE','FAULT','COMMS','PROCESS','SUPERVISORY','DISABLED'])[1 + i % 8], 5,
       '{"zh":"探测器故障","en":"Detector fault"}', '{"zh":"到现场查看，必要时更换","en":"Look on site, replace if needed"}',
       'none', 'normal', 'false', false, false, 'b' || (i % 6), i % 26, '走道', t, t,
       t + make_interval(secs => (i::bigint * 31 % 7200)), t + make_interval(secs => (i::bigint * 31 % 7200)), 0, '1', true,
       gen_random_uuid()::text, ${act('t + make_interval(secs => i::bigint * 17 % 300)')},
       case when i % 3 = 0 then ${act(
         't + make_interval(secs => i::bigint * 19 % 3000)',
         ", 'verdict', case when i % 6 = 0 then 'false' else 'real' end, 'note', '住户搬家扬尘，无火情'",
       )} end, i
     from (select i, to_timestamp($1::float8 / 1000) - make_interval(secs => ($2::integer - i) * (31536000.0 / $2::integer)) as t
       from generate_series(1, $2::integer) as i) as x`,
    [NOW, count],
  );
  await client.query(
    `insert into handling.fire (id, community, alarm, source, what, text, opened_at, result, cause)
     select incident::uuid, 'c', id, 'panel', device_name, text, received_at, 'false', (array['dust','steam','detector'])[1 + seq % 3]
     from alarms.alarm where verdict ->> 'verdict' = 'false'`,
  );
  await client.query(
    `insert into ingest.gateway (id, community, username, enrolled_at, enrolled_by)
     values ('gw', 'c', 'gw', to_timestamp($1::float8 / 1000) - interval '2 years', 'bench')`,
    [NOW],
  );
  await client.query(
    `insert into equipment.device (id, community, gateway, kind, name, profile, vendor, model, evidence, link, first_at)
     select 'gw.panel-' || k, 'c', 'gw', 'fire-panel', '{"zh":"主机","en":"panel"}', 'p', 'v', 'm', 'A', 'l',
       to_timestamp($1::float8 / 1000) - interval '2 years' from generate_series(0, 39) k`,
    [NOW],
  );
  await client.query('analyze alarms.alarm');
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};
const told = (took: readonly number[]): { p50: number; p95: number } => ({
  p50: round(percentile(took, 0.5), 1),
  p95: round(percentile(took, 0.95), 1),
});

const MORE = { rounds: 40, alarms: 500 } as const;

/** µs an alarm to store it as the hub does, to take over its facts, and to add it to the columns: in small batches. */
async function onePer(db: Db, columns: Columns): Promise<Record<'store' | 'facts' | 'columns', number>> {
  const took = { store: 0, facts: 0, columns: 0 };
  for (let round_ = 0; round_ < MORE.rounds; round_ += 1) {
    const episodes = Array.from({ length: MORE.alarms }, (_, i): Episode => ({
      at: NOW + (round_ * MORE.alarms + i) * 100,
      device: `gw.panel-${i % 40}`,
      point: `loop${i % 7}.${i}`,
      endAfter: 60_000,
      ackAfter: 20_000,
    }));
    took.store += await timed(() => storeEpisodes(db, 'c', episodes));
    took.facts += await timed(() => catchUpFacts(db, 'c'));
    took.columns += await timed(() => columns.asking(db, async () => undefined));
  }
  const each = (ms: number): number => round((ms * 1_000) / (MORE.rounds * MORE.alarms), 1);
  return { store: each(took.store), facts: each(took.facts), columns: each(took.columns) };
}

async function measure(
  db: Db,
  columns: Columns,
  name: PeriodName,
): Promise<Record<'figures' | 'page', { p50: number; p95: number }>> {
  const [figures, page]: [number[], number[]] = [[], []];
  for (let round_ = 0; round_ < ROUNDS[name]; round_ += 1) {
    const asOf = NOW - (round_ % 5) * DAY_MS;
    const asked: Asked = {
      community: 'c',
      from: asOf - PERIODS[name] * DAY_MS,
      asOf,
      zone: 'Asia/Shanghai',
      rule: FIGURES_RULE.value,
      attended: [],
      causes: new Map(),
    };
    figures.push(await timed(() => columns.asking(db, (ask) => db.read((tx) => figuresOf(ask, tx, asked, [], true)))));
    page.push(await timed(() => db.read((tx) => figurePage(tx, asked, { period: 'range', figure: 'all' }))));
  }
  return { figures: told(figures), page: told(page) };
}

const found: { readonly p95: Record<string, number> }[] = [];
for (const alarms of SIZES) {
  const { db, connection } = await freshDatabase();
  const client = new Client(connection);
  await client.connect();
  await fill(client, alarms);
  const factsMs = await timed(async () => {
    while (!(await catchUpFacts(db, 'c')));
  });
  await client.query('vacuum analyze alarms.fact');
  const { bytes } = (await client.query(`select pg_total_relation_size('alarms.fact')::float8 as bytes`)).rows[0] as {
    bytes: number;
  };
  await client.end();
  const columns = new Columns('c');
  const columnsMs = await timed(() => columns.asking(db, async () => undefined));
  const periods: Record<string, Awaited<ReturnType<typeof measure>>> = {};
  const p95: Record<string, number> = {};
  for (const name of Object.keys(PERIODS) as PeriodName[]) {
    const took = await measure(db, columns, name);
    periods[name] = took;
    p95[name] = took.figures.p95;
  }
  found.push({ p95 });
  const perAlarm = await onePer(db, columns);
  await columns.close();
  console.log(
    JSON.stringify({
      bench: 'figures',
      alarms,
      factsMs: Math.round(factsMs),
      factsMb: round(bytes / 1e6, 1),
      columnsMs: Math.round(columnsMs),
      ms: periods,
      usPerAlarm: { ...perAlarm, ratio: round((perAlarm.facts + perAlarm.columns) / perAlarm.store, 2) },
    }),
  );
}
const [small, large] = [found[0], found.at(-1)];
if (small && large && found.length > 1)
  console.log(
    JSON.stringify({
      bench: 'figures',
      sizes: SIZES,
      ratioP95: Object.fromEntries(
        Object.entries(large.p95).map(([name, p95]) => [name, round(p95 / (small.p95[name] ?? Number.NaN), 1)]),
      ),
    }),
  );
await cleanUp();
