// Warnings ahead of the end of every certificate, by the rule's days: to the person and the supervisor, each once.
import type { CommandContext } from '../events/api.ts';
import type { Tx } from '../db/tx.ts';
import { ruleInForce } from '../rules/api.ts';
import { certificatesIn } from '../staff/api.ts';
import type { CertificateState } from './contract.ts';
import { CERTIFICATE_RULE, DUTY_LIMITS } from './norms.ts';
import { daysUntil, warningOf } from './watch.ts';

/** Timer kind: a certificate of the community reaches a day on which it is warned of. */
export const CERTIFICATES_TIMER = 'duty.certificates';

/** Looks at every certificate, tells what is due to be told, and sets itself for the next. What was told is told once. */
export async function lookAtCertificates(c: CommandContext, community: string): Promise<void> {
  const { days } = (await ruleInForce(c.tx, community, CERTIFICATE_RULE)).value;
  let next: number | undefined;
  for (const { person, name, kind, until, lastDay } of await certificatesIn(
    c.tx,
    community,
    DUTY_LIMITS.certificatesMax,
  )) {
    const warning = warningOf(until, days, c.now);
    if (warning.nextAt !== undefined) next = Math.min(next ?? Infinity, warning.nextAt);
    if (warning.days === undefined) continue;
    const payload = { person, name, kind, until, lastDay, days: warning.days };
    c.emit({ effect: 'event', event: { type: 'duty.certificate-expiring', community, subject: person, payload } });
  }
  if (next === undefined) return;
  c.emit({
    effect: 'timer',
    key: `${CERTIFICATES_TIMER}:${community}`,
    kind: CERTIFICATES_TIMER,
    community,
    dueAt: next,
    basis: 'calendar',
    payload: {},
  });
}

/** Certificates of active people, the one that ends first in front. */
export async function certificateStates(tx: Tx, community: string, now: number): Promise<CertificateState[]> {
  const { days } = (await ruleInForce(tx, community, CERTIFICATE_RULE)).value;
  return (await certificatesIn(tx, community, DUTY_LIMITS.certificatesMax)).map((one) => ({
    person: one.person,
    name: one.name,
    role: one.role,
    kind: one.kind,
    until: new Date(one.until).toISOString(),
    lastDay: one.lastDay,
    daysLeft: daysUntil(one.until, now),
    warning: warningOf(one.until, days, now).days ?? null,
  }));
}
