// The commands of policies that tell people of fire-safety management: what became of a hazard, and what is overdue.
import type { CommandContext, EventPayloads } from './events/api.ts';
import type { MessageKey } from './messages/text.ts';
import { OVERDUE_RULE, TRAINING_RULE } from './fire-safety/api.ts';
import { localTime } from './print/api.ts';
import { communityOf } from './property/api.ts';
import { ruleInForce } from './rules/api.ts';

type To = { readonly role: string } | { readonly user: string };

/** Who hears of each act; nobody hears of what they did themselves. */
export function tellHazard(
  c: CommandContext,
  community: string,
  h: EventPayloads['hazard.changed'],
  event: string,
): void {
  const told: { readonly to: To; readonly message: MessageKey }[] = [];
  const major = h.grade === 'major';
  const { responsible } = h;
  switch (h.act) {
    case 'report':
      told.push({ to: { role: 'supervisor' }, message: 'notify.hazard-reported' });
      if (major) told.push({ to: { role: 'manager' }, message: 'notify.hazard-reported' });
      break;
    case 'assign':
      if (responsible !== undefined) told.push({ to: { user: responsible }, message: 'notify.hazard-assigned' });
      if (h.from === 'reported') told.push({ to: { user: h.reporter }, message: 'notify.hazard-taken-up' });
      break;
    case 'mend':
      told.push({ to: { role: 'inspector' }, message: 'notify.hazard-mended' });
      told.push({ to: { role: 'supervisor' }, message: 'notify.hazard-mended' });
      break;
    case 'fail':
      if (responsible !== undefined) told.push({ to: { user: responsible }, message: 'notify.hazard-failed' });
      told.push({ to: { role: 'supervisor' }, message: 'notify.hazard-failed' });
      break;
    case 'pass':
      told.push({ to: { user: h.reporter }, message: 'notify.hazard-cleared' });
      break;
    case 'dismiss':
      told.push({ to: { user: h.reporter }, message: 'notify.hazard-dismissed' });
      told.push({ to: { role: 'committee' }, message: 'notify.hazard-dismissed' });
      break;
    case 'reopen':
      told.push({ to: { role: 'supervisor' }, message: 'notify.hazard-reopened' });
      break;
    case 'extend':
      told.push({ to: { role: 'supervisor' }, message: 'notify.hazard-extended' });
      if (major) told.push({ to: { role: 'committee' }, message: 'notify.hazard-extended' });
      break;
    case 'comment':
      told.push({ to: { role: 'supervisor' }, message: 'notify.hazard-comment' });
      if (responsible !== undefined) told.push({ to: { user: responsible }, message: 'notify.hazard-comment' });
      if (h.reporter !== h.by) told.push({ to: { user: h.reporter }, message: 'notify.hazard-comment' });
      break;
    default:
      break;
  }
  for (const { to, message } of told)
    if (!('user' in to) || to.user !== h.by)
      c.emit({
        effect: 'notify',
        key: `hazard:${event}:${message}:${'user' in to ? to.user : to.role}`,
        community,
        to,
        urgency: major && h.act !== 'comment' ? 'urgent' : 'normal',
        message,
        args: { number: h.number, title_zh: h.title.zh, title_en: h.title.en },
        link: `/hazards/${h.hazard}`,
      });
}

/** Who must act, and the fire supervisor; later the project manager, then the committee. */
export async function tellOverdue(
  c: CommandContext,
  community: string,
  h: EventPayloads['hazard.overdue'],
  event: string,
): Promise<void> {
  const { managerFrom, committeeFrom } = (await ruleInForce(c.tx, community, OVERDUE_RULE)).value;
  const to: To[] = [{ role: 'supervisor' }];
  if (h.step === 'mend' && h.responsible !== undefined) to.push({ user: h.responsible });
  if (h.step === 'recheck') to.push({ role: 'inspector' });
  if (h.round >= managerFrom) to.push({ role: 'manager' });
  if (h.round >= committeeFrom) to.push({ role: 'committee' });
  for (const one of to)
    c.emit({
      effect: 'notify',
      key: `hazard-overdue:${event}:${'user' in one ? one.user : one.role}`,
      community,
      to: one,
      urgency: 'urgent',
      message: 'notify.hazard-overdue',
      args: { number: h.number, title_zh: h.title.zh, title_en: h.title.en, step: h.step },
      link: `/hazards/${h.hazard}`,
    });
}

const itemPage = (
  c: CommandContext,
  community: string,
  i: { readonly visit: string; readonly number: string; readonly demand: string },
  page: { readonly key: string; readonly to: To; readonly message: MessageKey; readonly days?: number },
): void =>
  c.emit({
    effect: 'notify',
    key: `${page.key}:${'user' in page.to ? page.to.user : page.to.role}`,
    community,
    to: page.to,
    urgency: 'urgent',
    message: page.message,
    args: { number: i.number, demand: i.demand, days: page.days ?? 0 },
    link: `/authority/${i.visit}`,
  });

/** [F7] A new demand is the supervisor's and the manager's to know; who is named hears it, and when it was not enough. */
export function tellRectification(
  c: CommandContext,
  community: string,
  i: EventPayloads['rectification.changed'],
  event: string,
): void {
  const key = `rectification:${event}`;
  const tell = (to: To, message: MessageKey): void => itemPage(c, community, i, { key, to, message });
  if (i.act === 'demand') for (const role of ['supervisor', 'manager']) tell({ role }, 'notify.rectification-demanded');
  if (i.act === 'do') tell({ role: 'supervisor' }, 'notify.rectification-done');
  if (i.responsible === undefined || i.responsible === i.by) return;
  if (i.act === 'assign') tell({ user: i.responsible }, 'notify.rectification-assigned');
  if (i.act === 'refuse') tell({ user: i.responsible }, 'notify.rectification-refused');
}

/** [F7] What nobody has taken on, what is due soon, and what is overdue: that also goes to manager and committee. */
export async function tellRectificationDue(
  c: CommandContext,
  community: string,
  i: EventPayloads['rectification.due'],
  event: string,
): Promise<void> {
  const { managerFrom, committeeFrom } = (await ruleInForce(c.tx, community, OVERDUE_RULE)).value;
  const to: To[] = [{ role: 'supervisor' }];
  if (i.responsible !== undefined) to.push({ user: i.responsible });
  if (i.step === 'overdue' && i.round >= managerFrom) to.push({ role: 'manager' });
  if (i.step === 'overdue' && i.round >= committeeFrom) to.push({ role: 'committee' });
  const key = `rectification-due:${event}`;
  for (const one of to)
    itemPage(c, community, i, { key, to: one, message: `notify.rectification-${i.step}`, days: i.days });
}

/** [F5] Whoever is to be trained by the rule hears when and where. */
export async function tellTraining(
  c: CommandContext,
  community: string,
  t: EventPayloads['training.planned'],
): Promise<void> {
  if (t.audience !== 'staff') return;
  const { roles } = (await ruleInForce(c.tx, community, TRAINING_RULE)).value;
  const zone = (await communityOf(c.tx, community))?.timeZone ?? 'UTC';
  for (const { role } of roles)
    c.emit({
      effect: 'notify',
      key: `training:${t.training}:${role}`,
      community,
      to: { role },
      urgency: 'normal',
      message: 'notify.training-planned',
      args: { topic: t.topic, place: t.place, at: localTime(t.at, zone).slice(0, 16) },
      link: `/training/${t.training}`,
    });
}

const DUE_MESSAGES = {
  person: ['notify.training-due', 'notify.training-overdue'],
  owners: ['notify.training-owners-due', 'notify.training-owners-overdue'],
  publicity: ['notify.publicity-due', 'notify.publicity-overdue'],
} as const;

/** [F5] The person and the fire supervisor; what stays overdue goes to manager and committee, like everything overdue. */
export async function tellTrainingDue(
  c: CommandContext,
  community: string,
  due: EventPayloads['training.due'],
): Promise<void> {
  const { managerFrom, committeeFrom } = (await ruleInForce(c.tx, community, OVERDUE_RULE)).value;
  const zone = (await communityOf(c.tx, community))?.timeZone ?? 'UTC';
  const to: To[] = [{ role: 'supervisor' }];
  if (due.person !== undefined) to.push({ user: due.person });
  if (due.round >= managerFrom) to.push({ role: 'manager' });
  if (due.round >= committeeFrom) to.push({ role: 'committee' });
  for (const one of to)
    c.emit({
      effect: 'notify',
      // The round, not the event: what is told daily would be told daily for ever.
      key: `training-due:${due.of}:${due.person ?? community}:${due.dueAt}:${due.round}:${'user' in one ? one.user : one.role}`,
      community,
      to: one,
      urgency: due.round === 0 ? 'normal' : 'urgent',
      message: DUE_MESSAGES[due.of][due.round === 0 ? 0 : 1],
      args: { name: due.name ?? '', day: localTime(due.dueAt, zone).slice(0, 10), days: Math.abs(due.days) },
      link: due.of === 'publicity' ? '/publicity' : '/training',
    });
}
