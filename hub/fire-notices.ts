// Whom a fire is told: what people reported to desk and gate, a step that is late to desk and manager, who answers for it.
import { onDuty } from './duty/api.ts';
import type { AlarmFact, CommandContext, EventPayloads, FireFact } from './events/api.ts';
import { REPORT_PAGE, TOLD_PAGE } from './handling/api.ts';
import { textOf } from './messages/text.ts';
import { titleOf, whereOf } from './notice-words.ts';
import { whereWords } from './property/api.ts';

type To = { readonly role: string } | { readonly user: string };

/** Those on duty in a role; with nobody on duty everyone of that role. */
async function onDutyOr(c: CommandContext, community: string, role: string): Promise<To[]> {
  const duty = await onDuty(c.tx, community, role, c.now);
  return duty.length > 0 ? duty.map(({ id }) => ({ user: id })) : [{ role }];
}

/** [S6] What a person tells of goes to the control room and to the gate at once, each page with its proof. */
export async function pageReport(c: CommandContext, a: AlarmFact, role: 'operator' | 'guard'): Promise<void> {
  const [title, where] = [titleOf(a), await whereOf(c.tx, a)];
  for (const to of await onDutyOr(c, a.community, role))
    c.emit({
      effect: 'notify',
      key: `${REPORT_PAGE}:${a.alarm}`,
      community: a.community,
      to,
      urgency: 'life',
      message: `notify.fire-reported-${role}`,
      args: { title_zh: title.zh, title_en: title.en, where_zh: where.zh, where_en: where.en },
      link: `/?alarm=${a.alarm}`,
    });
}

async function words(c: CommandContext, community: string, f: FireFact) {
  const where = await whereWords(c.tx, community, { ...f, what: f.what });
  const title =
    f.mode === undefined ? f.text : textOf(`notify.fire-in-${f.mode}`, { title_zh: f.text.zh, title_en: f.text.en });
  return { title_zh: title.zh, title_en: title.en, where_zh: where.zh, where_en: where.en };
}

/** [S3] A step is late: the desk is asked for it, and the manager knows. */
export async function tellBreach(
  c: CommandContext,
  community: string,
  f: EventPayloads['fire.breached'],
): Promise<void> {
  for (const to of [...(await onDutyOr(c, community, 'operator')), { role: 'manager' }])
    c.emit({
      effect: 'notify',
      key: `fire-late:${f.entry}`,
      community,
      to,
      urgency: 'urgent',
      message: 'notify.fire-late',
      args: { ...(await words(c, community, f)), clock: f.clock },
      link: `/fires/${f.fire}`,
    });
}

/** [S3] Report to the responsible person. */
export async function tellResponsible(
  c: CommandContext,
  community: string,
  f: EventPayloads['fire.told'],
): Promise<void> {
  c.emit({
    effect: 'notify',
    key: `${TOLD_PAGE}:${f.entry}`,
    community,
    to: { role: 'manager' },
    urgency: 'life',
    message: 'notify.fire-told',
    args: await words(c, community, f),
    link: `/fires/${f.fire}`,
  });
}
