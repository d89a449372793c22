// Routes of alarms and modes. What shows alarms is open to everyone who works here; acts are not.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { ok, refuse, type Result } from '../errors.ts';
import type { Tx } from '../db/tx.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry, SignedIn } from '../http/entry.ts';
import {
  acknowledge,
  acknowledgeMany,
  closeAlarm,
  giveVerdict,
  setService,
  shelve,
  unshelve,
  type AlarmPorts,
} from './commands.ts';
import {
  AckBody,
  AckManyAnswer,
  AckManyBody,
  AlarmActView,
  AlarmView,
  CloseBody,
  ModeBody,
  ModeView,
  ServiceBody,
  ShelveBody,
  VerdictBody,
} from './contract.ts';
import { AlarmPage, AlarmQuery, journalOf, listAlarms, UUID } from './lists.ts';
import { modeView, startMode, stopMode, supervisesFire } from './modes.ts';
import { ANSWERABLE, CONTROL_ROOM, FIELD, ON_SITE, SEES_ALARMS } from './roles.ts';
import { viewOf } from './row.ts';
import { findAlarm, listModes } from './store.ts';

const MODES_MAX = 200;

export interface AlarmRouteParts {
  readonly entry: Entry;
  readonly ports: AlarmPorts;
  /** On a valid shift with a valid certificate at that moment (ms wall). */
  readonly qualified: (tx: Tx, user: SignedIn, at: number) => Promise<boolean>;
}

const Id = Type.Object({ id: Type.String({ pattern: UUID.source }) });
const tags = ['alarms'];

export function alarmRoutes(parts: AlarmRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(readRoutes(parts));
    await app.register(actRoutes(parts));
    await app.register(hideRoutes(parts));
    await app.register(modeRoutes(parts));
  };
}

function readRoutes({ entry }: AlarmRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/alarms',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: { tags, querystring: AlarmQuery, response: { 200: AlarmPage } },
      },
      (request) => entry.read((tx) => listAlarms(tx, entry.user(request).community, request.query)),
    );
    app.get(
      '/api/alarms/:id',
      { config: { policy: { allow: SEES_ALARMS } }, schema: { tags, params: Id, response: { 200: AlarmView } } },
      (request) =>
        entry.read(async (tx) => {
          const found = await findAlarm(tx, entry.user(request).community, request.params.id);
          return found ? ok(viewOf(found.row, found.workOrder)) : refuse('not-found');
        }),
    );
    app.get(
      '/api/alarms/:id/acts',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: {
          tags,
          params: Id,
          response: { 200: Type.Object({ items: Type.Array(AlarmActView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const items = await journalOf(tx, entry.user(request).community, request.params.id);
          return items.length > 0 ? ok({ items, next: null }) : refuse('not-found');
        }),
    );
  };
}

/** An act of the control room: refused to whoever is not qualified at that moment, as acknowledging is. */
function qualifiedAct<T>(
  { entry, qualified }: AlarmRouteParts,
  request: FastifyRequest,
  act: (c: CommandContext) => Promise<Result<T>>,
): Promise<T> {
  return entry.command(request, async (c) =>
    (await qualified(c.tx, entry.user(request), c.now)) ? act(c) : refuse('not-qualified'),
  );
}

/** Says what an alarm was: who is on site as they see it; from the control room only as every act there. */
function onSite<T>(
  parts: AlarmRouteParts,
  request: FastifyRequest,
  act: (c: CommandContext) => Promise<Result<T>>,
): Promise<T> {
  const { entry } = parts;
  return FIELD.includes(entry.user(request).role) ? entry.command(request, act) : modeAct(parts, request, act);
}

/** Begins or ends a mode: as every act of the control room, and a certified fire supervisor may off shift too. */
function modeAct<T>(
  { entry, qualified }: AlarmRouteParts,
  request: FastifyRequest,
  act: (c: CommandContext) => Promise<Result<T>>,
): Promise<T> {
  return entry.command(request, async (c) => {
    const user = entry.user(request);
    const may = (await qualified(c.tx, user, c.now)) || (await supervisesFire(c.tx, user, c.now));
    return may ? act(c) : refuse('not-qualified');
  });
}

function actRoutes(parts: AlarmRouteParts): FastifyPluginAsyncTypebox {
  const { entry, ports, qualified } = parts;
  return async (app) => {
    app.post(
      '/api/alarms/:id/ack',
      {
        config: { policy: { allow: CONTROL_ROOM } },
        schema: { tags, params: Id, body: Type.Union([AckBody, Type.Null()]), response: { 200: AlarmView } },
      },
      (request) =>
        entry.command(request, async (c) => {
          const may = await qualified(c.tx, entry.user(request), c.now);
          return acknowledge(c, ports, { id: request.params.id, note: request.body?.note, qualified: may });
        }),
    );
    app.post(
      '/api/alarms/ack',
      {
        config: { policy: { allow: CONTROL_ROOM } },
        schema: { tags, body: AckManyBody, response: { 200: AckManyAnswer } },
      },
      (request) =>
        entry.command(request, async (c) => {
          const may = await qualified(c.tx, entry.user(request), c.now);
          return acknowledgeMany(c, ports, { body: request.body, qualified: may });
        }),
    );
    app.post(
      '/api/alarms/:id/verdict',
      {
        config: { policy: { allow: ON_SITE } },
        schema: { tags, params: Id, body: VerdictBody, response: { 200: AlarmView } },
      },
      (request) => onSite(parts, request, (c) => giveVerdict(c, ports, request.params.id, request.body)),
    );
    app.post(
      '/api/alarms/:id/close',
      {
        config: { policy: { allow: CONTROL_ROOM } },
        schema: { tags, params: Id, body: CloseBody, response: { 200: AlarmView } },
      },
      (request) => qualifiedAct(parts, request, (c) => closeAlarm(c, ports, request.params.id, request.body.note)),
    );
  };
}

/** What takes an alarm off the list for a while. */
function hideRoutes(parts: AlarmRouteParts): FastifyPluginAsyncTypebox {
  const { ports } = parts;
  return async (app) => {
    app.post(
      '/api/alarms/:id/shelve',
      {
        config: { policy: { allow: CONTROL_ROOM } },
        schema: { tags, params: Id, body: ShelveBody, response: { 200: AlarmView } },
      },
      (request) => qualifiedAct(parts, request, (c) => shelve(c, ports, request.params.id, request.body)),
    );
    app.post(
      '/api/alarms/:id/unshelve',
      { config: { policy: { allow: CONTROL_ROOM } }, schema: { tags, params: Id, response: { 200: AlarmView } } },
      (request) => qualifiedAct(parts, request, (c) => unshelve(c, ports, request.params.id)),
    );
    app.post(
      '/api/alarms/:id/service',
      {
        config: { policy: { allow: ANSWERABLE } },
        schema: { tags, params: Id, body: ServiceBody, response: { 200: AlarmView } },
      },
      (request) => qualifiedAct(parts, request, (c) => setService(c, ports, request.params.id, request.body)),
    );
  };
}

function modeRoutes(parts: AlarmRouteParts): FastifyPluginAsyncTypebox {
  const { entry, ports } = parts;
  return async (app) => {
    app.get(
      '/api/modes',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: { tags, response: { 200: Type.Object({ items: Type.Array(ModeView), next: Type.Null() }) } },
      },
      (request) =>
        entry.read(async (tx) => {
          const modes = await listModes(tx, entry.user(request).community, MODES_MAX);
          return ok({ items: modes.map(modeView), next: null });
        }),
    );
    app.post(
      '/api/modes',
      { config: { policy: { allow: CONTROL_ROOM } }, schema: { tags, body: ModeBody, response: { 200: ModeView } } },
      (request) => modeAct(parts, request, (c) => startMode(c, ports, request.body)),
    );
    app.delete(
      '/api/modes/:id',
      { config: { policy: { allow: CONTROL_ROOM } }, schema: { tags, params: Id, response: { 200: ModeView } } },
      (request) => modeAct(parts, request, (c) => stopMode(c, ports, request.params.id)),
    );
    app.post(
      '/api/modes/:id/end',
      { config: { policy: { allow: CONTROL_ROOM } }, schema: { tags, params: Id, response: { 200: ModeView } } },
      (request) => modeAct(parts, request, (c) => stopMode(c, ports, request.params.id)),
    );
  };
}
