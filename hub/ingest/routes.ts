// Routes of gateways: enrol (the password is shown once), list, revoke.
import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Clock } from '../clock.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { decodeBirth, GATEWAY_ID } from '../../device-profiles/contract/wire.ts';
import { HUB_ID_PREFIX } from './api.ts';
import { BirthView, CallInsView, CredentialsView, EnrolBody, GatewayView, QuarantineView } from './contract.ts';
import type { Ingest } from './ingest.ts';
import type { Site } from './points.ts';
import { sha256Hex } from './secret.ts';
import {
  countQuarantine,
  currentBirth,
  enrol,
  findGateway,
  listGateways,
  listQuarantine,
  revoke,
  type GatewayRow,
} from './store.ts';

const PASSWORD_BYTES = 32;
const tags = ['gateways'];
const QUARANTINE_PAGE = 50;
const Gateway = Type.Object({ id: Type.String({ pattern: GATEWAY_ID.source }) });
/** Who looks after gateways, at the desk or on site. */
const LOOKS: readonly Role[] = ['admin', 'supervisor', 'manager', 'technician'];

export interface GatewayRouteParts {
  readonly entry: Entry;
  readonly ingest: Ingest;
  /** Ends the connections of a gateway whose credentials are no longer good. */
  readonly drop: (gateway: string) => void;
  /** Where gateways connect. */
  readonly brokerUrl: () => string | undefined;
}

/**
 * Enrols a gateway, or gives a known one a new password.
 * Refuses `not-allowed` for another community than the administrator's, `duplicate` when another one has it, and
 * `bad-request` for a new id of the hub's own.
 */
export async function enrolGateway(
  c: CommandContext,
  of: { readonly id: string; readonly community: string },
): Promise<Result<Omit<CredentialsView, 'broker'>>> {
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
  return ok({ id, username: id, password, community });
}

async function revokeGateway(c: CommandContext, id: string, community: string): Promise<Result<{ id: string }>> {
  if (!(await revoke(c.tx, id, community, c.now))) return refuse('not-found');
  c.emit({ effect: 'audit', community, action: 'gateway.revoked', entity: 'gateway', entityId: id });
  return ok({ id });
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** What memory knows of a gateway's troubles and of when it was heard. */
function standingOf(row: GatewayRow, ingest: Ingest, clock: Clock): Partial<GatewayView> {
  const site = ingest.site(row.id);
  if (!site) return {};
  const heard = ingest.heardAt(site);
  const { silence, refused, refusedLogin, clockOffMs } = site;
  return {
    ...(silence === undefined ? {} : { silentSince: iso(silence.since) }),
    ...(heard === undefined ? {} : { heardAt: iso(clock.now() - (clock.monotonic() - heard)) }),
    ...(refused === undefined ? {} : { refused: { at: iso(refused.at), reason: refused.reason } }),
    ...(refusedLogin === undefined ? {} : { refusedLogin: { ...refusedLogin, at: iso(refusedLogin.at) } }),
    ...(clockOffMs === undefined ? {} : { clockOffMs }),
  };
}

function viewOf(row: GatewayRow, ingest: Ingest, clock: Clock, quarantined: number): GatewayView {
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
    ...(row.heard_at === null ? {} : { bornAt: row.heard_at.toISOString() }),
    ...standingOf(row, ingest, clock),
    quarantined,
    ...(row.software === null ? {} : { software: row.software }),
    writesHistory: row.writes_history,
    ...(beat && beat.epoch === site?.epoch
      ? { behind: { safety: ahead('safety'), telemetry: ahead('telemetry') } }
      : {}),
    ...(beat ? { devices: beat.devices, links: beat.links } : {}),
    ...(beat?.failing ? { failing: beat.failing } : {}),
  };
}

export function gatewayRoutes(parts: GatewayRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(enrolmentRoutes(parts));
    await app.register(declaredRoutes(parts.entry));
    await app.register(callInRoutes(parts));
  };
}

function birthView({ content, at }: { readonly content: Buffer; readonly at: Date }): BirthView {
  const born = decodeBirth(content);
  const models = new Map(born.models.map((m) => [m.hash, m.name]));
  return {
    birth: born.birth,
    takenAt: at.toISOString(),
    devices: born.devices.map(({ id, name, kind, profile, link, building, floor, place, points, model }) => ({
      id: `${born.gateway}.${id}`,
      name: name ?? models.get(model) ?? { zh: id, en: id },
      kind,
      profile,
      link,
      ...(building === undefined ? {} : { building }),
      ...(floor === undefined ? {} : { floor }),
      ...(place === undefined ? {} : { place }),
      points: points.map((p) => ({ id: p.id, name: p.name, type: p.type, lane: p.lane, unit: p.unit ?? '' })),
    })),
  };
}

function callInsView(gateway: string, { callIns = [] }: Pick<Site, 'callIns'>): CallInsView {
  return {
    items: callIns.map(({ link, transport, port, devices, lines = [], unregistered = 0, refused, counters }) => ({
      link,
      transport,
      port,
      counters,
      unregistered,
      lines: lines.map(({ since, heardAt, ...rest }) => ({
        ...rest,
        ...(since === undefined ? {} : { since: iso(since) }),
        ...(heardAt === undefined ? {} : { heardAt: iso(heardAt) }),
      })),
      refused: refused.map((r) => ({ ...r, at: iso(r.at) })),
      devices: devices.map(({ device, since, heardAt, frames, ...rest }) => ({
        ...rest,
        id: `${gateway}.${device}`,
        ...(since === undefined ? {} : { since: iso(since) }),
        ...(heardAt === undefined ? {} : { heardAt: iso(heardAt) }),
        frames: frames.map(({ at, tag, ...frame }) => ({
          ...frame,
          at: iso(at),
          ...(tag === undefined ? {} : { tag: iso(tag) }),
        })),
      })),
    })),
  };
}

/** Devices that call in: what the gateway's last beats said of them, from memory. */
function callInRoutes({ entry, ingest }: GatewayRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/gateways/:id/call-ins',
      { config: { policy: { allow: LOOKS } }, schema: { tags, params: Gateway, response: { 200: CallInsView } } },
      (request) =>
        entry.read(async (tx) => {
          const gateway = await findGateway(tx, request.params.id);
          if (gateway?.community !== entry.user(request).community) return refuse('not-found');
          return ok(callInsView(gateway.id, ingest.site(gateway.id) ?? { callIns: [] }));
        }),
    );
  };
}

/** What a gateway declares, and what of it was set aside. */
function declaredRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/gateways/:id/birth',
      {
        config: { policy: { allow: LOOKS } },
        schema: { tags, params: Gateway, response: { 200: BirthView } },
      },
      (request) =>
        entry.read(async (tx) => {
          const birth = await currentBirth(tx, request.params.id, entry.user(request).community);
          return birth === undefined ? refuse('not-found') : ok(birthView(birth));
        }),
    );
    app.get(
      '/api/gateways/:id/quarantine',
      {
        config: { policy: { allow: LOOKS } },
        schema: {
          tags,
          params: Gateway,
          querystring: Type.Object({ cursor: Type.Optional(Type.String({ pattern: '^\\d{1,18}$' })) }),
          response: {
            200: Type.Object({ items: Type.Array(QuarantineView), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const gateway = await findGateway(tx, request.params.id);
          if (gateway?.community !== entry.user(request).community) return refuse('not-found');
          const page = { before: request.query.cursor ?? null, limit: QUARANTINE_PAGE };
          const items = await listQuarantine(tx, gateway.id, page);
          return ok({ items, next: items.length < QUARANTINE_PAGE ? null : (items.at(-1)?.id ?? null) });
        }),
    );
  };
}

function enrolmentRoutes({ entry, ingest, drop, brokerUrl }: GatewayRouteParts): FastifyPluginAsyncTypebox {
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
          const aside = await countQuarantine(
            tx,
            rows.map((r) => r.id),
          );
          const items = rows.map((r) => viewOf(r, ingest, entry.clock, aside.get(r.id) ?? 0));
          return ok({ items, next: null });
        }),
    );
    app.post(
      '/api/gateways',
      {
        config: { policy: { allow: ['admin'] }, secretAnswer: true },
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
        const broker = brokerUrl();
        return { ...made, ...(broker === undefined ? {} : { broker }) };
      },
    );
    app.delete(
      '/api/gateways/:id',
      {
        config: { policy: { allow: ['admin'] } },
        schema: {
          tags,
          params: Gateway,
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
