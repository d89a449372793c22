// Trends over HTTP: points to choose from, several points over one stretch of time, and the same as a file.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { DEVICE_KINDS } from '../../../device-profiles/contract/kinds.ts';
import { SEES_ALARMS } from '../../alarms/api.ts';
import { ok, refuse, type Result } from '../../errors.ts';
import { orRefuse, toBucketsReply, type Buckets, type History } from '../../history/api.ts';
import type { Entry } from '../../http/entry.ts';
import { RefusalError, valueOf } from '../../http/problem.ts';
import { communityOf } from '../../property/api.ts';
import { PointsQuery, PointsReply, TrendQuery, TrendReply, type TrendPoint } from './contract.ts';
import { trendFile } from './file.ts';
import { TREND_LIMITS } from './limits.ts';
import { alarmsWithin, pointsByName, searchPoints } from './store.ts';

const tags = ['trends'];
const config = { policy: { allow: SEES_ALARMS } };

export interface TrendParts {
  readonly entry: Entry;
  readonly history: History;
}

interface Asked {
  readonly points: readonly { readonly device: string; readonly point: string }[];
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

const isKind = (kind: string): boolean => DEVICE_KINDS.some((k) => k === kind);
const nameOf = ({ device, point }: { readonly device: string; readonly point: string }): string => `${device}~${point}`;

/** The question, each point once; a refusal names what is wrong with it. */
export function askedOf({ points, from, to, buckets = TREND_LIMITS.buckets }: TrendQuery): Result<Asked> {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  if (!(begin < end)) return refuse('bad-request', 'from, to');
  if (end - begin > TREND_LIMITS.spanMaxMs) return refuse('out-of-range', 'to');
  const wanted = new Map<string, Asked['points'][number]>();
  for (const part of points.split(',')) {
    const [, device, point] = /^([^~]+)~([^~]+)$/.exec(part) ?? [];
    if (device === undefined || point === undefined) return refuse('bad-request', `points: ${part}`);
    wanted.set(part, { device, point });
  }
  if (wanted.size > TREND_LIMITS.pointsMax) return refuse('out-of-range', `points > ${TREND_LIMITS.pointsMax}`);
  return ok({ points: [...wanted.values()], from: begin, to: end, buckets });
}

/** Each point's stretches, in the order of the points. @throws RefusalError where history refuses or does not answer */
const bucketsOf = (
  history: History,
  community: string,
  points: readonly TrendPoint[],
  { from, to, buckets }: Asked,
): Promise<Buckets[]> =>
  orRefuse(
    Promise.all(
      points.flatMap(({ device, point, kind: of }) => {
        const kind = DEVICE_KINDS.find((k) => k === of);
        return kind ? [history.buckets({ community, kind, device, point }, { from, to }, buckets)] : [];
      }),
    ),
  );

async function trendOf({ entry, history }: TrendParts, community: string, query: TrendQuery): Promise<TrendReply> {
  const asked = valueOf(askedOf(query));
  const { found, alarms, timeZone } = await entry.read(async (tx) => {
    const of = await communityOf(tx, community);
    if (!of) return refuse('not-found');
    const rows = await pointsByName(tx, community, asked.points);
    const devices = [...new Set(rows.map((r) => r.device))];
    return ok({
      found: rows,
      alarms: await alarmsWithin(tx, community, devices, asked, TREND_LIMITS.marksMax + 1),
      timeZone: of.timeZone,
    });
  });
  // A kind that this software no longer knows has no history that it could ask for.
  const byName = new Map(found.filter((p) => isKind(p.kind)).map((p) => [nameOf(p), p]));
  const points = asked.points.flatMap((p) => byName.get(nameOf(p)) ?? []);
  if (points.length === 0) throw new RefusalError('not-found', 'points');
  // Outside the transaction: history may take its time.
  const recorded = (await bucketsOf(history, community, points, asked)).map(toBucketsReply);
  const [{ from, to, widthMs } = { from: query.from, to: query.to, widthMs: 1 }] = recorded;
  return {
    timeZone,
    asOf: new Date(entry.clock.now()).toISOString(),
    from,
    to,
    widthMs,
    lines: points.map((p, i) => ({ ...p, buckets: recorded[i]?.buckets ?? [] })),
    missing: asked.points.map(nameOf).filter((name) => !byName.has(name)),
    alarms: { items: alarms.slice(0, TREND_LIMITS.marksMax), more: alarms.length > TREND_LIMITS.marksMax },
  };
}

export function trendRoutes(parts: TrendParts): FastifyPluginAsyncTypebox {
  const { entry } = parts;
  return async (app) => {
    app.get(
      '/api/trends/points',
      {
        config,
        schema: { tags, summary: 'Points that can be drawn', querystring: PointsQuery, response: { 200: PointsReply } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { q = '', device = null, kind = null, limit = TREND_LIMITS.found } = request.query;
          const words = q.split(/\s+/).filter((word) => word !== '');
          const search = { words: words.slice(0, TREND_LIMITS.wordsMax), device, kind };
          const rows = await searchPoints(tx, entry.user(request).community, search, limit + 1);
          return ok({ items: rows.slice(0, limit), more: rows.length > limit });
        }),
    );
    app.get(
      '/api/trends',
      {
        config,
        schema: { tags, summary: 'Several points over time', querystring: TrendQuery, response: { 200: TrendReply } },
      },
      (request) => trendOf(parts, entry.user(request).community, request.query),
    );
    app.get(
      '/api/trends/rows.csv',
      {
        config,
        schema: { tags, summary: 'The same as a file', querystring: TrendQuery, response: { 200: Type.String() } },
      },
      async (request, reply) => {
        const trend = await trendOf(parts, entry.user(request).community, request.query);
        return reply
          .header('content-type', 'text/csv; charset=utf-8')
          .header('content-disposition', 'attachment; filename="trends.csv"')
          .send(trendFile(trend, Date.parse(trend.asOf)));
      },
    );
  };
}
