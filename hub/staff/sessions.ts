// Signing in and out: sessions by a random token that only the browser keeps, failures counted, time as an argument.
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { STAFF_LIMITS } from '../config.ts';
import type { Db, Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { SignedIn } from '../http/entry.ts';
import type { SessionPort } from '../http/guard.ts';
import type { Passwords } from './password.ts';
import * as store from './store.ts';

/** NOTIFY channel; the payload is the id of a person whose sessions, role or rights have changed. */
export const PERSON_CHANGED_CHANNEL = 'fengsui_person';

const TOKEN_BYTES = 32;

export const hashOfToken = (token: string): Buffer => createHash('sha256').update(token).digest();

export const signedIn = ({ id, username, name, role, community }: store.PersonRow): SignedIn => ({
  id,
  username,
  name,
  role,
  community,
});

/** As a session has them: somebody with a one-time password may do nothing but set their own. */
const inSession = (row: store.PersonRow & { readonly oneTime: boolean }): SignedIn => ({
  ...signedIn(row),
  ...(row.oneTime ? { mustChangePassword: true as const } : {}),
});

/**
 * When a session ends: after idling, in any case some time after signing in, and with the access of a reader from
 * outside. ms wall.
 */
export const expiryOf = (createdAt: number, now: number, accessEnds?: Date | null): number =>
  Math.min(now + STAFF_LIMITS.sessionIdleMs, createdAt + STAFF_LIMITS.sessionMsMax, accessEnds?.getTime() ?? Infinity);

/** Whether somebody's access is over; it lasts to the end of its last day. */
const accessOver = ({ accessEnds }: { readonly accessEnds: Date | null }, now: number): boolean =>
  accessEnds !== null && now >= accessEnds.getTime();

const runOut = (person: store.CredentialedRow, now: number): boolean =>
  person.oneTime && now - person.passwordSetAt.getTime() > STAFF_LIMITS.oneTimePasswordMs;

export function tooManyFailures(failures: store.Failures): boolean {
  return (
    failures.both >= STAFF_LIMITS.loginFailuresPerUserAndAddressMax ||
    failures.address >= STAFF_LIMITS.loginFailuresPerAddressMax ||
    failures.username >= STAFF_LIMITS.loginFailuresPerUserMax
  );
}

export interface OpenedSession {
  readonly token: string;
  readonly user: SignedIn;
  readonly expiresAt: number;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

export interface Sessions extends SessionPort {
  /** Refuses `wrong-credentials`, `access-ended`, `too-many-tries` (whatever the password), `unavailable` when too many sign in at once. */
  open(
    credentials: Credentials,
    opened: (tx: Tx, user: SignedIn, now: number) => Promise<void>,
  ): Promise<Result<OpenedSession>>;
  /** The session's end (ms wall), or undefined when it is over. */
  expiresAt(token: string): Promise<number | undefined>;
  /** Whether it goes on; unlike the others this prolongs nothing. */
  lives(token: string): Promise<boolean>;
  close(token: string): Promise<void>;
}

/** Asks before the password is checked, which is what costs. Counts the try as failed until it succeeds. */
async function beginTry(tx: Tx, { username, address }: Credentials, now: number): Promise<boolean> {
  await store.lockTries(tx, username, address);
  const failures = await store.countFailures(tx, username, address, now - STAFF_LIMITS.loginWindowMs);
  if (tooManyFailures(failures)) return false;
  await store.insertFailure(tx, username, address, now);
  return true;
}

async function openSession(
  tx: Tx,
  person: store.CredentialedRow,
  address: string,
  now: number,
): Promise<OpenedSession> {
  await store.clearFailures(tx, person.username, address);
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const expiresAt = expiryOf(now, now, person.accessEnds);
  await store.insertSession(tx, { tokenHash: hashOfToken(token), person: person.id, expiresAt }, now);
  return { token, user: inSession(person), expiresAt };
}

export function makeSessions(db: Db, clock: Clock, passwords: Passwords): Sessions {
  const look = async (token: string): Promise<{ user: SignedIn; expiresAt: number } | undefined> => {
    const now = clock.now();
    const tokenHash = hashOfToken(token);
    return db.transaction(async (tx) => {
      const row = await store.findSession(tx, tokenHash, now);
      if (row === undefined || accessOver(row, now)) return undefined;
      let expiresAt = row.expiresAt.getTime();
      if (now - row.seenAt.getTime() >= STAFF_LIMITS.sessionTouchMs) {
        expiresAt = expiryOf(row.createdAt.getTime(), now, row.accessEnds);
        await store.touchSession(tx, tokenHash, expiresAt, now);
      }
      return { user: inSession(row), expiresAt };
    });
  };
  return {
    open: async (given, opened) => {
      const now = clock.now();
      const credentials = { ...given, username: given.username.trim().toLowerCase() };
      const may = await db.transaction((tx) => beginTry(tx, credentials, now));
      if (!may) return refuse('too-many-tries');
      const person = await db.transaction((tx) => store.findByUsername(tx, credentials.username));
      const fits = await passwords.fits(person?.hash, credentials.password);
      if (fits === undefined) return refuse('unavailable');
      if (!fits || person === undefined || runOut(person, now)) return refuse('wrong-credentials');
      // Told only to who knows the password: to others the account may as well not exist.
      if (accessOver(person, now)) return refuse('access-ended');
      const session = await db.transaction(async (tx) => {
        const made = await openSession(tx, person, credentials.address, now);
        await opened(tx, made.user, now);
        return made;
      });
      return ok(session);
    },
    find: async (token) => (await look(token))?.user,
    expiresAt: async (token) => (await look(token))?.expiresAt,
    lives: async (token) => {
      const now = clock.now();
      const row = await db.transaction((tx) => store.findSession(tx, hashOfToken(token), now));
      return row !== undefined && !accessOver(row, now);
    },
    close: async (token) => {
      await db.transaction(async (tx) => {
        const tokenHash = hashOfToken(token);
        const row = await store.findSession(tx, tokenHash, clock.now());
        await store.deleteSession(tx, tokenHash);
        if (row !== undefined) await tx.query('SELECT pg_notify($1, $2)', [PERSON_CHANGED_CHANNEL, row.id]);
      });
    },
  };
}
