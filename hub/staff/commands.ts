// Commands on people: added, changed, given certificates. Whoever loses rights loses their sessions in the same commit.
import { STAFF_LIMITS } from '../config.ts';
import type { Tx } from '../db/tx.ts';
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { READ_ONLY } from '../http/reading.ts';
import type { Role } from '../http/policy.ts';
import { communityOf } from '../property/api.ts';
import type { ChangePerson, NewCertificate, NewPerson, PersonView } from './contract.ts';
import type { Passwords } from './password.ts';
import { PERSON_CHANGED_CHANNEL } from './sessions.ts';
import * as store from './store.ts';

export const viewOf = ({ id, username, name, role, active, accessUntil }: store.PersonRow): PersonView => ({
  id,
  username,
  name,
  role,
  active,
  ...(accessUntil === null ? {} : { accessUntil }),
});

/** With how to reach them. */
export const fullViewOf = (row: store.PersonRow): PersonView => ({
  ...viewOf(row),
  ...(row.phone === null ? {} : { phone: row.phone }),
});

const phoneOf = (given: string | undefined): string | null => given?.trim() || null;

/**
 * The last day of access that goes with a role: a reader from outside has one that is not over, nobody else has any.
 * Refuses `bad-request`.
 */
async function accessOf(
  c: CommandContext,
  community: string,
  role: Role,
  given: string | null | undefined,
): Promise<Result<string | null>> {
  if (!READ_ONLY.includes(role)) return given ? refuse('bad-request', `accessUntil: ${role}`) : ok(null);
  if (!given) return refuse('bad-request', 'accessUntil');
  const timeZone = (await communityOf(c.tx, community))?.timeZone ?? 'UTC';
  return given < dayIn(timeZone, c.now) ? refuse('bad-request', `accessUntil: ${given}`) : ok(given);
}

/** YYYY-MM-DD as a place's calendar shows it. */
const dayIn = (timeZone: string, now: number): string => new Intl.DateTimeFormat('en-CA', { timeZone }).format(now);

const tellSessions = (tx: Tx, person: string): Promise<object[]> =>
  tx.query('SELECT pg_notify($1, $2)', [PERSON_CHANGED_CHANNEL, person]);

/** Adds a person to a community. `hash` is their password's. Refuses `duplicate` when the user name is taken anywhere. */
export async function addPerson(
  c: CommandContext,
  community: string,
  person: Omit<NewPerson, 'password'>,
  hash: string | undefined,
): Promise<Result<PersonView>> {
  const access = await accessOf(c, community, person.role, person.accessUntil);
  if (!access.ok) return access;
  const entered = { ...person, phone: phoneOf(person.phone), accessUntil: access.value, community };
  const row = await store.insertPerson(c.tx, entered, hash, c.now);
  if (row === undefined) return refuse('duplicate', 'username');
  c.emit({
    effect: 'audit',
    community,
    action: 'person.added',
    entity: 'person',
    entityId: row.id,
    after: viewOf(row),
  });
  return ok(fullViewOf(row));
}

/**
 * Changes a person. Nobody changes their own role or switches themselves off: a community would lose its last
 * administrator, or an administrator give itself another's rights. A new role or password, or being switched off, ends
 * the person's sessions.
 */
export async function changePerson(
  c: CommandContext,
  target: { readonly id: string; readonly community: string },
  { password, ...change }: ChangePerson,
  passwords: Passwords,
): Promise<Result<PersonView>> {
  if (isOwn(c, target.id) && (change.role !== undefined || change.active !== undefined))
    return refuse('not-allowed', 'own rights');
  const before = await store.lockPerson(c.tx, target.id, target.community);
  if (before === undefined) return refuse('not-found');
  const role = change.role ?? before.role;
  // Somebody else's role takes the end with it; a day that stays as it was may well be over.
  const kept = change.accessUntil === undefined && role === before.role;
  const access = kept ? ok(before.accessUntil) : await accessOf(c, target.community, role, change.accessUntil);
  if (!access.ok) return access;
  const phone = change.phone === undefined ? before.phone : phoneOf(change.phone);
  const after = { ...before, ...change, phone, accessUntil: access.value };
  await store.updatePerson(c.tx, after);
  if (password !== undefined) await store.setPassword(c.tx, target.id, await passwords.hash(password), c.now);
  const ends = password !== undefined || after.role !== before.role || (before.active && !after.active);
  if (ends) await store.deleteSessionsOf(c.tx, target.id);
  await tellSessions(c.tx, target.id);
  c.emit({
    effect: 'audit',
    community: target.community,
    action: 'person.changed',
    entity: 'person',
    entityId: target.id,
    before: viewOf(before),
    after: {
      ...viewOf(after),
      password: password === undefined ? 'kept' : 'changed',
      phone: after.phone === before.phone ? 'kept' : 'changed',
    },
  });
  if (before.active && !after.active) {
    const { id: subject, community } = target;
    c.emit({
      effect: 'event',
      event: { type: 'person.switched-off', community, subject, payload: { person: subject } },
    });
  }
  return ok(fullViewOf(after));
}

/** Whom an administrator may not treat as others: themselves, who change their own password by knowing it. */
const isOwn = (c: CommandContext, id: string): boolean => c.actor.kind === 'user' && c.actor.id === id;

/**
 * Gives a person a password that holds until they have set their own, and ends their sessions. `hash` is its hash.
 * Refuses `not-found`, `not-allowed` for oneself, `wrong-state` for who has left.
 */
export async function giveOneTimePassword(
  c: CommandContext,
  target: { readonly id: string; readonly community: string },
  hash: string,
): Promise<Result<{ validUntil: number }>> {
  if (isOwn(c, target.id)) return refuse('not-allowed', 'own password');
  const person = await store.lockPerson(c.tx, target.id, target.community);
  if (person === undefined) return refuse('not-found');
  if (!person.active) return refuse('wrong-state', 'switched off');
  await store.setPassword(c.tx, target.id, hash, c.now, true);
  await store.deleteSessionsOf(c.tx, target.id);
  await tellSessions(c.tx, target.id);
  c.emit({
    effect: 'audit',
    community: target.community,
    action: 'password.reset',
    entity: 'person',
    entityId: target.id,
  });
  return ok({ validUntil: c.now + STAFF_LIMITS.oneTimePasswordMs });
}

/** Ends all sessions of a person. Refuses `not-found`. */
export async function endSessions(
  c: CommandContext,
  target: { readonly id: string; readonly community: string },
): Promise<Result<{ ended: number }>> {
  if ((await store.lockPerson(c.tx, target.id, target.community)) === undefined) return refuse('not-found');
  const ended = await store.deleteSessionsOf(c.tx, target.id);
  await tellSessions(c.tx, target.id);
  c.emit({
    effect: 'audit',
    community: target.community,
    action: 'sessions.ended',
    entity: 'person',
    entityId: target.id,
    after: { ended },
  });
  return ok({ ended });
}

/** Changes one's own password, knowing the old one; ends all other sessions. */
export async function changeOwnPassword(
  c: CommandContext,
  who: { readonly id: string; readonly community: string; readonly tokenHash: Buffer },
  given: { readonly old: string; readonly new: string },
  passwords: Passwords,
): Promise<Result<{ changed: true }>> {
  const fits = await passwords.fits(await store.hashOf(c.tx, who.id), given.old);
  if (fits === undefined) return refuse('unavailable');
  if (!fits) return refuse('wrong-credentials');
  if (given.new === given.old) return refuse('bad-request', 'new: the same as the old one');
  await store.setPassword(c.tx, who.id, await passwords.hash(given.new), c.now);
  await store.deleteSessionsOf(c.tx, who.id, who.tokenHash);
  await tellSessions(c.tx, who.id);
  c.emit({
    effect: 'audit',
    community: who.community,
    action: 'password.changed',
    entity: 'person',
    entityId: who.id,
  });
  return ok({ changed: true });
}

/** Records a certificate. Refuses `not-found` for a person of another community, `duplicate` for a number that exists. */
export async function addCertificate(
  c: CommandContext,
  target: { readonly id: string; readonly community: string },
  certificate: NewCertificate,
): Promise<Result<{ id: string }>> {
  if ((await store.lockPerson(c.tx, target.id, target.community)) === undefined) return refuse('not-found');
  const id = await store.insertCertificate(c.tx, target.id, certificate, c.now);
  if (id === undefined) return refuse('duplicate', 'no');
  await tellSessions(c.tx, target.id);
  c.emit({
    effect: 'audit',
    community: target.community,
    action: 'certificate.added',
    entity: 'certificate',
    entityId: id,
    after: { person: target.id, ...certificate },
  });
  const { community } = target;
  const payload = { person: target.id, certificate: id };
  c.emit({ effect: 'event', event: { type: 'certificate.added', community, subject: target.id, payload } });
  return ok({ id });
}

/** Takes a certificate back before its time. Refuses `not-found`, also when it is revoked already. */
export async function revokeCertificate(
  c: CommandContext,
  target: { readonly id: string; readonly community: string },
  certificate: string,
): Promise<Result<{ id: string }>> {
  if ((await store.lockPerson(c.tx, target.id, target.community)) === undefined) return refuse('not-found');
  if ((await store.revokeCertificate(c.tx, certificate, target.id, c.now)) === 0) return refuse('not-found');
  await tellSessions(c.tx, target.id);
  c.emit({
    effect: 'audit',
    community: target.community,
    action: 'certificate.revoked',
    entity: 'certificate',
    entityId: certificate,
    after: { person: target.id },
  });
  const revoked = { person: target.id, certificate };
  const { community } = target;
  c.emit({ effect: 'event', event: { type: 'certificate.revoked', community, subject: target.id, payload: revoked } });
  return ok({ id: certificate });
}
