// The commands of policies that tell people of duty: an empty room, overtime, a missed entry or roll call, a certificate
// that is about to end.
import type { CommandContext, EventPayloads } from './events/api.ts';
import { textOf, type MessageKey } from './messages/text.ts';
import type { PolicyPorts } from './policy-ports.ts';

interface Told {
  readonly key: string;
  readonly message: MessageKey;
  readonly args?: Record<string, string | number>;
  readonly urgency?: 'urgent' | 'normal';
  readonly link?: string;
}

function tell(
  c: CommandContext,
  community: string,
  to: { readonly role: string } | { readonly user: string },
  of: Told,
): void {
  const { key, message, args = {}, urgency = 'urgent', link = '/duty' } = of;
  c.emit({ effect: 'notify', key, community, to, urgency, message, args, link });
}

const both = ['supervisor', 'manager'] as const;

/** [F1] Nobody is in the control room: a FAULT of the hub's own, which a person closes. */
export const raiseUnstaffed = (c: CommandContext, ports: PolicyPorts, community: string): Promise<void> =>
  ports.raiseFault(c, { community, signal: 'duty', text: textOf('notify.unstaffed-empty') });

export function tellUnstaffed(
  c: CommandContext,
  community: string,
  { present, minimum }: EventPayloads['duty.unstaffed'],
  event: string,
): void {
  const message = present === 0 ? 'notify.unstaffed-empty' : 'notify.unstaffed';
  const args: Record<string, number> = present === 0 ? {} : { present, minimum };
  for (const role of both) tell(c, community, { role }, { key: `unstaffed:${event}:${role}`, message, args });
}

/** The person and the supervisor; the shift goes on meanwhile. */
export function tellOvertime(
  c: CommandContext,
  community: string,
  { person, name, reason }: EventPayloads['duty.overtime'],
  event: string,
): void {
  const told = { key: `duty-overtime:${event}`, message: 'notify.duty-overtime', args: { name, reason } } as const;
  tell(c, community, { user: person }, told);
  tell(c, community, { role: 'supervisor' }, told);
}

export function tellEntryMissed(
  c: CommandContext,
  community: string,
  { people }: EventPayloads['duty.entry-missed'],
  event: string,
): void {
  const told = { key: `entry-missed:${event}`, message: 'notify.entry-missed' } as const;
  for (const user of people) tell(c, community, { user }, told);
  tell(c, community, { role: 'supervisor' }, told);
}

export function tellRollCall(
  c: CommandContext,
  community: string,
  { source, people }: EventPayloads['duty.roll-call'],
  event: string,
): void {
  for (const user of people)
    tell(c, community, { user }, { key: `roll-call:${event}`, message: 'notify.roll-call', args: { source } });
}

/** Supervisor, manager, and who asked. */
export function tellRollCallMissed(
  c: CommandContext,
  community: string,
  { source, names, askedBy }: EventPayloads['duty.roll-call-missed'],
  event: string,
): void {
  const args = { source, names: names.join('、') || '—' };
  const told = { key: `roll-call-missed:${event}`, message: 'notify.roll-call-missed', args } as const;
  for (const role of both) tell(c, community, { role }, told);
  if (askedBy !== undefined) tell(c, community, { user: askedBy }, told);
}

/** Once for each of the rule's days, whatever happens in between. */
export function tellExpiring(
  c: CommandContext,
  community: string,
  { person, name, kind, until, lastDay, days }: EventPayloads['duty.certificate-expiring'],
): void {
  const told = {
    key: `certificate-expiring:${person}:${kind}:${until}:${days}`,
    message: 'notify.certificate-expiring',
    args: { name, kind, days, until: lastDay },
    urgency: 'normal',
  } as const;
  tell(c, community, { user: person }, told);
  tell(c, community, { role: 'supervisor' }, told);
}
