// Fire lanes over HTTP: reported by everyone who works here, cleared by who is on site or at the desk.
import { Type, type Static, type TSchema } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { textOf } from '../messages/text.ts';
import { ruleInForce } from '../rules/api.ts';
import {
  askPatrol,
  clearBlockage,
  identifyPlate,
  importVehicles,
  logContact,
  reportBlockage,
  thankReporter,
  voidBlockage,
  type LanePorts,
} from './commands.ts';
import {
  BlockageList,
  BlockageView,
  ClearBody,
  ContactBody,
  NewBlockage,
  PlateBody,
  VehicleImport,
  VehicleImportView,
  VehicleView,
  VoidBody,
} from './contract.ts';
import { plateOf } from './machine.ts';
import { LANE_RULE } from './norms.ts';
import { countVehicles, findBlockage, listBlockages, searchVehicles } from './store.ts';
import { blockageViews } from './views.ts';

/** Who deals with a car in the way: the desk, guards, who answers for them, and who knows the owners. */
const CLEARS: readonly Role[] = ['admin', 'operator', 'guard', 'supervisor', 'manager', 'frontdesk', 'steward'];
const JUDGES: readonly Role[] = ['admin', 'operator', 'supervisor', 'manager'];
const KEEPS: readonly Role[] = ['admin', 'supervisor', 'manager', 'frontdesk'];
const tags = ['lanes'];
const clears = { policy: { allow: CLEARS } };
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });

interface Act {
  readonly path: string;
  readonly allow: readonly Role[];
  readonly body: TSchema;
  readonly run: (c: CommandContext, ports: LanePorts, id: string, body: unknown) => Promise<Result<BlockageView>>;
}
// The route has validated the body by the schema beside it.
const act = <S extends TSchema>(
  path: string,
  allow: readonly Role[],
  body: S,
  run: (c: CommandContext, ports: LanePorts, id: string, body: Static<S>) => Promise<Result<BlockageView>>,
): Act => ({ path, allow, body, run: (c, ports, id, given) => run(c, ports, id, given as Static<S>) });

const Nothing = Type.Object({}, { additionalProperties: false });
const ACTS: readonly Act[] = [
  act('plate', CLEARS, PlateBody, (c, _, id, body) => identifyPlate(c, id, body.plate)),
  act('contact', CLEARS, ContactBody, (c, _, id, body) => logContact(c, id, body)),
  act('clear', CLEARS, ClearBody, (c, _, id, body) => clearBlockage(c, id, body)),
  act('void', JUDGES, VoidBody, (c, _, id, body) => voidBlockage(c, id, body.note)),
  act('thank', CLEARS, Nothing, (c, _, id) => thankReporter(c, id)),
  act('patrol', JUDGES, Nothing, (c, ports, id) => patrol(c, ports, id)),
];

async function patrol(c: CommandContext, ports: LanePorts, id: string): Promise<Result<BlockageView>> {
  if (c.actor.kind !== 'user') return refuse('not-allowed');
  const row = await findBlockage(c.tx, c.actor.community, id);
  const args = {
    place: row?.place ?? '',
    days: (await ruleInForce(c.tx, c.actor.community, LANE_RULE)).value.repeatDays,
  };
  const [title, detail] = [textOf('lane.patrol-title', args).zh, textOf('lane.patrol-detail', args).zh];
  return askPatrol(c, ports, id, { title, detail });
}

export function laneRoutes(entry: Entry, ports: LanePorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/lanes', { config: clears, schema: { tags, response: { 200: BlockageList } } }, (request) =>
      entry.read(async (tx) => {
        const { community } = entry.user(request);
        const rule = (await ruleInForce(tx, community, LANE_RULE)).value;
        const items = await blockageViews(tx, community, await listBlockages(tx, community), rule.repeatsForPatrol);
        return ok({ items, next: null, repeatDays: rule.repeatDays, numbers: rule.numbers });
      }),
    );
    app.get(
      '/api/lanes/:id',
      { config: clears, schema: { tags, params: Id, response: { 200: BlockageView } } },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const row = await findBlockage(tx, community, request.params.id);
          const rule = (await ruleInForce(tx, community, LANE_RULE)).value;
          const [view] = row ? await blockageViews(tx, community, [row], rule.repeatsForPatrol) : [];
          return view ? ok(view) : refuse('not-found', request.params.id);
        }),
    );
    app.post(
      '/api/lanes',
      {
        config: { policy: { allow: STAFF } },
        schema: { tags, body: NewBlockage, response: { 200: BlockageView } },
      },
      (request) => entry.command(request, (c) => reportBlockage(c, request.body)),
    );
    for (const { path, allow, body, run } of ACTS)
      app.post(
        `/api/lanes/:id/${path}`,
        { config: { policy: { allow } }, schema: { tags, params: Id, body, response: { 200: BlockageView } } },
        (request) => entry.command(request, (c) => run(c, ports, request.params.id, request.body)),
      );
    await app.register(vehicleRoutes(entry));
  };
}

function vehicleRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/vehicles',
      {
        config: clears,
        schema: {
          tags,
          querystring: Type.Object({ plate: Type.String({ minLength: 2, maxLength: 20 }) }),
          response: { 200: Type.Object({ items: Type.Array(VehicleView), next: Type.Null(), all: Type.Integer() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const items = await searchVehicles(tx, community, plateOf(request.query.plate));
          return ok({ items, next: null, all: await countVehicles(tx, community) });
        }),
    );
    app.post(
      '/api/vehicles/import',
      {
        config: { policy: { allow: KEEPS } },
        schema: { tags, body: VehicleImport, response: { 200: VehicleImportView } },
      },
      (request) => {
        const { csv, apply } = request.body;
        const { community } = entry.user(request);
        if (!apply) return entry.read((tx) => importVehicles({ tx, now: entry.clock.now() }, community, csv, false));
        return entry.command(request, async (c) => {
          const done = await importVehicles(c, community, csv, true);
          if (done.ok && done.value.applied) {
            const { added, changed } = done.value;
            const what = { action: 'vehicles.import', entity: 'vehicles', entityId: community };
            c.emit({ effect: 'audit', community, ...what, after: { added, changed } });
          }
          return done;
        });
      },
    );
  };
}
