// Whether a hazard waits too long, and the timer that tells of it until somebody does what is due.
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import type { OVERDUE_STEPS } from './contract.ts';
import { lockHazardIfFree, saveHazard, type Hazard } from './hazard-store.ts';
import { FIRE_SAFETY_LIMITS, HAZARD_RULE, OVERDUE_RULE, type HazardRule } from './norms.ts';

/** Timer kind: what should have been done about a hazard by now was not. */
export const HAZARD_TIMER = 'fire-safety.hazard';

const HOUR = 3_600_000;
export type OverdueStep = (typeof OVERDUE_STEPS)[number];

/** What has to be done next, and by when (ms wall); undefined when nothing is left. Pure. */
export function nextDue(
  hazard: Pick<Hazard, 'state' | 'grade' | 'since' | 'deadline'>,
  rule: HazardRule,
): { readonly step: OverdueStep; readonly at: number } | undefined {
  const of = rule[hazard.grade];
  switch (hazard.state) {
    case 'reported':
      return { step: 'triage', at: hazard.since + of.triageHours * HOUR };
    case 'assigned':
      return { step: 'mend', at: hazard.deadline ?? hazard.since + of.mendHours * HOUR };
    case 'mended':
      return { step: 'recheck', at: hazard.since + of.recheckHours * HOUR };
    default:
      return undefined;
  }
}

const keyOf = (id: string): string => `${HAZARD_TIMER}:${id}`;

function setTimer(c: CommandContext, hazard: Hazard, dueAt: number): void {
  c.emit({
    effect: 'timer',
    key: keyOf(hazard.id),
    kind: HAZARD_TIMER,
    community: hazard.community,
    dueAt,
    // Deadlines are dates that people were told.
    basis: 'calendar',
    payload: { hazard: hazard.id },
  });
}

/** Sets the hazard's timer to what comes next, or takes it away. */
export async function watchHazard(c: CommandContext, hazard: Hazard): Promise<void> {
  const rule = (await ruleInForce(c.tx, hazard.community, HAZARD_RULE)).value;
  const due = nextDue(hazard, rule);
  if (due === undefined) c.emit({ effect: 'cancel-timer', key: keyOf(hazard.id) });
  else if (hazard.told === 0 || due.at > c.now) setTimer(c, hazard, due.at);
}

/** Tells that something is overdue, once a round, and comes back. */
export async function hazardTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const { hazard: id } = timer.payload as { readonly hazard: string };
  const hazard = await lockHazardIfFree(c.tx, timer.community, id);
  if (hazard === 'busy') {
    const { key, kind, community, payload } = timer;
    const dueAt = c.now + FIRE_SAFETY_LIMITS.busyMs;
    return c.emit({ effect: 'timer', key, kind, community, dueAt, basis: 'duration', payload });
  }
  if (!hazard) return;
  const due = nextDue(hazard, (await ruleInForce(c.tx, hazard.community, HAZARD_RULE)).value);
  if (due === undefined) return;
  if (due.at > c.now) return setTimer(c, hazard, due.at);
  const { repeatHours } = (await ruleInForce(c.tx, hazard.community, OVERDUE_RULE)).value;
  const round = hazard.told + 1;
  await saveHazard(c.tx, { ...hazard, told: round });
  c.emit({
    effect: 'event',
    event: {
      type: 'hazard.overdue',
      community: hazard.community,
      subject: hazard.id,
      payload: {
        hazard: hazard.id,
        number: hazard.number,
        step: due.step,
        due: due.at,
        round,
        title: hazard.kindName,
        ...(hazard.responsible === undefined ? {} : { responsible: hazard.responsible }),
      },
    },
  });
  setTimer(c, hazard, c.now + repeatHours * HOUR);
}
