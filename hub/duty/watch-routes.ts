// What the desk does and is asked: taking over, entries, roll calls, and the log of it all.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { CONTROL_ROOM, countsSince } from '../alarms/api.ts';
import type { Entry } from '../http/entry.ts';
import { ok, refuse } from '../errors.ts';
import { relieve, takeOver } from './attendance.ts';
import { presentIn } from './attendance-store.ts';
import { DutyRecord, EntryDraft, NewEntry, RECORD_KINDS, RelieveBody, RollCallView } from './contract.ts';
import { writeEntry } from './entries.ts';
import { DUTY_LIMITS } from './norms.ts';
import { recordView } from './record.ts';
import { findRecord, lastRecord, listRecords } from './record-store.ts';
import { answerCall, askRollCall, rollCallView } from './roll-calls.ts';
import { PLANS, READS } from './routes.ts';

const tags = ['duty'];
const desk = { policy: { allow: CONTROL_ROOM } };
const plans = { policy: { allow: PLANS } };
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
const Done = Type.Object({ id: Type.String() });
const Time = Type.Optional(Type.String({ format: 'date-time' }));
const DAY = 86_400_000;

export function watchRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post('/api/duty/take-over', { config: desk, schema: { tags, response: { 200: Done } } }, (request) =>
      entry.command(request, async (c) => {
        const taken = await takeOver(c);
        return taken.ok ? ok({ id: taken.value.id }) : taken;
      }),
    );
    app.post(
      '/api/duty/attendance/:id/relieve',
      { config: plans, schema: { tags, params: Id, body: RelieveBody, response: { 200: Done } } },
      (request) =>
        entry.command(request, (c) =>
          relieve(c, entry.user(request).community, request.params.id, request.body.reason.trim()),
        ),
    );
    await app.register(entryRoutes(entry));
    await app.register(rollCallRoutes(entry));
    await app.register(recordRoutes(entry));
  };
}

function entryRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/duty/entries/draft', { config: desk, schema: { tags, response: { 200: EntryDraft } } }, (request) =>
      entry.read(async (tx) => {
        const { community } = entry.user(request);
        const last = await lastRecord(tx, community, 'entry');
        const began = (await presentIn(tx, community))[0]?.takenAt;
        const since = Math.max(last?.at ?? began ?? 0, entry.clock.now() - DAY);
        const { raised, falseOnes } = await countsSince(tx, community, since);
        return ok({
          since: new Date(since).toISOString(),
          counts: {
            fire: raised.FIRE ?? 0,
            false: falseOnes,
            fault: (raised.FAULT ?? 0) + (raised.COMMS ?? 0),
            supervisory: raised.SUPERVISORY ?? 0,
            missed: 0,
            disabled: raised.DISABLED ?? 0,
          },
        });
      }),
    );
    app.post(
      '/api/duty/entries',
      { config: desk, schema: { tags, body: NewEntry, response: { 200: DutyRecord } } },
      (request) => entry.command(request, (c) => writeEntry(c, request.body)),
    );
  };
}

function rollCallRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post('/api/duty/roll-calls', { config: plans, schema: { tags, response: { 200: RollCallView } } }, (request) =>
      entry.command(request, async (c) => {
        const asked = await askRollCall(c, entry.user(request).community, 'supervisor');
        return asked.ok ? ok(rollCallView(asked.value)) : asked;
      }),
    );
    app.post(
      '/api/duty/roll-calls/:id/answer',
      { config: desk, schema: { tags, params: Id, response: { 200: Done } } },
      (request) => entry.command(request, (c) => answerCall(c, request.params.id)),
    );
  };
}

function recordRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  const reads = { policy: { allow: READS }, reading: 'duty-log' as const };
  return async (app) => {
    app.get(
      '/api/duty/records',
      {
        config: reads,
        schema: {
          tags,
          querystring: Type.Object({
            from: Time,
            to: Time,
            person: Type.Optional(Type.String({ maxLength: 64 })),
            shift: Type.Optional(Type.String({ maxLength: 64 })),
            kind: Type.Optional(Type.Enum([...RECORD_KINDS])),
            cursor: Type.Optional(Type.String({ maxLength: 64 })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: DUTY_LIMITS.pageMax })),
          }),
          response: {
            200: Type.Object({ items: Type.Array(DutyRecord), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { from, to, person, shift, kind, cursor, limit } = request.query;
          const filter = {
            community: entry.user(request).community,
            from: from === undefined ? undefined : Date.parse(from),
            to: to === undefined ? undefined : Date.parse(to),
            person,
            shift,
            kinds: kind === undefined ? undefined : [kind],
          };
          const page = await listRecords(tx, filter, cursor, limit ?? DUTY_LIMITS.pageDefault);
          return page ? ok({ items: page.items.map(recordView), next: page.next }) : refuse('bad-request', 'cursor');
        }),
    );
    app.get(
      '/api/duty/records/:id',
      { config: reads, schema: { tags, params: Id, response: { 200: DutyRecord } } },
      (request) =>
        entry.read(async (tx) => {
          const record = await findRecord(tx, entry.user(request).community, request.params.id);
          return record ? ok(recordView(record)) : refuse('not-found', request.params.id);
        }),
    );
  };
}
