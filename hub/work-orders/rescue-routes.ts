// A rescue over HTTP: one POST a thing that people tell. The console reads it by hub/read/rescue.ts.
import { Type, type Static, type TSchema } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { CallBody, OrderView, PeopleBody, StepBody } from './contract.ts';
import type { OrderPorts } from './ports.ts';
import { logCall, recordPeople, recordStep } from './rescue-commands.ts';

const ACTS: Role[] = ['admin', 'operator', 'inspector', 'supervisor', 'manager', 'technician', 'contractor'];
const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

type Told<Body> = (c: CommandContext, ports: OrderPorts, id: string, body: Body) => Promise<Result<OrderView>>;
interface ToldRoute {
  readonly path: string;
  readonly body: TSchema;
  readonly run: Told<unknown>;
}

// The route has validated the body by the schema beside it.
const told = <S extends TSchema>(path: string, body: S, run: Told<Static<S>>): ToldRoute => ({
  path,
  body,
  run: (c, ports, id, given) => run(c, ports, id, given as Static<S>),
});

const ROUTES: readonly ToldRoute[] = [
  told('call', CallBody, logCall),
  told('people', PeopleBody, recordPeople),
  told('step', StepBody, recordStep),
];

export function rescueRoutes(entry: Entry, ports: OrderPorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    for (const { path, body, run } of ROUTES) {
      app.post(
        `/api/work-orders/:id/rescue/${path}`,
        {
          config: { policy: { allow: ACTS } },
          schema: { tags: ['rescues'], params: Id, body, response: { 200: OrderView } },
        },
        (request) => entry.command(request, (c) => run(c, ports, request.params.id, request.body)),
      );
    }
  };
}
