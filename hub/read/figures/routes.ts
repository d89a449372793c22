// The figures of the alarm system over HTTP: a period's figures, the alarms behind each, and those as a file.
import { Type } from 'typebox';
import type { Static } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Tx } from '../../db/tx.ts';
import { ok, refuse, type Result } from '../../errors.ts';
import type { Entry } from '../../http/entry.ts';
import type { Role } from '../../http/policy.ts';
import { catchUpFacts } from '../../alarms/api.ts';
import { FALSE_CAUSES } from '../../handling/api.ts';
import { communityOf } from '../../property/api.ts';
import { ruleInForce } from '../../rules/api.ts';
import { csvOf } from '../csv.ts';
import { AlarmFigures, PeriodQuery, RowsQuery, RowsReply, type FigureRow } from './contract.ts';
import { Columns, type Ask } from './columns.ts';
import { attendedOf, figuresOf, NOTHING } from './figures.ts';
import { periodOf, shiftStarts } from './period.ts';
import { figurePage, figureRows } from './rows.ts';
import { FIGURES_LIMITS, FIGURES_RULE } from './rule.ts';
import { dataSince, type Asked, type Causes } from './store.ts';
import type { Span } from './sums.ts';

/** Who answers for the alarm system, works with it, or supervises those who do. */
const READS: readonly Role[] = ['admin', 'operator', 'inspector', 'supervisor', 'manager', 'committee'];
const tags = ['figures'];

interface Question {
  readonly asked: Asked;
  readonly people: readonly Span[];
  /** The rest of what the screen is told of the period. */
  readonly view: Pick<AlarmFigures, 'period' | 'rule'>;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The site's own list before the one that the hub comes with: what was recorded by an older one keeps its name. */
async function causesOf(tx: Tx, community: string): Promise<Causes> {
  const { causes } = (await ruleInForce(tx, community, FALSE_CAUSES)).value;
  return new Map([...FALSE_CAUSES.value.causes, ...causes].map(({ id, zh, en }) => [id, { zh, en }]));
}

/** Looks after the last change of any alarm was taken over. Refuses `unavailable` while too many wait for that. */
async function current<T>(entry: Entry, community: string, work: (tx: Tx) => Promise<Result<T>>): Promise<T> {
  const isCurrent = await catchUpFacts(entry.db, community);
  return entry.read(async (tx) => (isCurrent ? work(tx) : refuse('unavailable', 'alarms are still being counted')));
}

type Counting = (ask: Ask, tx: Tx) => Promise<Result<AlarmFigures>>;
interface Counter {
  /** Counts what is there now. Refuses `unavailable` while alarms are still being taken over, or too many ask. */
  count(community: string, work: Counting): Promise<AlarmFigures>;
  close(): Promise<void>;
}

/** Each community's columns, made when somebody asks first. */
function counterOf(entry: Entry): Counter {
  const known = new Map<string, Columns>();
  return {
    count: async (community, work) => {
      const columns = known.get(community) ?? new Columns(community);
      known.set(community, columns);
      if (columns.isCrowded) return entry.read(async () => refuse('unavailable', 'too many are counting'));
      await current(entry, community, async () => ok(null));
      return columns.asking(entry.db, (ask) => entry.read((tx) => work(ask, tx)));
    },
    close: async () => {
      for (const columns of known.values()) await columns.close();
    },
  };
}

async function questionOf(
  tx: Tx,
  community: string,
  query: Static<typeof PeriodQuery>,
  now: number,
): Promise<Result<Question>> {
  const of = await communityOf(tx, community);
  if (!of) return refuse('not-found');
  const rule = await ruleInForce(tx, community, FIGURES_RULE);
  const found = periodOf(query, of.timeZone, rule.value.shiftHours);
  if (!found.ok) return found;
  const { from, to } = found.value;
  const dataFrom = await dataSince(tx, community);
  const asOf = Math.min(to, now);
  const span = { from: Math.max(from, dataFrom ?? asOf), asOf };
  const { people, spans } = await attendedOf(tx, community, { from: span.from, to: asOf });
  return ok({
    asked: {
      community,
      ...span,
      zone: of.timeZone,
      rule: rule.value,
      attended: spans,
      causes: await causesOf(tx, community),
    },
    people,
    view: {
      period: {
        from: iso(from),
        to: iso(to),
        asOf: iso(asOf),
        timeZone: of.timeZone,
        running: now < to,
        dataFrom: dataFrom === null ? null : iso(dataFrom),
        startsBeforeData: dataFrom === null || from < dataFrom,
        noData: span.from >= asOf,
        shifts: shiftStarts(rule.value.shiftHours),
      },
      rule: { version: rule.version, source: FIGURES_RULE.source, value: rule.value },
    },
  });
}

const COLUMNS = [
  ['id', (r) => r.id],
  ['received_at', (r) => r.receivedAt],
  ['raised_at', (r) => r.raisedAt],
  ['class', (r) => r.class],
  ['device', (r) => r.device],
  ['device_name', (r) => r.deviceName.zh],
  ['kind', (r) => r.deviceKind],
  ['point', (r) => r.point],
  ['point_name', (r) => r.pointName.zh],
  ['signal', (r) => r.signal],
  ['text', (r) => r.text.zh],
  ['building', (r) => r.building],
  ['floor', (r) => r.floor],
  ['shift', (r) => r.shift],
  ['state', (r) => r.state],
  ['acked_at', (r) => r.ackedAt],
  ['ack_ms', (r) => r.ackMs],
  ['verdict', (r) => r.verdict],
  ['verdict_at', (r) => r.verdictAt],
  ['verdict_ms', (r) => r.verdictMs],
  ['cause', (r) => r.cause],
  ['cause_name', (r) => r.causeName?.zh ?? null],
  ['note', (r) => r.note],
  ['ended_at', (r) => r.endedAt],
  ['recurrences', (r) => r.recurrences],
  ['mode', (r) => r.mode],
] as const satisfies readonly (readonly [string, (row: FigureRow) => string | number | null])[];

/** The rows of a figure as a file; one row more than the limit says that there are more. */
function fileOf(rows: readonly FigureRow[]): Result<string> {
  if (rows.length > FIGURES_LIMITS.fileRowsMax) return refuse('out-of-range', `rows > ${FIGURES_LIMITS.fileRowsMax}`);
  return ok(
    csvOf(
      COLUMNS.map(([name]) => name),
      rows.map((row) => COLUMNS.map(([, value]) => value(row))),
    ),
  );
}

export function figureRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  const config = { policy: { allow: READS } };
  return async (app) => {
    const counter = counterOf(entry);
    app.addHook('onClose', () => counter.close());
    app.get(
      '/api/figures/alarms',
      {
        config,
        schema: {
          tags,
          summary: 'Figures of the alarm system for a period',
          querystring: PeriodQuery,
          response: { 200: AlarmFigures },
        },
      },
      (request) =>
        counter.count(entry.user(request).community, async (ask, tx) => {
          const now = entry.clock.now();
          const question = await questionOf(tx, entry.user(request).community, request.query, now);
          if (!question.ok) return question;
          const { asked, people, view } = question.value;
          const sums = view.period.noData ? NOTHING : await figuresOf(ask, tx, asked, people, view.period.running);
          return ok({ ...view, ...sums });
        }),
    );
    app.get(
      '/api/figures/alarms/rows',
      {
        config,
        schema: { tags, summary: 'The alarms behind a figure', querystring: RowsQuery, response: { 200: RowsReply } },
      },
      (request) =>
        current(entry, entry.user(request).community, async (tx) => {
          const question = await questionOf(tx, entry.user(request).community, request.query, entry.clock.now());
          return question.ok ? ok(await figurePage(tx, question.value.asked, request.query)) : question;
        }),
    );
    app.get(
      '/api/figures/alarms/rows.csv',
      {
        config,
        schema: { tags, summary: 'The same as a file', querystring: RowsQuery, response: { 200: Type.String() } },
      },
      async (request, reply) => {
        const { cursor: _cursor, ...query } = request.query;
        const text = await current(entry, entry.user(request).community, async (tx) => {
          const question = await questionOf(tx, entry.user(request).community, query, entry.clock.now());
          if (!question.ok) return question;
          return fileOf(await figureRows(tx, question.value.asked, query, FIGURES_LIMITS.fileRowsMax + 1));
        });
        return reply
          .header('content-type', 'text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="alarms-${query.figure}.csv"`)
          .send(text);
      },
    );
  };
}
