// The commands of policies that tell people, and those that raise the hub's own faults: whom, how urgently, what.
import type { AlarmFact, CommandContext, EventPayloads, OrderFact } from './events/api.ts';
import { textOf, type MessageKey } from './messages/text.ts';
import { orderTitle, titleOf, whereOf } from './notice-words.ts';
import { lostPage, whyLost } from './notify/api.ts';
import type { PolicyPorts } from './policy-ports.ts';
import { whereWords } from './property/api.ts';
import { deviceNames } from './equipment/api.ts';
import { orderState } from './work-orders/api.ts';

type Urgency = 'life' | 'urgent' | 'normal';
interface Page {
  readonly key: string;
  readonly community: string;
  readonly to: { readonly role: string } | { readonly user: string };
  readonly urgency: Urgency;
  readonly message: MessageKey;
  readonly args: Record<string, string | number>;
  readonly link: string;
}

const tell = (c: CommandContext, page: Page): void => c.emit({ effect: 'notify', ...page });

/** A rescue has a console of its own. */
const orderLink = (o: OrderFact): string => (o.kind === 'rescue' ? `/rescue/${o.order}` : `/orders/${o.order}`);

/** Order numbers are for people; who is told of a life is told at the urgency of a life. */
async function tellOfOrder(
  c: CommandContext,
  community: string,
  o: OrderFact,
  page: Pick<Page, 'to' | 'message' | 'urgency'> & { readonly once: string; readonly args?: Record<string, string> },
): Promise<void> {
  const title = await orderTitle(c.tx, community, o);
  tell(c, {
    key: `${page.message}:${o.order}:${page.once}`,
    community,
    to: page.to,
    urgency: page.urgency,
    message: page.message,
    args: { number: o.number, title_zh: title.zh, title_en: title.en, ...page.args },
    link: orderLink(o),
  });
}

async function entrapmentPage(c: CommandContext, a: AlarmFact, to: Page['to'], message: MessageKey): Promise<Page> {
  const [title, where] = [titleOf(a), await whereOf(c.tx, a)];
  return {
    // One page a person, even for someone who is on duty and manager at once.
    key: `${message}:${a.alarm}`,
    community: a.community,
    to,
    urgency: 'life',
    message,
    args: { title_zh: title.zh, title_en: title.en, where_zh: where.zh, where_en: where.en },
    link: `/?alarm=${a.alarm}`,
  };
}

/** [S5] Those on duty in the control room answer the intercom; with nobody on duty, every operator is paged. */
export async function pageDuty(c: CommandContext, ports: PolicyPorts, a: AlarmFact): Promise<void> {
  const duty = await ports.onDuty(c.tx, a.community, 'operator', c.now);
  const to = duty.length > 0 ? duty.map((p) => ({ user: p.id })) : [{ role: 'operator' }];
  for (const one of to) tell(c, await entrapmentPage(c, a, one, 'notify.entrapment-duty'));
}

/** [S5] The maintenance company is called at once, and a leader comes in person. */
export async function pageForEntrapment(
  c: CommandContext,
  a: AlarmFact,
  role: 'contractor' | 'manager',
): Promise<void> {
  tell(c, await entrapmentPage(c, a, { role }, `notify.entrapment-${role}`));
}

/** An order that could not be dispatched, because nobody was on duty, must not lie unseen. */
export async function tellUnattended(c: CommandContext, community: string, o: OrderFact): Promise<void> {
  if ((await orderState(c.tx, o.order)) !== 'open') return;
  await tellOfOrder(c, community, o, {
    to: { role: 'supervisor' },
    message: 'notify.order-unattended',
    urgency: 'urgent',
    once: 'open',
  });
}

/** Still nobody: the supervisor hears it again, and from the second time on the manager too. */
export async function tellStillUnattended(
  c: CommandContext,
  community: string,
  o: EventPayloads['order.unattended'],
): Promise<void> {
  for (const role of o.round < 2 ? ['supervisor'] : ['supervisor', 'manager'])
    await tellOfOrder(c, community, o, {
      to: { role },
      message: 'notify.order-unattended',
      urgency: 'urgent',
      once: `again:${o.round}:${role}`,
    });
}

const seldomLife = (o: OrderFact): Urgency => (o.priority === 'normal' ? 'normal' : 'urgent');

export async function tellPool(c: CommandContext, community: string, o: OrderFact, event: string): Promise<void> {
  const to = { role: 'technician' };
  await tellOfOrder(c, community, o, { to, message: 'notify.order-dispatched', urgency: seldomLife(o), once: event });
}

export async function tellAssignee(c: CommandContext, community: string, o: OrderFact, event: string): Promise<void> {
  if (o.assignee === undefined) return;
  const to = { user: o.assignee };
  await tellOfOrder(c, community, o, { to, message: 'notify.order-assigned', urgency: seldomLife(o), once: event });
}

export async function tellReopened(c: CommandContext, community: string, o: OrderFact, event: string): Promise<void> {
  for (const role of ['supervisor', 'technician'])
    await tellOfOrder(c, community, o, {
      to: { role },
      message: 'notify.order-reopened',
      urgency: seldomLife(o),
      once: `${event}:${role}`,
    });
}

export async function tellDone(c: CommandContext, community: string, o: OrderFact, event: string): Promise<void> {
  const to = { role: 'supervisor' };
  await tellOfOrder(c, community, o, { to, message: 'notify.order-done', urgency: 'normal', once: event });
}

/** Whom a clock that ran out is told: the next above who should have met it. */
export async function escalate(
  c: CommandContext,
  community: string,
  o: EventPayloads['order.breached'],
  event: string,
): Promise<void> {
  const roles = o.kind === 'rescue' ? ['manager', 'supervisor', 'operator'] : ['supervisor', 'manager'];
  for (const role of roles)
    await tellOfOrder(c, community, o, {
      to: { role },
      message: 'notify.order-breached',
      urgency: o.priority === 'life' ? 'life' : 'urgent',
      once: `${event}:${role}`,
      args: { clock: o.clock },
    });
}

export async function tellFailedCheck(
  c: CommandContext,
  community: string,
  check: EventPayloads['check.failed'],
): Promise<void> {
  const { device } = check;
  const name = device === undefined ? undefined : (await deviceNames(c.tx, community, [device])).get(device);
  const where = await whereWords(c.tx, community, { ...check, what: name });
  const at = where.zh === '' ? textOf('notify.nowhere') : where;
  tell(c, {
    key: `check-failed:${check.check}`,
    community,
    to: { role: 'supervisor' },
    urgency: 'normal',
    message: 'notify.check-failed',
    args: { item_zh: `${at.zh}，${check.item}`, item_en: `${at.en}: ${check.item}` },
    link: '/checks',
  });
}

/** Nobody watches the control room: those who answer for it must know, each time anew. */
export function tellSilentDesk(c: CommandContext, a: AlarmFact, event: string): void {
  for (const role of ['supervisor', 'manager'])
    tell(c, {
      key: `desk-silent:${event}:${role}`,
      community: a.community,
      to: { role },
      urgency: 'urgent',
      message: 'notify.desk-silent',
      args: { title_zh: a.text.zh, title_en: a.text.en },
      link: `/?alarm=${a.alarm}`,
    });
}

export async function tellUnqualified(
  c: CommandContext,
  ports: PolicyPorts,
  community: string,
  lost: EventPayloads['duty.unqualified'],
  event: string,
): Promise<void> {
  const { reason = 'expired' } = lost;
  const person = await ports.person(c.tx, community, lost.person);
  tell(c, {
    key: `certificate-${reason}:${event}`,
    community,
    to: { role: 'supervisor' },
    urgency: 'urgent',
    message: `notify.certificate-${reason}`,
    args: { name: person?.name ?? lost.person },
    link: '/duty',
  });
}

export function tellUnderstaffed(
  c: CommandContext,
  community: string,
  duty: EventPayloads['duty.understaffed'],
  event: string,
): void {
  for (const role of ['supervisor', 'manager'])
    tell(c, {
      key: `understaffed:${event}:${role}`,
      community,
      to: { role },
      urgency: 'urgent',
      message: 'notify.understaffed',
      args: { qualified: duty.qualified, minimum: duty.minimum },
      link: '/duty',
    });
}

export const raisePolicyFault = (
  c: CommandContext,
  ports: PolicyPorts,
  community: string,
  failed: EventPayloads['policy.failed'],
): Promise<void> =>
  ports.raiseFault(c, {
    community,
    signal: 'policy',
    text: textOf('notify.policy-failed', { rule: failed.rule, error: failed.error }),
  });

/** Alarms are shown all the same, but a flood of them one by one. */
export const raiseGroupingFault = (
  c: CommandContext,
  ports: PolicyPorts,
  community: string,
  failed: EventPayloads['incidents.failed'],
): Promise<void> =>
  ports.raiseFault(c, {
    community,
    signal: 'grouping',
    text: textOf('notify.grouping-failed', { error: failed.error }),
  });

/** Someone or something set the hub's clock: durations moved with it, and what was written down is off by as much. */
export const raiseClockFault = (
  c: CommandContext,
  ports: PolicyPorts,
  community: string,
  jump: EventPayloads['clock.jumped'],
): Promise<void> =>
  ports.raiseFault(c, {
    community,
    signal: 'clock',
    text: textOf('notify.clock-jumped', { seconds: Math.round(jump.jumpMs / 1_000) }),
  });

/** Someone with the database's rights deleted records of what people did. */
export const raiseAuditFault = (
  c: CommandContext,
  ports: PolicyPorts,
  community: string,
  lost: EventPayloads['audit.lost'],
): Promise<void> =>
  ports.raiseFault(c, { community, signal: 'audit', text: textOf('notify.audit-lost', { count: lost.count }) });

/** A page for a life that nobody at all received: someone must go and tell. */
export async function raisePageFault(
  c: CommandContext,
  ports: PolicyPorts,
  community: string,
  lost: EventPayloads['notify.undelivered'],
): Promise<void> {
  if (await ports.reachedAnyone(c, lost.notification)) return;
  const [page, why] = [await lostPage(c.tx, lost.notification), whyLost(lost.error)];
  await ports.raiseFault(c, {
    community,
    signal: 'page',
    text: textOf('notify.page-lost', {
      page_zh: page?.zh ?? '',
      page_en: page?.en ?? '',
      error_zh: why.zh,
      error_en: why.en,
    }),
  });
}
