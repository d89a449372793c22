// What stands beside the alarms on every desk: blocked lanes, escorts, lifts that are taken, plans that are run.
import type { FastifyPluginAsync } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { ok } from '../errors.ts';
import { liftsTaken, openEscorts } from '../escorts/api.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF } from '../http/policy.ts';
import { openBlockages } from '../lanes/api.ts';
import { openRuns } from '../plans/api.ts';
import { SceneView } from './contract.ts';

export const sceneRoutes =
  (entry: Entry): FastifyPluginAsync =>
  async (fastify) => {
    const app = fastify.withTypeProvider<TypeBoxTypeProvider>();
    app.get(
      '/api/scene',
      { config: { policy: { allow: STAFF } }, schema: { tags: ['scene'], response: { 200: SceneView } } },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          return ok({
            lanes: await openBlockages(tx, community),
            escorts: await openEscorts(tx, community),
            lifts: await liftsTaken(tx, community),
            runs: await openRuns(tx, community),
          });
        }),
    );
  };
