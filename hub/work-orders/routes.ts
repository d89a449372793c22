// Work orders over HTTP: list, look, open by hand, and one POST an act.
import { randomUUID } from 'node:crypto';
import { Type, type Static, type TSchema } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { ok, refuse } from '../errors.ts';
import { actOnOrder, type OrderRequest } from './act.ts';
import {
  ActBody,
  AssignBody,
  FinishBody,
  MilestoneBody,
  OpenOrderBody,
  ORDER_STATES,
  OrderView,
  VerifyBody,
  WaitBody,
} from './contract.ts';
import { openByHand } from './open.ts';
import type { OrderPorts } from './ports.ts';
import { rescueRoutes } from './rescue-routes.ts';
import { listOrders, ORDER_LIST_LIMITS, orderView, ownOrderView } from './views-store.ts';

const DESK: Role[] = ['admin', 'operator', 'inspector', 'supervisor', 'manager'];
const SEES: Role[] = [...DESK, 'technician', 'contractor'];
const DISPATCHES: Role[] = ['admin', 'supervisor', 'manager'];
const WORKS: Role[] = ['technician', 'contractor'];

const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const ListQuery = Type.Object({
  alarm: Type.Optional(Type.String({ maxLength: 200 })),
  device: Type.Optional(Type.String({ maxLength: 200 })),
  state: Type.Optional(Type.Enum([...ORDER_STATES, 'unfinished', 'all'])),
  /** A person's id, `me`, or `none`. */
  assignee: Type.Optional(Type.String({ maxLength: 64 })),
  cursor: Type.Optional(Type.String({ maxLength: 100 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: ORDER_LIST_LIMITS.max })),
});
const Page = Type.Object({ items: Type.Array(OrderView), next: Type.Union([Type.String(), Type.Null()]) });

/** What a body says about time: the contract's texts as numbers. */
const captured = (body: {
  readonly capturedAt?: string;
  readonly version?: number;
}): { capturedAt?: number; version?: number } => ({
  ...(body.capturedAt === undefined ? {} : { capturedAt: Date.parse(body.capturedAt) }),
  ...(body.version === undefined ? {} : { version: body.version }),
});

interface ActRoute {
  readonly path: string;
  readonly allow: Role[];
  readonly body: TSchema;
  readonly request: (body: unknown) => OrderRequest;
}

function act<S extends TSchema>(
  path: string,
  allow: Role[],
  body: S,
  request: (body: Static<S>) => OrderRequest,
): ActRoute {
  // The route has validated the body by the schema beside it.
  return { path, allow, body, request: (given) => request(given as Static<S>) };
}

const simple = (
  path: 'accept' | 'depart' | 'arrive' | 'start' | 'resume' | 'close' | 'refuse' | 'reopen' | 'cancel',
  allow: Role[],
): ActRoute => act(path, allow, ActBody, (body) => ({ act: path, note: body.note, ...captured(body) }));

/** One POST an act: `/api/work-orders/{id}/{path}`. The machine decides who may do it to this very order. */
const ACT_ROUTES: readonly ActRoute[] = [
  simple('accept', WORKS),
  simple('refuse', WORKS),
  simple('depart', WORKS),
  simple('arrive', WORKS),
  simple('start', WORKS),
  simple('resume', [...WORKS, ...DISPATCHES]),
  simple('close', [...DESK, ...WORKS]),
  simple('reopen', DESK),
  simple('cancel', DISPATCHES),
  act('assign', [...WORKS, ...DISPATCHES], AssignBody, (body) => ({
    act: 'assign',
    assignee: body.assignee,
    note: body.note,
    ...captured(body),
  })),
  act('wait', [...WORKS, ...DISPATCHES], WaitBody, (body) => ({
    act: 'wait',
    reason: body.reason,
    note: body.note,
    ...captured(body),
  })),
  act('finish', WORKS, FinishBody, (body) => ({
    act: 'finish',
    result: body.result,
    photos: body.photos,
    serviceState: body.serviceState,
    ...captured(body),
  })),
  // Workers are let in so that they learn `own-work` instead of a bare refusal.
  act('verify', [...DESK, ...WORKS], VerifyBody, (body) => ({
    act: 'verify',
    waiver: body.waiver,
    note: body.note,
    ...captured(body),
  })),
  act('milestone', [...DESK, ...WORKS], MilestoneBody, (body) => ({
    act: 'milestone',
    milestone: body.milestone,
    serviceState: body.serviceState,
    note: body.note,
    ...captured(body),
  })),
];

export function orderRoutes(entry: Entry, ports: OrderPorts): FastifyPluginAsyncTypebox {
  const names = ports.deviceNames.bind(ports);
  return async (app) => {
    app.get(
      '/api/work-orders',
      {
        config: { policy: { allow: SEES } },
        schema: { tags: ['work-orders'], querystring: ListQuery, response: { 200: Page } },
      },
      (request) =>
        entry.read(async (tx) => {
          const user = entry.user(request);
          const { assignee, ...filter } = request.query;
          const page = await listOrders(
            tx,
            user,
            { ...filter, assignee: assignee === 'me' ? user.id : assignee },
            names,
          );
          return page ? ok(page) : refuse('bad-request', 'cursor');
        }),
    );
    app.get(
      '/api/work-orders/:id',
      {
        config: { policy: { allow: SEES } },
        schema: { tags: ['work-orders'], params: Id, response: { 200: OrderView } },
      },
      (request) =>
        entry.read(async (tx) => {
          const view = await orderView(tx, entry.user(request), request.params.id, names);
          return view ? ok(view) : refuse('not-found', request.params.id);
        }),
    );
    app.post(
      '/api/work-orders',
      {
        config: { policy: { allow: [...SEES, 'steward', 'guard', 'frontdesk'] } },
        schema: { tags: ['work-orders'], body: OpenOrderBody, response: { 200: OrderView } },
      },
      (request) =>
        entry.command(request, async (c) => {
          const opened = await openByHand(c, ports, randomUUID(), request.body);
          return opened.ok ? ok(await ownOrderView(c.tx, entry.user(request).community, opened.value, names)) : opened;
        }),
    );
    await app.register(rescueRoutes(entry, ports));
    for (const route of ACT_ROUTES) {
      app.post(
        `/api/work-orders/:id/${route.path}`,
        {
          config: { policy: { allow: route.allow } },
          schema: { tags: ['work-orders'], params: Id, body: route.body, response: { 200: OrderView } },
        },
        (request) =>
          entry.command(request, (c) => actOnOrder(c, ports, request.params.id, route.request(request.body))),
      );
    }
  };
}
