// Who has to be trained by when, and when owners and publicity are due. Pure.
import { monthsLater } from '../clock.ts';
import type { TrainingRule } from './norms.ts';

const DAY = 86_400_000;

/** Months between two trainings of a role; undefined: the rule does not ask for any. */
export function trainingMonths(rule: TrainingRule, role: string): number | undefined {
  const own = rule.roles.find((r) => r.role === role)?.months;
  return own === undefined ? undefined : rule.crowded ? Math.min(own, rule.crowdedMonths) : own;
}

/**
 * When a person is to be trained next (ms wall): so many months after the last one that counts, and before taking up the
 * post for whoever never was. Undefined: never.
 */
export function personDue(
  rule: TrainingRule,
  person: { readonly role: string; readonly since: number; readonly last?: number | undefined },
): number | undefined {
  const months = trainingMonths(rule, person.role);
  if (months === undefined) return undefined;
  return person.last === undefined ? person.since + rule.newDays * DAY : monthsLater(person.last, months);
}

/** How often it was told so far: 0 ahead of its time, then 1, 2, … past it; undefined: it is not told yet. */
export function roundOf(dueAt: number, now: number, rule: TrainingRule): number | undefined {
  if (now < dueAt - rule.remindDays * DAY) return undefined;
  return now < dueAt ? 0 : 1 + Math.floor((now - dueAt) / (rule.againDays * DAY));
}
