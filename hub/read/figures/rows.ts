// The alarms behind a figure: pages for the screen, a file for a spreadsheet.
import type { Tx } from '../../db/tx.ts';
import type { FigureRow, RowsQuery, RowsReply } from './contract.ts';
import { FIGURES_LIMITS } from './rule.ts';
import { CAUSE, CHATTER, NARROWED, named, ROWS, SHIFT } from './sql.ts';
import { paramsOf, type Asked, type Causes, type DbFigureRow } from './store.ts';

const COLUMNS = `a.id, a.received_at as "receivedAt", a.raised_at as "raisedAt", a.class, a.device,
  r.device_name as "deviceName", a.device_kind as "deviceKind", a.point, r.point_name as "pointName", a.signal, r.text,
  a.building, r.floor, a.state, a.acked_at as "ackedAt", a.verdict, a.verdict_at as "verdictAt",
  case when a.verdict = 'false' then ${CAUSE} end as cause, r.verdict ->> 'note' as note, a.ended_at as "endedAt",
  a.recurrences, ${SHIFT} as shift, a.raised_mode as mode`;

const condition = (query: RowsQuery): string => `${ROWS[query.figure]} and ${NARROWED}`;
const withOf = (query: RowsQuery): string => (query.figure === 'chattering' ? `with ${CHATTER}` : '');

const narrowing = (query: RowsQuery): Record<string, unknown> => ({
  figure: query.figure,
  class: query.class ?? null,
  ofShift: query.ofShift ?? null,
  device: query.device ?? null,
  point: query.point ?? null,
  signal: query.signal ?? null,
  kind: query.kind ?? null,
  building: query.building ?? null,
  cause: query.cause ?? null,
  since: query.since ?? null,
  until: query.until ?? null,
  age: query.age ?? null,
});

const after = (a: Date | null, from: Date): number | null => (a === null ? null : a.getTime() - from.getTime());

function rowOf(row: DbFigureRow, causes: Causes): FigureRow {
  return {
    ...row,
    receivedAt: row.receivedAt.toISOString(),
    raisedAt: row.raisedAt.toISOString(),
    ackedAt: row.ackedAt?.toISOString() ?? null,
    ackMs: after(row.ackedAt, row.receivedAt),
    verdictAt: row.verdictAt?.toISOString() ?? null,
    verdictMs: after(row.verdictAt, row.receivedAt),
    causeName: row.cause === null ? null : (causes.get(row.cause) ?? null),
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}

/** Rows after a key, in the order in which the hub received them. */
export async function figureRows(tx: Tx, asked: Asked, query: RowsQuery, limit: number): Promise<FigureRow[]> {
  const [at = null, id = null] = query.cursor?.split('|', 2) ?? [];
  const { sql, params } = named(
    `${withOf(query)} select ${COLUMNS} from alarms.fact a join alarms.alarm r on r.id = a.id where ${condition(query)}
       ${at === null ? '' : 'and (a.received_at, a.id) > (@afterAt::timestamptz, @afterId::uuid)'}
     order by a.received_at, a.id limit @limit::integer`,
    { ...paramsOf(asked), ...narrowing(query), afterAt: at, afterId: id, limit },
  );
  return (await tx.query<DbFigureRow>(sql, params)).map((row) => rowOf(row, asked.causes));
}

export async function figurePage(tx: Tx, asked: Asked, query: RowsQuery): Promise<RowsReply> {
  const limit = query.limit ?? FIGURES_LIMITS.page;
  const rows = await figureRows(tx, asked, query, limit + 1);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const { sql, params } = named(
    `${withOf(query)} select count(*)::integer as count from alarms.fact a where ${condition(query)}`,
    { ...paramsOf(asked), ...narrowing(query) },
  );
  const { count } = await tx.one<{ count: number }>(sql, params);
  return { items, next: rows.length > limit && last ? `${last.receivedAt}|${last.id}` : null, count };
}
