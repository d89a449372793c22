// GET /api/communities/current, GET /api/buildings; administrators change them and import buildings.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import { ok, refuse } from '../errors.ts';
import { changeCommunity, importBuildings, listBuildings } from './commands.ts';
import { BuildingView, ChangeCommunity, CommunityView, ImportBuildings, ImportedView } from './contract.ts';
import { findCommunity } from './store.ts';

export function propertyRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/communities/current',
      {
        config: { policy: { allow: 'signed-in' } },
        schema: { tags: ['property'], response: { 200: CommunityView } },
      },
      (request) =>
        entry.read(async (tx) => {
          const found = await findCommunity(tx, entry.user(request).community);
          return found === undefined ? refuse('not-found') : ok(found);
        }),
    );
    app.patch(
      '/api/communities/current',
      {
        config: { policy: { allow: ['admin'] } },
        schema: { tags: ['property'], body: ChangeCommunity, response: { 200: CommunityView } },
      },
      (request) => entry.command(request, (c) => changeCommunity(c, entry.user(request).community, request.body)),
    );
    app.get(
      '/api/buildings',
      {
        config: { policy: { allow: 'signed-in' } },
        schema: {
          tags: ['property'],
          response: { 200: Type.Object({ items: Type.Array(BuildingView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => ok({ items: await listBuildings(tx, entry.user(request).community), next: null })),
    );
    app.put(
      '/api/buildings',
      {
        config: { policy: { allow: ['admin', 'manager'] } },
        schema: { tags: ['property'], body: ImportBuildings, response: { 200: ImportedView } },
      },
      (request) => entry.command(request, (c) => importBuildings(c, entry.user(request).community, request.body)),
    );
  };
}
