// What readers from outside looked at and took along, for whoever answers for the site: who, when, what, by which words.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Tx } from '../db/tx.ts';
import type { Clock } from '../clock.ts';
import type { Db } from '../db/tx.ts';
import { ok } from '../errors.ts';
import type { EffectRunner } from '../http/command.ts';
import type { Entry } from '../http/entry.ts';
import type { KeepReading } from '../http/guard.ts';
import { RefusalError } from '../http/problem.ts';
import { LOOK_LIMITS, readingEffect } from '../http/reading.ts';
import { ReadingPage, type ReadingView } from './contract.ts';

const READING_LIMITS = { pageMax: 200, pageDefault: 50 } as const;

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly person: string;
  readonly name: string | null;
  readonly access_until: string | null;
  readonly reading: string | null;
  readonly asked: Readonly<Record<string, string>> | null;
}

const viewOf = (row: Row): ReadingView => ({
  id: row.id,
  at: row.at.toISOString(),
  person: row.person,
  name: row.name ?? '',
  ...(row.access_until === null ? {} : { accessUntil: row.access_until }),
  taken: row.action === 'reading.exported',
  // Erased with the person's other traces: that something was looked at stays, what it was does not.
  reading: row.reading ?? '',
  asked: Object.entries(row.asked ?? {}).map(([key, value]) => ({ key, value })),
});

/** Newest first. */
const listReadings = (
  tx: Tx,
  q: { readonly community: string; readonly person: string | undefined; readonly before: string | undefined },
  limit: number,
): Promise<Row[]> =>
  tx.query<Row>(
    `select e.id, e.at, e.action, e.entity_id as person, p.name, p.access_until::text,
       c.content::json -> 'after' ->> 'reading' as reading, c.content::json -> 'after' -> 'asked' as asked
     from audit.entry e left join audit.content c on c.entry = e.id left join staff.person p on p.id = e.entity_id
     where e.community = $1 and e.entity = 'reading' and ($2::text is null or e.entity_id = $2)
       and ($3::bigint is null or e.id < $3)
     order by e.id desc limit $4`,
    [q.community, q.person ?? null, q.before ?? null, limit],
  );

/** Looks of a person since a moment (ms wall), counted up to `max`. */
async function countLooks(tx: Tx, person: string, since: number, max: number): Promise<number> {
  const { n } = await tx.one<{ n: number }>(
    `select count(*)::integer as n from (select 1 from audit.entry
       where entity = 'reading' and entity_id = $1 and at > to_timestamp($2::float8 / 1000) limit $3) looks`,
    [person, since, max],
  );
  return n;
}

/** Writes each look as an audit entry. Refuses `too-many-looks` beyond `max` in a day. */
export const keepReadings =
  (
    parts: { readonly db: Db; readonly clock: Clock; readonly runEffects: EffectRunner },
    max: number = LOOK_LIMITS.perDayMax,
  ): KeepReading =>
  (who, reading, asked) =>
    parts.db.transaction(async (tx) => {
      const now = parts.clock.now();
      if ((await countLooks(tx, who.id, now - LOOK_LIMITS.windowMs, max)) >= max)
        throw new RefusalError('too-many-looks');
      await parts.runEffects(tx, [readingEffect(who, reading, asked)], { now, actor: { kind: 'user', ...who } });
    });

export function readingRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/readings',
      {
        config: { policy: { allow: ['admin', 'manager'] } },
        schema: {
          tags: ['audit'],
          querystring: Type.Object(
            {
              person: Type.Optional(Type.String({ maxLength: 64 })),
              cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: READING_LIMITS.pageMax })),
            },
            { additionalProperties: false },
          ),
          response: { 200: ReadingPage },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { person, cursor, limit = READING_LIMITS.pageDefault } = request.query;
          const { community } = entry.user(request);
          const rows = await listReadings(tx, { community, person, before: cursor }, limit + 1);
          const page = rows.slice(0, limit);
          return ok({ items: page.map(viewOf), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null });
        }),
    );
  };
}
