// What other domains may ask of people: who someone is, whether a certificate is valid, and when a session must be
// looked at again. Whether someone may acknowledge now is decided by `duty`, which ranks higher: hence the port.
import type { Tx } from '../db/tx.ts';
import type { SignedIn } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import type { CertificateKind } from './contract.ts';
import { signedIn } from './sessions.ts';
import * as store from './store.ts';

export { makeSessions, PERSON_CHANGED_CHANNEL, type Sessions } from './sessions.ts';
export { makePasswords, type Passwords } from './password.ts';
export { addPerson, addCertificate } from './commands.ts';
export { makeFirstAdmin } from './first.ts';
export { makeSetup, type Setup } from './setup.ts';
export { CERTIFICATE_KINDS, type CertificateKind } from './contract.ts';

export { shiftSessions } from './store.ts';

/** Answered by `duty`: on a valid shift with a valid certificate at that moment (ms wall). */
export type QualifiedPort = (tx: Tx, user: SignedIn, at: number) => Promise<boolean>;

/** Also someone who has left: old work still shows who did it. */
export async function findUser(tx: Tx, id: string): Promise<(SignedIn & { readonly active: boolean }) | undefined> {
  const row = await store.findPerson(tx, id);
  return row && { ...signedIn(row), active: row.active };
}

/** Names of people by id; ids that are nobody's are left out. */
export async function namesOf(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  return new Map((await store.namesOf(tx, ids)).map(({ id, name }) => [id, name]));
}

/** Active people of a community with one of these roles. */
export async function usersByRole(tx: Tx, community: string, roles: readonly Role[]): Promise<SignedIn[]> {
  return (await store.peopleOf(tx, community, roles)).map(signedIn);
}

/** Whether the person holds a certificate of the kind that is valid at that moment (ms wall). */
export async function certified(tx: Tx, person: string, kind: CertificateKind, at: number): Promise<boolean> {
  const until = await store.certifiedUntil(tx, person, kind);
  return until !== undefined && at < until;
}

/** When each kind of certificate of each active person of a community runs out, the earliest first. */
export { certificatesIn, type HeldCertificate } from './store.ts';

/** Who works here, and since when the hub knows them. */
export { peopleSince, type EnteredPerson } from './store.ts';

/** Certificates of one person, revoked ones too. */
export { certificatesOf } from './store.ts';

/** When the person's last valid certificate of the kind runs out, ms wall; undefined without one, and once they left. */
export const certifiedUntil = (tx: Tx, person: string, kind: CertificateKind): Promise<number | undefined> =>
  store.certifiedUntil(tx, person, kind);

/** Whether the hub has nobody yet. */
export const hasNobody = async (tx: Tx): Promise<boolean> => !(await store.anyPerson(tx));

/** For the demo, whose users share a password. */
export const { findByUsername, setPassword } = store;

/** Throws away what no longer counts: ended sessions, old failures. */
export const forgetOldSessions = store.forgetOld;
