// People and their certificates as a list shows them: who fits the search, which certificate needs somebody's attention.
import type { HeldCertificateView, PersonView } from '../../../hub/staff/contract.ts';

const DAY_MS = 86_400_000;

export type Standing = 'valid' | 'soon' | 'expired';

/** Days from one calendar day to another, both `2026-11-22`; negative when the second lies before the first. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);

/**
 * @param today day in the community's calendar; `expires` is the last day on which the certificate is valid
 * @param soonDays days ahead of its end from which it is marked: where the site's first warning comes
 */
export function standingOf(expires: string, today: string, soonDays: number): Standing {
  const left = daysBetween(today, expires);
  return left < 0 ? 'expired' : left <= soonDays ? 'soon' : 'valid';
}

/** By person, each kind's last to run out: an older one that was renewed is no cause for worry. */
export function latestOf(
  certificates: readonly HeldCertificateView[],
): ReadonlyMap<string, readonly HeldCertificateView[]> {
  const latest = new Map<string, Map<string, HeldCertificateView>>();
  for (const certificate of certificates) {
    const kinds = latest.get(certificate.person) ?? new Map<string, HeldCertificateView>();
    const known = kinds.get(certificate.kind);
    if (known === undefined || known.expires < certificate.expires) kinds.set(certificate.kind, certificate);
    latest.set(certificate.person, kinds);
  }
  return new Map([...latest].map(([person, kinds]) => [person, [...kinds.values()]]));
}

/** Days before its end at which the first of the site's warnings of a certificate comes. */
export const soonDaysOf = (warnDays: readonly number[]): number => Math.max(0, ...warnDays);

export interface PeopleQuery {
  readonly q?: string;
  readonly role?: string;
  /** `expiring`: a certificate runs out soon or has; `left`: also who has left. */
  readonly show?: string;
}

export function filterPeople(
  people: readonly PersonView[],
  certificates: ReadonlyMap<string, readonly HeldCertificateView[]>,
  query: PeopleQuery,
  at: { readonly today: string; readonly soonDays: number },
): readonly PersonView[] {
  const wanted = (query.q ?? '').trim().toLowerCase();
  return people.filter((person) => {
    if (!person.active && query.show !== 'left') return false;
    if (query.role && person.role !== query.role) return false;
    const held = certificates.get(person.id) ?? [];
    if (query.show === 'expiring' && !held.some((c) => standingOf(c.expires, at.today, at.soonDays) !== 'valid'))
      return false;
    const said = [person.name, person.username, person.phone ?? '', ...held.map((c) => c.no)].join(' ').toLowerCase();
    return wanted === '' || said.includes(wanted);
  });
}
