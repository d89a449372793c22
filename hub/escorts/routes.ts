// Escorts and reserved lifts over HTTP.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ok, refuse } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { ruleInForce } from '../rules/api.ts';
import { actOnEscort, callEscort } from './commands.ts';
import {
  EscortActBody,
  EscortList,
  EscortView,
  NewEscort,
  NewReservation,
  ReservationActBody,
  ReservationView,
} from './contract.ts';
import { ESCORT_RULE } from './norms.ts';
import { actOnReservation, reserveLift } from './reservations.ts';
import { findEscort, listEscorts, listReservations } from './store.ts';
import { escortViews, reservationViews } from './views.ts';

/** Lead them in and out, hold a lift. */
const LEADS: readonly Role[] = [
  'admin',
  'operator',
  'guard',
  'supervisor',
  'manager',
  'frontdesk',
  'steward',
  'technician',
];
const RESERVES: readonly Role[] = ['admin', 'operator', 'supervisor', 'manager', 'frontdesk', 'steward'];
const tags = ['escorts'];
const staff = { policy: { allow: STAFF } };
const leads = { policy: { allow: LEADS } };
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });

export function escortRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/escorts', { config: staff, schema: { tags, response: { 200: EscortList } } }, (request) =>
      entry.read(async (tx) => {
        const { community } = entry.user(request);
        const { services } = (await ruleInForce(tx, community, ESCORT_RULE)).value;
        const items = await escortViews(tx, community, await listEscorts(tx, community));
        return ok({ items, next: null, services });
      }),
    );
    app.get(
      '/api/escorts/:id',
      { config: staff, schema: { tags, params: Id, response: { 200: EscortView } } },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const row = await findEscort(tx, community, request.params.id);
          const [view] = row ? await escortViews(tx, community, [row]) : [];
          return view ? ok(view) : refuse('not-found', request.params.id);
        }),
    );
    // Whoever stands beside somebody who is dying may say so.
    app.post(
      '/api/escorts',
      { config: staff, schema: { tags, body: NewEscort, response: { 200: EscortView } } },
      (request) => entry.command(request, (c) => callEscort(c, request.body)),
    );
    app.post(
      '/api/escorts/:id/act',
      { config: leads, schema: { tags, params: Id, body: EscortActBody, response: { 200: EscortView } } },
      (request) => entry.command(request, (c) => actOnEscort(c, request.params.id, request.body)),
    );
    await app.register(reservationRoutes(entry));
  };
}

function reservationRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/lift-reservations',
      {
        config: staff,
        schema: { tags, response: { 200: Type.Object({ items: Type.Array(ReservationView), next: Type.Null() }) } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const items = await reservationViews(tx, community, await listReservations(tx, community));
          return ok({ items, next: null });
        }),
    );
    app.post(
      '/api/lift-reservations',
      {
        config: { policy: { allow: RESERVES } },
        schema: { tags, body: NewReservation, response: { 200: ReservationView } },
      },
      (request) => entry.command(request, (c) => reserveLift(c, request.body)),
    );
    app.post(
      '/api/lift-reservations/:id/act',
      {
        config: leads,
        schema: { tags, params: Id, body: ReservationActBody, response: { 200: ReservationView } },
      },
      (request) =>
        entry.command(request, (c) => actOnReservation(c, request.params.id, request.body.act, request.body.note)),
    );
  };
}
