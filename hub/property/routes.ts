// GET /api/communities/current, GET /api/buildings; administrators change them and import buildings.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import { ok, refuse } from '../errors.ts';
import { changeCommunity, importBuildings, importList, listPlaces, previewList } from './commands.ts';
import {
  BuildingView,
  ChangeCommunity,
  CommunityView,
  ImportBuildings,
  ImportedView,
  ImportListBody,
  ImportListView,
} from './contract.ts';
import { findCommunity } from './store.ts';

export function propertyRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/communities/current',
      {
        config: { policy: { allow: 'signed-in' }, reading: 'everyday' },
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
        config: { policy: { allow: 'signed-in' }, reading: 'everyday' },
        schema: {
          tags: ['property'],
          response: { 200: Type.Object({ items: Type.Array(BuildingView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => ok({ items: await listPlaces(tx, entry.user(request).community), next: null })),
    );
    app.put(
      '/api/buildings',
      {
        config: { policy: { allow: ['admin', 'manager'] } },
        schema: { tags: ['property'], body: ImportBuildings, response: { 200: ImportedView } },
      },
      (request) => entry.command(request, (c) => importBuildings(c, entry.user(request).community, request.body)),
    );
    app.post(
      '/api/buildings/import',
      {
        config: { policy: { allow: ['admin', 'manager'] } },
        schema: { tags: ['property'], body: ImportListBody, response: { 200: ImportListView } },
      },
      (request) => {
        const { csv, apply } = request.body;
        const { community } = entry.user(request);
        return apply
          ? entry.command(request, (c) => importList(c, community, csv))
          : entry.read(async (tx) => ok(await previewList(tx, community, csv)));
      },
    );
  };
}
