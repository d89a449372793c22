// Documents of the archive over HTTP: what is written. Reading is hub/read/archive's.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { enterDocument, withdrawDocument } from './commands.ts';
import { NewDocument, WithdrawDocument } from './contract.ts';

const tags = ['archive'];
const KEEP: readonly Role[] = ['supervisor', 'manager', 'admin'];
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
const Made = Type.Object({ id: Type.String() });

export function archiveRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  const keeps = { policy: { allow: KEEP } };
  return async (app) => {
    app.post(
      '/api/archive/documents',
      { config: keeps, schema: { tags, body: NewDocument, response: { 200: Made } } },
      (request) => entry.command(request, (c) => enterDocument(c, request.body)),
    );
    app.post(
      '/api/archive/documents/:id/withdraw',
      { config: keeps, schema: { tags, params: Id, body: WithdrawDocument, response: { 200: Made } } },
      (request) => entry.command(request, (c) => withdrawDocument(c, request.params.id, request.body.reason)),
    );
  };
}
