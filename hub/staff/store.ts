// The SQL of people, passwords, sessions and certificates.
import type { Tx } from '../db/tx.ts';
import type { Role } from '../http/policy.ts';
import type { CertificateKind, CertificateView, HeldCertificateView, NewCertificate } from './contract.ts';

export interface PersonRow {
  readonly id: string;
  readonly community: string;
  readonly username: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  readonly phone: string | null;
  /** Last day of access, YYYY-MM-DD; null: without end. */
  readonly accessUntil: string | null;
}

const PERSON =
  'p.id, p.community, p.username, p.name, p.role, p.active, p.phone, p.access_until::text AS "accessUntil"';
/** The first moment at which a person may no longer be signed in; needs `JOIN property.community m`. */
const ENDS = `(p.access_until + 1)::timestamp AT TIME ZONE m.time_zone AS "accessEnds"`;
const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

/** Undefined when the user name is taken. Without a hash nobody can sign in as them yet. */
export async function insertPerson(
  tx: Tx,
  person: Omit<PersonRow, 'id' | 'active'>,
  hash: string | undefined,
  now: number,
): Promise<PersonRow | undefined> {
  const row = await tx.maybe<PersonRow>(
    `INSERT INTO staff.person AS p (community, username, name, role, phone, access_until, created_at)
     VALUES ($1, $2, $3, $4, $6, $7::date, ${at(5)}) ON CONFLICT (username) DO NOTHING RETURNING ${PERSON}`,
    [person.community, person.username, person.name, person.role, now, person.phone, person.accessUntil],
  );
  if (row !== undefined && hash !== undefined) await setPassword(tx, row.id, hash, now);
  return row;
}

export async function setPassword(tx: Tx, person: string, hash: string, now: number, oneTime = false): Promise<void> {
  await tx.run(
    `INSERT INTO staff.credential (person, hash, changed_at, one_time) VALUES ($1, $2, ${at(3)}, $4)
     ON CONFLICT (person) DO UPDATE
     SET hash = excluded.hash, changed_at = excluded.changed_at, one_time = excluded.one_time`,
    [person, hash, now, oneTime],
  );
}

export async function updatePerson(tx: Tx, person: PersonRow): Promise<void> {
  await tx.run(
    'UPDATE staff.person SET name = $2, role = $3, active = $4, phone = $5, access_until = $6::date WHERE id = $1',
    [person.id, person.name, person.role, person.active, person.phone, person.accessUntil],
  );
}

/** Locked until the end of the transaction. */
export async function lockPerson(tx: Tx, id: string, community: string): Promise<PersonRow | undefined> {
  return tx.maybe<PersonRow>(`SELECT ${PERSON} FROM staff.person p WHERE id = $1 AND community = $2 FOR UPDATE`, [
    id,
    community,
  ]);
}

export async function findPerson(tx: Tx, id: string): Promise<PersonRow | undefined> {
  return tx.maybe<PersonRow>(`SELECT ${PERSON} FROM staff.person p WHERE id = $1`, [id]);
}

export interface CredentialedRow extends PersonRow {
  readonly hash: string;
  readonly oneTime: boolean;
  readonly passwordSetAt: Date;
  readonly accessEnds: Date | null;
}

export async function findByUsername(tx: Tx, username: string): Promise<CredentialedRow | undefined> {
  return tx.maybe<CredentialedRow>(
    `SELECT ${PERSON}, c.hash, c.one_time AS "oneTime", c.changed_at AS "passwordSetAt", ${ENDS}
     FROM staff.person p JOIN staff.credential c ON c.person = p.id JOIN property.community m ON m.id = p.community
     WHERE p.username = $1 AND p.active`,
    [username],
  );
}

export async function hashOf(tx: Tx, person: string): Promise<string | undefined> {
  const row = await tx.maybe<{ hash: string }>('SELECT hash FROM staff.credential WHERE person = $1', [person]);
  return row?.hash;
}

/** Everybody of a community, also who has left. */
export async function everyone(tx: Tx, community: string): Promise<PersonRow[]> {
  return tx.query<PersonRow>(
    `SELECT ${PERSON} FROM staff.person p WHERE community = $1 ORDER BY active DESC, role, name, id`,
    [community],
  );
}

/** Names by id, of whoever of these is a person. */
export async function namesOf(tx: Tx, ids: readonly string[]): Promise<{ id: string; name: string }[]> {
  return tx.query('SELECT id, name FROM staff.person WHERE id = ANY ($1::text[])', [ids]);
}

/** Active people of a community, of these roles or of all. */
export async function peopleOf(tx: Tx, community: string, roles: readonly string[] | undefined): Promise<PersonRow[]> {
  return tx.query<PersonRow>(
    `SELECT ${PERSON} FROM staff.person p
     WHERE community = $1 AND active AND ($2::text[] IS NULL OR role = ANY ($2)) ORDER BY role, name, id`,
    [community, roles ?? null],
  );
}

export interface EnteredPerson {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly since: Date;
}

/** Active people of these roles with when they were entered. */
export const peopleSince = (
  tx: Tx,
  community: string,
  roles: readonly string[],
  max: number,
): Promise<EnteredPerson[]> =>
  tx.query<EnteredPerson>(
    `SELECT id, name, role, created_at AS since FROM staff.person
     WHERE community = $1 AND active AND role = ANY ($2::text[]) ORDER BY role, name, id LIMIT $3`,
    [community, roles, max],
  );

/** One first administrator, however many ask at once. */
export async function lockFirst(tx: Tx): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(7365104)');
}

export async function anyPerson(tx: Tx): Promise<boolean> {
  return (await tx.query('SELECT 1 FROM staff.person LIMIT 1')).length > 0;
}

export interface SessionRow extends PersonRow {
  readonly createdAt: Date;
  readonly seenAt: Date;
  readonly expiresAt: Date;
  readonly oneTime: boolean;
  readonly accessEnds: Date | null;
}

export async function insertSession(
  tx: Tx,
  session: { readonly tokenHash: Buffer; readonly person: string; readonly expiresAt: number },
  now: number,
): Promise<void> {
  await tx.run(
    `INSERT INTO staff.session (token_hash, person, created_at, seen_at, expires_at)
     VALUES ($1, $2, ${at(4)}, ${at(4)}, ${at(3)})`,
    [session.tokenHash, session.person, session.expiresAt, now],
  );
}

export async function findSession(tx: Tx, tokenHash: Buffer, now: number): Promise<SessionRow | undefined> {
  return tx.maybe<SessionRow>(
    `SELECT ${PERSON}, s.created_at AS "createdAt", s.seen_at AS "seenAt", s.expires_at AS "expiresAt",
       coalesce(c.one_time, false) AS "oneTime", ${ENDS}
     FROM staff.session s JOIN staff.person p ON p.id = s.person JOIN property.community m ON m.id = p.community
       LEFT JOIN staff.credential c ON c.person = p.id
     WHERE s.token_hash = $1 AND s.expires_at > ${at(2)} AND p.active`,
    [tokenHash, now],
  );
}

export async function touchSession(tx: Tx, tokenHash: Buffer, expiresAt: number, now: number): Promise<void> {
  await tx.run(`UPDATE staff.session SET seen_at = ${at(3)}, expires_at = ${at(2)} WHERE token_hash = $1`, [
    tokenHash,
    expiresAt,
    now,
  ]);
}

export async function deleteSession(tx: Tx, tokenHash: Buffer): Promise<number> {
  return tx.run('DELETE FROM staff.session WHERE token_hash = $1', [tokenHash]);
}

/** Moves the end of sessions with a jump of the wall clock, but of none that was used after it (`seenAt`: before it). */
export async function shiftSessions(tx: Tx, jump: { ms: number; seenAt: number }, now: number): Promise<number> {
  return tx.run(
    `UPDATE staff.session SET expires_at = expires_at + $1 * interval '1 millisecond',
       seen_at = seen_at + $1 * interval '1 millisecond', created_at = created_at + $1 * interval '1 millisecond'
     WHERE NOT (seen_at > ${at(2)} AND seen_at <= ${at(3)})`,
    [jump.ms, jump.seenAt + jump.ms, now],
  );
}

/** Ends all sessions of a person but the one given. */
export async function deleteSessionsOf(tx: Tx, person: string, but?: Buffer): Promise<number> {
  return tx.run('DELETE FROM staff.session WHERE person = $1 AND ($2::bytea IS NULL OR token_hash <> $2)', [
    person,
    but ?? null,
  ]);
}

/** Throws away sessions that have ended and failures that no longer count. */
export async function forgetOld(tx: Tx, now: number, failuresBefore: number): Promise<void> {
  await tx.run(`DELETE FROM staff.session WHERE expires_at <= ${at(1)}`, [now]);
  await tx.run(`DELETE FROM staff.failed_login WHERE at < ${at(1)}`, [failuresBefore]);
}

export interface Failures {
  readonly both: number;
  readonly address: number;
  readonly username: number;
}

/** Failed sign-ins since a moment (ms wall). */
export async function countFailures(tx: Tx, username: string, address: string, since: number): Promise<Failures> {
  return tx.one<Failures>(
    `SELECT count(*) FILTER (WHERE username = $1 AND address = $2)::int AS both,
            count(*) FILTER (WHERE address = $2)::int AS address,
            count(*) FILTER (WHERE username = $1)::int AS username
     FROM staff.failed_login WHERE at > ${at(3)} AND (username = $1 OR address = $2)`,
    [username, address, since],
  );
}

/** Serialises the tries of one user from one address, so that many at once do not each see the count before them. */
export async function lockTries(tx: Tx, username: string, address: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 7365103))`, [username, address]);
}

export async function insertFailure(tx: Tx, username: string, address: string, now: number): Promise<void> {
  await tx.run(`INSERT INTO staff.failed_login (username, address, at) VALUES ($1, $2, ${at(3)})`, [
    username,
    address,
    now,
  ]);
}

export async function clearFailures(tx: Tx, username: string, address: string): Promise<void> {
  await tx.run('DELETE FROM staff.failed_login WHERE username = $1 AND address = $2', [username, address]);
}

/** False when that kind and number exist. */
export async function insertCertificate(
  tx: Tx,
  person: string,
  certificate: NewCertificate,
  now: number,
): Promise<string | undefined> {
  const row = await tx.maybe<{ id: string }>(
    `INSERT INTO staff.certificate (person, kind, no, expires, level, created_at)
     VALUES ($1, $2, $3, $4::date, $6, ${at(5)}) ON CONFLICT (kind, no) DO NOTHING RETURNING id`,
    [person, certificate.kind, certificate.no, certificate.expires, now, certificate.level ?? null],
  );
  return row?.id;
}

export async function certificatesOf(tx: Tx, person: string): Promise<CertificateView[]> {
  const rows = await tx.query<
    Omit<CertificateView, 'revokedAt' | 'level'> & { revokedAt: Date | null; level: string | null }
  >(
    `SELECT id, kind, no, level, expires::text, revoked_at AS "revokedAt" FROM staff.certificate
     WHERE person = $1 ORDER BY kind, expires DESC, id`,
    [person],
  );
  return rows.map(({ revokedAt, level, ...rest }) => ({
    ...rest,
    ...(level === null ? {} : { level }),
    ...(revokedAt === null ? {} : { revokedAt: revokedAt.toISOString() }),
  }));
}

/** Certificates in force or run out, not revoked, of the active people of a community. */
export async function certificatesHeld(tx: Tx, community: string): Promise<HeldCertificateView[]> {
  const rows = await tx.query<Omit<HeldCertificateView, 'level'> & { level: string | null }>(
    `SELECT c.id, c.person, c.kind, c.no, c.level, c.expires::text
     FROM staff.certificate c JOIN staff.person p ON p.id = c.person
     WHERE p.community = $1 AND p.active AND c.revoked_at IS NULL ORDER BY c.expires, c.id`,
    [community],
  );
  return rows.map(({ level, ...rest }) => (level === null ? rest : { ...rest, level }));
}

export async function revokeCertificate(tx: Tx, id: string, person: string, now: number): Promise<number> {
  return tx.run(
    `UPDATE staff.certificate SET revoked_at = ${at(3)} WHERE id = $1 AND person = $2 AND revoked_at IS NULL`,
    [id, person, now],
  );
}

/** Moment (ms wall) at which the person's last certificate of the kind runs out; undefined without one, and once they left. */
export async function certifiedUntil(tx: Tx, person: string, kind: CertificateKind): Promise<number | undefined> {
  const row = await tx.one<{ until: Date | null }>(
    `SELECT max((c.expires + 1)::timestamp AT TIME ZONE m.time_zone) AS until
     FROM staff.certificate c JOIN staff.person p ON p.id = c.person JOIN property.community m ON m.id = p.community
     WHERE c.person = $1 AND c.kind = $2 AND c.revoked_at IS NULL AND p.active`,
    [person, kind],
  );
  return row.until?.getTime();
}

export interface HeldCertificate {
  readonly person: string;
  readonly name: string;
  readonly role: Role;
  readonly kind: CertificateKind;
  /** ms wall; of several of a kind the last. */
  readonly until: number;
  /** Last day on which it is valid, YYYY-MM-DD. */
  readonly lastDay: string;
}

/** When each kind of certificate of each active person runs out, the earliest first. */
export async function certificatesIn(tx: Tx, community: string, max: number): Promise<HeldCertificate[]> {
  const rows = await tx.query<Omit<HeldCertificate, 'until'> & { until: Date }>(
    `SELECT p.id AS person, p.name, p.role, c.kind,
       max((c.expires + 1)::timestamp AT TIME ZONE m.time_zone) AS until, max(c.expires)::text AS "lastDay"
     FROM staff.certificate c JOIN staff.person p ON p.id = c.person JOIN property.community m ON m.id = p.community
     WHERE p.community = $1 AND p.active AND c.revoked_at IS NULL
     GROUP BY p.id, p.name, p.role, c.kind ORDER BY until, p.name, p.id, c.kind LIMIT $2`,
    [community, max],
  );
  return rows.map((r) => ({ ...r, until: r.until.getTime() }));
}
