// Trainings and publicity over HTTP: /api/trainings, /api/publicity.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry, SignedIn } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { ruleInForce } from '../rules/api.ts';
import {
  AttendTraining,
  AUDIENCES,
  ChangeTraining,
  EndTraining,
  NewHousehold,
  NewPublicity,
  NewResult,
  NewTraining,
  PublicityPage,
  PublicityView,
  TRAINING_STATES,
  TrainingDue,
  TrainingPage,
  TrainingView,
  WithdrawPublicity,
} from './contract.ts';
import { LEADS } from './machine.ts';
import { FIRE_SAFETY_LIMITS, TRAINING_RULE } from './norms.ts';
import { listPublicity } from './publicity-store.ts';
import { enterPublicity, publicityView, withdrawPublicity } from './publicity.ts';
import { findTraining, listTrainings, type After } from './training-store.ts';
import { trainingDue, trainingSummary, trainingView } from './training-view.ts';
import { attendTraining, changeTraining, countHousehold, endTraining, enterResult, planTraining } from './training.ts';

const tags = ['fire-safety'];
const READS: readonly Role[] = [...STAFF, 'committee', 'authority'];
const LEADING: readonly Role[] = ['supervisor', 'manager', 'admin'];
const AT_DOOR: readonly Role[] = [...LEADING, 'frontdesk', 'steward'];
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
const CURSOR = '^[0-9]{1,15}~[0-9]{1,18}$';
const Page = {
  cursor: Type.Optional(Type.String({ pattern: CURSOR })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: FIRE_SAFETY_LIMITS.listMax })),
};
const ListQuery = Type.Object({
  state: Type.Optional(Type.Enum([...TRAINING_STATES])),
  audience: Type.Optional(Type.Enum([...AUDIENCES])),
  from: Type.Optional(Type.String({ format: 'date-time' })),
  to: Type.Optional(Type.String({ format: 'date-time' })),
  ...Page,
});

function afterOf(cursor: string | undefined): After | undefined {
  const [at, n] = cursor?.split('~') ?? [];
  return at === undefined || n === undefined ? undefined : { at: Number(at), n };
}
/** The rows of a page, and where the next one goes on. */
function paged<T extends { readonly n: string }>(
  rows: readonly T[],
  limit: number,
  at: (row: T) => Date,
): { readonly rows: readonly T[]; readonly next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? `${at(last).getTime()}~${last.n}` : null };
}

async function viewOf(tx: Tx, who: SignedIn, id: string, now: number): Promise<Result<TrainingView>> {
  const training = await findTraining(tx, who.community, id);
  return training ? ok(await trainingView(tx, training, who, now)) : refuse('not-found', id);
}

const ms = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));

export function trainingRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/trainings',
      {
        config: { policy: { allow: READS }, reading: 'trainings' },
        schema: { tags, querystring: ListQuery, response: { 200: TrainingPage } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community, role } = entry.user(request);
          const { state, audience, from, to, cursor, limit = FIRE_SAFETY_LIMITS.listDefault } = request.query;
          const wanted = { community, state, audience, from: ms(from), to: ms(to), after: afterOf(cursor) };
          const { rows, next } = paged(await listTrainings(tx, { ...wanted, limit: limit + 1 }), limit, (t) => t.at);
          const { passScore } = (await ruleInForce(tx, community, TRAINING_RULE)).value;
          return ok({ items: rows.map(trainingSummary), next, mayPlan: LEADS.includes(role), passScore });
        }),
    );
    app.get(
      '/api/trainings/due',
      { config: { policy: { allow: READS }, reading: 'trainings' }, schema: { tags, response: { 200: TrainingDue } } },
      (request) =>
        entry.read(async (tx) => {
          const who = entry.user(request);
          const rule = (await ruleInForce(tx, who.community, TRAINING_RULE)).value;
          return ok(await trainingDue(tx, rule, who, entry.clock.now()));
        }),
    );
    app.get(
      '/api/trainings/:id',
      {
        config: { policy: { allow: READS }, reading: 'trainings' },
        schema: { tags, params: Id, response: { 200: TrainingView } },
      },
      (request) => entry.read((tx) => viewOf(tx, entry.user(request), request.params.id, entry.clock.now())),
    );
    await app.register(actRoutes(entry));
    await app.register(publicityRoutes(entry));
  };
}

function actRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  type Request = Parameters<Entry['user']>[0] & Parameters<Entry['command']>[0];
  const does = (request: Request, work: (c: CommandContext) => Promise<Result<{ id: string }>>) =>
    entry.command(request, async (c) => {
      const done = await work(c);
      return done.ok ? viewOf(c.tx, entry.user(request), done.value.id, c.now) : done;
    });
  const response = { 200: TrainingView };
  const leading = { policy: { allow: LEADING } };
  return async (app) => {
    app.post('/api/trainings', { config: leading, schema: { tags, body: NewTraining, response } }, (request) =>
      does(request, (c) => planTraining(c, request.body)),
    );
    app.post(
      '/api/trainings/:id/change',
      { config: leading, schema: { tags, params: Id, body: ChangeTraining, response } },
      (request) => does(request, (c) => changeTraining(c, request.params.id, request.body)),
    );
    app.post(
      '/api/trainings/:id/attend',
      { config: { policy: { allow: STAFF } }, schema: { tags, params: Id, body: AttendTraining, response } },
      (request) => does(request, (c) => attendTraining(c, request.params.id, request.body.person)),
    );
    app.post(
      '/api/trainings/:id/households',
      { config: { policy: { allow: AT_DOOR } }, schema: { tags, params: Id, body: NewHousehold, response } },
      (request) => does(request, (c) => countHousehold(c, request.params.id, request.body)),
    );
    app.post(
      '/api/trainings/:id/results',
      { config: leading, schema: { tags, params: Id, body: NewResult, response } },
      (request) => does(request, (c) => enterResult(c, request.params.id, request.body)),
    );
    for (const act of ['hold', 'cancel'] as const)
      app.post(
        `/api/trainings/:id/${act}`,
        { config: leading, schema: { tags, params: Id, body: EndTraining, response } },
        (request) => does(request, (c) => endTraining(c, request.params.id, act, request.body)),
      );
  };
}

function publicityRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  const leading = { policy: { allow: LEADING } };
  return async (app) => {
    app.get(
      '/api/publicity',
      {
        config: { policy: { allow: READS }, reading: 'publicity' },
        schema: { tags, querystring: Type.Object(Page), response: { 200: PublicityPage } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community, role } = entry.user(request);
          const { cursor, limit = FIRE_SAFETY_LIMITS.listDefault } = request.query;
          const found = await listPublicity(tx, community, afterOf(cursor), limit + 1);
          const { rows, next } = paged(found, limit, (p) => p.from_at);
          return ok({ items: rows.map(publicityView), next, mayEnter: LEADS.includes(role) });
        }),
    );
    app.post(
      '/api/publicity',
      { config: leading, schema: { tags, body: NewPublicity, response: { 200: PublicityView } } },
      (request) => entry.command(request, (c) => enterPublicity(c, request.body)),
    );
    app.post(
      '/api/publicity/:id/withdraw',
      { config: leading, schema: { tags, params: Id, body: WithdrawPublicity, response: { 200: PublicityView } } },
      (request) => entry.command(request, (c) => withdrawPublicity(c, request.params.id, request.body.reason)),
    );
  };
}
