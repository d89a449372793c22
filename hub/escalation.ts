// An alarm for a life that nobody acknowledges goes further: to the other desks, to phones, to the manager, again until
// somebody does. One ladder a class and building, on the durable timer table, so that a flood pages people and not
// every detector. Each page has its own proof of delivery (hub/notify).
import { Type } from 'typebox';
import { ALARM_CLASSES } from '../device-profiles/contract/signal.ts';
import { factOf, unattendedIn, type Unattended } from './alarms/api.ts';
import { onDuty } from './duty/api.ts';
import type { AlarmFact, CommandContext, Effect } from './events/api.ts';
import { textOf } from './messages/text.ts';
import { whereOf } from './notice-words.ts';
import { ruleInForce, ruleSet } from './rules/api.ts';
import { holdTimer, type DueTimer } from './timers-store.ts';

const Ms = Type.Integer({ minimum: 5_000, maximum: 3_600_000 });

export const ESCALATION = ruleSet({
  id: 'alarms.escalation',
  version: '2026-1',
  source: 'own: requirement S2; an acknowledgement is expected from whoever sits at the desk, within seconds',
  schema: Type.Object(
    {
      classes: Type.Array(Type.Enum([...ALARM_CLASSES]), { uniqueItems: true }),
      /** Since the alarm was stored: the others on duty, then phones of supervisors too, then the manager. */
      secondDeskMs: Ms,
      phoneMs: Ms,
      managerMs: Ms,
      /** After that, as long as nobody acknowledges. */
      againMs: Ms,
    },
    { additionalProperties: false },
  ),
  value: {
    classes: ['FIRE', 'ENTRAPMENT'],
    secondDeskMs: 30_000,
    phoneMs: 60_000,
    managerMs: 120_000,
    againMs: 300_000,
  },
});

/** Timer kind; the key is `alarm.unattended:{community}:{class}:{building}`. */
export const ESCALATION_TIMER = 'alarm.unattended';

const STEPS = ['second-desk', 'phone', 'manager'] as const;
type Step = (typeof STEPS)[number];
type Rule = (typeof ESCALATION)['value'];

interface Ladder {
  readonly class: AlarmFact['class'];
  readonly building: string | null;
  /** ms wall */
  readonly since: number;
  readonly step: Step;
  /** How often the last step was repeated. */
  readonly round: number;
}

const afterMs = (step: Step, rule: Rule): number =>
  ({ 'second-desk': rule.secondDeskMs, phone: rule.phoneMs, manager: rule.managerMs })[step];

const timerOf = (community: string, ladder: Ladder, dueAt: number): Effect => ({
  effect: 'timer',
  key: `${ESCALATION_TIMER}:${community}:${ladder.class}:${ladder.building ?? ''}`,
  kind: ESCALATION_TIMER,
  community,
  dueAt,
  basis: 'duration',
  payload: { ...ladder },
});

/** Begins a ladder; one that is still climbing takes the new alarm with it, one that only repeats begins anew. */
export async function beginEscalation(c: CommandContext, a: AlarmFact, at: number): Promise<void> {
  const rule = (await ruleInForce(c.tx, a.community, ESCALATION)).value;
  if (!rule.classes.includes(a.class)) return;
  const ladder: Ladder = { class: a.class, building: a.building ?? null, since: at, step: STEPS[0], round: 0 };
  const timer = timerOf(a.community, ladder, at + rule.secondDeskMs);
  const running = timer.effect === 'timer' ? await holdTimer(c.tx, timer.key) : undefined;
  if (running === undefined || running['round'] !== 0) c.emit(timer);
}

/** A step is due: whoever has acknowledged everything ends the ladder, else it climbs. */
export async function escalateUnacknowledged(c: CommandContext, timer: DueTimer): Promise<void> {
  const { community } = timer;
  // The payload is what timerOf stored, gone through JSON.
  const ladder = timer.payload as Record<string, unknown> & Ladder;
  const found = await unattendedIn(c.tx, { community, class: ladder.class, building: ladder.building });
  if (!found) return;
  const rule = (await ruleInForce(c.tx, community, ESCALATION)).value;
  await page(c, ladder, found);
  const next = STEPS[STEPS.indexOf(ladder.step) + 1];
  if (next === undefined) c.emit(timerOf(community, { ...ladder, round: ladder.round + 1 }, c.now + rule.againMs));
  // A clock that was set moves the timer, and with it the steps that follow.
  else
    c.emit(
      timerOf(community, { ...ladder, step: next }, timer.dueAt + afterMs(next, rule) - afterMs(ladder.step, rule)),
    );
}

/** Those on duty; then supervisors too; then the manager. With nobody on duty every operator. */
async function recipients(
  c: CommandContext,
  community: string,
  step: Step,
): Promise<({ readonly role: string } | { readonly user: string })[]> {
  if (step === 'manager') return [{ role: 'manager' }];
  const duty = await onDuty(c.tx, community, 'operator', c.now);
  const desks = duty.length > 0 ? duty.map(({ id }) => ({ user: id })) : [{ role: 'operator' }];
  return step === 'second-desk' ? desks : [...desks, { role: 'supervisor' }];
}

async function page(c: CommandContext, ladder: Ladder, { count, first }: Unattended): Promise<void> {
  const fact = factOf(first, c.now);
  const { community, text, mode } = fact;
  const title = mode === undefined ? text : textOf(`notify.fire-in-${mode}`, { title_zh: text.zh, title_en: text.en });
  const where = await whereOf(c.tx, fact);
  const seconds = Math.round((c.now - first.received_at) / 1_000);
  for (const to of await recipients(c, community, ladder.step))
    c.emit({
      effect: 'notify',
      key: `unattended:${first.id}:${ladder.since}:${ladder.step}:${ladder.round}`,
      community,
      to,
      urgency: 'life',
      message: `notify.unattended-${ladder.step}`,
      args: { title_zh: title.zh, title_en: title.en, where_zh: where.zh, where_en: where.en, seconds, count },
      link: `/?alarm=${first.id}`,
    });
}
