// Plans that are run, and drills, over HTTP: steps are done by everyone who works here, on a phone or at the desk.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import {
  AttendBody,
  DrillList,
  DrillView,
  FindingBody,
  NewDrill,
  NewRun,
  NoteBody,
  RunView,
  StepActBody,
} from './contract.ts';
import { findDrill, listDrills } from './drill-store.ts';
import {
  addFinding,
  announceDrill,
  attendDrill,
  cancelDrill,
  drillsDue,
  drillViews,
  endDrill,
  planDrill,
  startDrill,
  type DrillPorts,
} from './drills.ts';
import { PLANS_WRITE } from './routes.ts';
import { listRuns } from './run-store.ts';
import { runViews } from './run-views.ts';
import { actOnStep, endRun, startRun, viewedRun } from './runs.ts';

/** Who may set a plan going for real: evacuation does not wait for a higher signature. */
const STARTS: readonly Role[] = ['admin', 'operator', 'supervisor', 'manager', 'guard'];
const ENDS: readonly Role[] = ['admin', 'operator', 'supervisor', 'manager'];
const tags = ['plans'];
const staff = { policy: { allow: STAFF } };
const reads = { policy: { allow: [...STAFF, 'authority' as const] }, reading: 'drills' as const };
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });

export function runRoutes(entry: Entry, ports: DrillPorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/plan-runs',
      {
        config: reads,
        schema: { tags, response: { 200: Type.Object({ items: Type.Array(RunView), next: Type.Null() }) } },
      },
      (request) =>
        entry.read(async (tx) => {
          const items = await runViews(tx, await listRuns(tx, entry.user(request).community));
          return ok({ items, next: null });
        }),
    );
    app.get(
      '/api/plan-runs/:id',
      { config: reads, schema: { tags, params: Id, response: { 200: RunView } } },
      (request) => entry.read((tx) => viewedRun({ tx }, entry.user(request).community, request.params.id)),
    );
    app.post(
      '/api/plan-runs',
      { config: { policy: { allow: STARTS } }, schema: { tags, body: NewRun, response: { 200: RunView } } },
      (request) => entry.command(request, (c) => startRun(c, request.body)),
    );
    app.post(
      '/api/plan-runs/:id/steps/:step',
      {
        config: staff,
        schema: {
          tags,
          params: Type.Object({ id: Type.String({ maxLength: 64 }), step: Type.String({ maxLength: 40 }) }),
          body: StepActBody,
          response: { 200: RunView },
        },
      },
      (request) => entry.command(request, (c) => actOnStep(c, request.params.id, request.params.step, request.body)),
    );
    app.post(
      '/api/plan-runs/:id/end',
      { config: { policy: { allow: ENDS } }, schema: { tags, params: Id, body: NoteBody, response: { 200: RunView } } },
      (request) => entry.command(request, (c) => endRun(c, request.params.id, request.body.note)),
    );
    await app.register(drillRoutes(entry, ports));
  };
}

type DrillAct = (c: CommandContext, id: string, note: string) => Promise<Result<DrillView>>;

function drillRoutes(entry: Entry, ports: DrillPorts): FastifyPluginAsyncTypebox {
  const leads = { policy: { allow: PLANS_WRITE } };
  const noted: Readonly<Record<'end' | 'cancel', DrillAct>> = {
    end: (c, id, note) => endDrill(c, ports, id, note),
    cancel: cancelDrill,
  };
  const plain: Readonly<Record<'announce' | 'start', DrillAct>> = {
    announce: announceDrill,
    start: (c, id) => startDrill(c, ports, id),
  };
  return async (app) => {
    app.get('/api/drills', { config: reads, schema: { tags, response: { 200: DrillList } } }, (request) =>
      entry.read(async (tx) => {
        const user = entry.user(request);
        const { community } = user;
        const items = await drillViews(tx, await listDrills(tx, community), user);
        return ok({ items, next: null, due: await drillsDue(tx, community, entry.clock.now()) });
      }),
    );
    app.get(
      '/api/drills/:id',
      { config: reads, schema: { tags, params: Id, response: { 200: DrillView } } },
      (request) =>
        entry.read(async (tx) => {
          const user = entry.user(request);
          const row = await findDrill(tx, user.community, request.params.id);
          const [view] = row ? await drillViews(tx, [row], user) : [];
          return view ? ok(view) : refuse('not-found', request.params.id);
        }),
    );
    app.post(
      '/api/drills',
      { config: leads, schema: { tags, body: NewDrill, response: { 200: DrillView } } },
      (request) => entry.command(request, (c) => planDrill(c, request.body)),
    );
    for (const [path, run] of Object.entries(plain))
      app.post(
        `/api/drills/:id/${path}`,
        { config: leads, schema: { tags, params: Id, response: { 200: DrillView } } },
        (request) => entry.command(request, (c) => run(c, request.params.id, '')),
      );
    for (const [path, run] of Object.entries(noted))
      app.post(
        `/api/drills/:id/${path}`,
        { config: leads, schema: { tags, params: Id, body: NoteBody, response: { 200: DrillView } } },
        (request) => entry.command(request, (c) => run(c, request.params.id, request.body.note)),
      );
    app.post(
      '/api/drills/:id/attend',
      { config: staff, schema: { tags, params: Id, body: AttendBody, response: { 200: DrillView } } },
      (request) => entry.command(request, (c) => attendDrill(c, request.params.id, request.body)),
    );
    app.post(
      '/api/drills/:id/findings',
      { config: leads, schema: { tags, params: Id, body: FindingBody, response: { 200: DrillView } } },
      (request) => entry.command(request, (c) => addFinding(c, ports, request.params.id, request.body)),
    );
  };
}
