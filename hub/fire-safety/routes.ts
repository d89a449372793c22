// Every route of fire-safety management.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import { authorityRoutes } from './authority-routes.ts';
import { hazardRoutes } from './hazard-routes.ts';
import type { HazardPorts } from './hazards.ts';
import { trainingRoutes } from './training-routes.ts';

export function fireSafetyRoutes(entry: Entry, ports: HazardPorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(hazardRoutes(entry, ports));
    await app.register(authorityRoutes(entry));
    await app.register(trainingRoutes(entry));
  };
}
