// Routes of gateways: enrol (the password is shown once), list, revoke.
import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF } from '../http/policy.ts';
import { GATEWAY_ID } from '../../device-profiles/contract/wire.ts';
import { HUB_ID_PREFIX } from './api.ts';
import { CredentialsView, EnrolBody, GatewayView } from './contract.ts';
import type { Ingest } from './ingest.ts';
import { sha256Hex } from './secret.ts';
import { enrol, findGateway, listGateways, revoke, type GatewayRow } from './store.ts';

const PASSWORD_BYTES = 32;
const tags = ['gateways'];

export interface GatewayRouteParts {
  readonly entry: Entry;
  readonly ingest: Ingest;
  /** Ends the connections of a gateway whose credentials are no longer good. */
  readonly drop: (gateway: string) => void;
}

/**
 * Enrols a gateway, or gives a known one a new password.
 * Refuses `not-allowed` for another community than the administrator's, `duplicate` when another one has it, and
 * `bad-request` for a new id of the hub's own.
 */
export async function enrolGateway(
  c: CommandContext,
  of: { readonly id: string; readonly community: string },
): Promise<Result<CredentialsView>> {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const passwordSha256 = sha256Hex(password);
  const { id, community } = of;
  // One that is enrolled since before keeps its name.
  if (id.startsWith(HUB_ID_PREFIX) && !(await findGateway(c.tx, id)))
    return refuse('bad-request', `id: names that begin with "${HUB_ID_PREFIX}" are the hub's own`);
  if (!(await enrol(c.tx, { id, community, username: id, passwordSha256, by: c.actor.id, at: c.now })))
    return refuse('duplicate', 'id');
  c.emit({
    effect: 'audit',
    community,
    action: 'gateway.enrolled',
    entity: 'gateway',
    entityId: id,
    after: { community },
  });
  return ok({ id, username: id, password });
}

async function revokeGateway(c: CommandContext, id: string, community: string): Promise<Result<{ id: string }>> {
  if (!(await revoke(c.tx, id, community, c.now))) return refuse('not-found');
  c.emit({ effect: 'audit', community, action: 'gateway.revoked', entity: 'gateway', entityId: id });
  return ok({ id });
}

function viewOf(row: GatewayRow, ingest: Ingest): GatewayView {
  const site = ingest.site(row.id);
  const beat = site?.beat;
  const ahead = (lane: 'safety' | 'telemetry'): number =>
    Math.max(0, (beat?.head[lane] ?? 0) - (site?.lanes[lane].seq ?? 0));
  return {
    id: row.id,
    community: row.community,
    username: row.username,
    enrolledAt: row.enrolled_at.toISOString(),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
    online: site?.program !== undefined && site.silence === undefined,
    awaited: row.revoked_at === null && row.epoch === null,
    ...(site?.silence === undefined ? {} : { silentSince: new Date(site.silence.since).toISOString() }),
    ...(row.software === null ? {} : { software: row.software }),
    writesHistory: row.writes_history,
    ...(beat && beat.epoch === site?.epoch
      ? { behind: { safety: ahead('safety'), telemetry: ahead('telemetry') } }
      : {}),
    ...(beat ? { devices: beat.devices, links: beat.links } : {}),
    ...(beat?.failing ? { failing: beat.failing } : {}),
  };
}

export function gatewayRoutes({ entry, ingest, drop }: GatewayRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/gateways',
      {
        config: { policy: { allow: STAFF } },
        schema: { tags, response: { 200: Type.Object({ items: Type.Array(GatewayView), next: Type.Null() }) } },
      },
      (request) =>
        entry.read(async (tx) => {
          const rows = await listGateways(tx, entry.user(request).community);
          return ok({ items: rows.map((r) => viewOf(r, ingest)), next: null });
        }),
    );
    app.post(
      '/api/gateways',
      {
        config: { policy: { allow: ['admin'] } },
        schema: { tags, body: EnrolBody, response: { 200: CredentialsView } },
      },
      async (request) => {
        const own = entry.user(request).community;
        const { id, community = own } = request.body;
        let heardBefore = false;
        const made = await entry.command(request, async (c) => {
          heardBefore = ((await findGateway(c.tx, id))?.epoch ?? null) !== null;
          return community === own ? enrolGateway(c, { id, community }) : refuse('not-allowed', 'community');
        });
        // A connection with the old password is not its own any more.
        drop(id);
        ingest.enrolled(id, community, heardBefore);
        return made;
      },
    );
    app.delete(
      '/api/gateways/:id',
      {
        config: { policy: { allow: ['admin'] } },
        schema: {
          tags,
          params: Type.Object({ id: Type.String({ pattern: GATEWAY_ID.source }) }),
          response: { 200: Type.Object({ id: Type.String() }) },
        },
      },
      async (request) => {
        const { id } = request.params;
        const done = await entry.command(request, (c) => revokeGateway(c, id, entry.user(request).community));
        drop(id);
        ingest.revoked(id);
        return done;
      },
    );
  };
}
