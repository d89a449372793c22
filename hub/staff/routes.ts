// GET /api/people (who can be assigned); administrators add and change people, their certificates, and communities.
import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ok, refuse } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { ROLES, STAFF, type Role } from '../http/policy.ts';
import { createCommunity } from '../property/api.ts';
import { CommunityView, NewCommunity } from '../property/contract.ts';
import {
  addCertificate,
  addPerson,
  changePerson,
  endSessions,
  fullViewOf,
  giveOneTimePassword,
  revokeCertificate,
  viewOf,
} from './commands.ts';
import {
  CertificateView,
  ChangePerson,
  HeldCertificateView,
  NewCertificate,
  NewPerson,
  OneTimePassword,
  PersonView,
} from './contract.ts';
import type { Passwords } from './password.ts';
import * as store from './store.ts';

const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
const Made = Type.Object({ id: Type.String() });
/** Who runs the site: sees who has left, and certificates. */
const RUNS: readonly Role[] = ['admin', 'supervisor', 'manager'];
/** Who must be able to call people. */
const CALLS: readonly Role[] = [...RUNS, 'operator'];

const ONE_TIME_BYTES = 9;
/** 72 random bits in hexadecimal, which has no letters that read alike. */
const oneTimePassword = (): string =>
  randomBytes(ONE_TIME_BYTES)
    .toString('hex')
    .replace(/(.{6})(?=.)/g, '$1-');

const admin = { policy: { allow: ['admin' as const] } };

/** `technician,contractor` or `role=technician&role=contractor`. */
const rolesAsked = (role: string | undefined): readonly string[] | undefined => role?.split(',').map((r) => r.trim());

export function staffRoutes(entry: Entry, passwords: Passwords): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(peopleRoutes(entry, passwords));
    await app.register(certificateRoutes(entry));
    await app.register(communityRoutes(entry, passwords));
  };
}

function peopleRoutes(entry: Entry, passwords: Passwords): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/people',
      {
        config: { policy: { allow: STAFF } },
        schema: {
          tags: ['staff'],
          querystring: Type.Object({
            role: Type.Optional(Type.String({ maxLength: 200, description: 'roles, separated by commas' })),
            all: Type.Optional(Type.Boolean({ description: 'also who has left; for whoever runs the site' })),
          }),
          response: { 200: Type.Object({ items: Type.Array(PersonView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const roles = rolesAsked(request.query.role);
          const unknown = roles?.find((r) => !ROLES.some((known) => known === r));
          if (unknown !== undefined) return refuse('bad-request', `role: ${unknown}`);
          const { community, role } = entry.user(request);
          const all = request.query.all === true;
          if (all && !RUNS.includes(role)) return refuse('not-allowed', 'all');
          const people = await (all ? store.everyone(tx, community) : store.peopleOf(tx, community, roles));
          return ok({ items: people.map(CALLS.includes(role) ? fullViewOf : viewOf), next: null });
        }),
    );
    app.post(
      '/api/people',
      { config: admin, schema: { tags: ['staff'], body: NewPerson, response: { 200: PersonView } } },
      (request) =>
        entry.command(request, async (c) => {
          const { password, ...person } = request.body;
          const hash = password === undefined ? undefined : await passwords.hash(password);
          return addPerson(c, entry.user(request).community, person, hash);
        }),
    );
    app.patch(
      '/api/people/:id',
      { config: admin, schema: { tags: ['staff'], params: Id, body: ChangePerson, response: { 200: PersonView } } },
      (request) =>
        entry.command(request, (c) =>
          changePerson(c, { ...request.params, community: entry.user(request).community }, request.body, passwords),
        ),
    );
    await app.register(accessRoutes(entry, passwords));
  };
}

/** A person's way in: a password for once, and the end of all sessions. */
function accessRoutes(entry: Entry, passwords: Passwords): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/people/:id/password',
      {
        config: { ...admin, secretAnswer: true },
        schema: { tags: ['staff'], params: Id, response: { 200: OneTimePassword } },
      },
      async (request) => {
        const password = oneTimePassword();
        const hash = await passwords.hash(password);
        const { community } = entry.user(request);
        const given = await entry.command(request, (c) =>
          giveOneTimePassword(c, { ...request.params, community }, hash),
        );
        return { password, validUntil: new Date(given.validUntil).toISOString() };
      },
    );
    app.delete(
      '/api/people/:id/sessions',
      {
        config: admin,
        schema: { tags: ['staff'], params: Id, response: { 200: Type.Object({ ended: Type.Integer() }) } },
      },
      (request) =>
        entry.command(request, (c) => endSessions(c, { ...request.params, community: entry.user(request).community })),
    );
  };
}

function certificateRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/certificates',
      {
        config: { policy: { allow: RUNS } },
        schema: {
          tags: ['staff'],
          response: { 200: Type.Object({ items: Type.Array(HeldCertificateView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) =>
          ok({ items: await store.certificatesHeld(tx, entry.user(request).community), next: null }),
        ),
    );
    app.get(
      '/api/people/:id/certificates',
      {
        config: { policy: { allow: RUNS } },
        schema: {
          tags: ['staff'],
          params: Id,
          response: { 200: Type.Object({ items: Type.Array(CertificateView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const person = await store.findPerson(tx, request.params.id);
          if (person?.community !== entry.user(request).community) return refuse('not-found');
          return ok({ items: await store.certificatesOf(tx, person.id), next: null });
        }),
    );
    app.post(
      '/api/people/:id/certificates',
      { config: admin, schema: { tags: ['staff'], params: Id, body: NewCertificate, response: { 200: Made } } },
      (request) =>
        entry.command(request, (c) =>
          addCertificate(c, { ...request.params, community: entry.user(request).community }, request.body),
        ),
    );
    app.delete(
      '/api/people/:id/certificates/:certificate',
      {
        config: admin,
        schema: {
          tags: ['staff'],
          params: Type.Object({ id: Type.String({ maxLength: 64 }), certificate: Type.String({ maxLength: 64 }) }),
          response: { 200: Made },
        },
      },
      (request) => {
        const { id, certificate } = request.params;
        const { community } = entry.user(request);
        return entry.command(request, (c) => revokeCertificate(c, { id, community }, certificate));
      },
    );
  };
}

/** A community comes with its first administrator, so it is made here, where people are known. */
function communityRoutes(entry: Entry, passwords: Passwords): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/communities',
      { config: admin, schema: { tags: ['property'], body: NewCommunity, response: { 200: CommunityView } } },
      (request) =>
        entry.command(request, async (c) => {
          const { admin: first, ...community } = request.body;
          const made = await createCommunity(c, community);
          if (!made.ok) return made;
          const { password, ...person } = first;
          const hash = await passwords.hash(password);
          const added = await addPerson(c, community.id, { ...person, role: 'admin' }, hash);
          return added.ok ? made : added;
        }),
    );
  };
}
