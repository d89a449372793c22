// Who is due for training, and the daily look that tells of it.
import { monthsLater } from '../clock.ts';
import type { Tx } from '../db/tx.ts';
import type { CommandContext, Effect } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { peopleSince } from '../staff/api.ts';
import { timersSet, type DueTimer } from '../timers-store.ts';
import { FIRE_SAFETY_LIMITS, TRAINING_RULE, type TrainingRule } from './norms.ts';
import { personDue, roundOf } from './training-due.ts';
import { lastShown, lastTrained } from './training-store.ts';

const DAY = 86_400_000;

export interface Watched {
  readonly people: readonly {
    readonly person: string;
    readonly name: string;
    readonly role: string;
    readonly last: number | undefined;
    readonly dueAt: number;
  }[];
  readonly owners: { readonly last: number | undefined; readonly dueAt: number | undefined };
  readonly publicity: { readonly last: number | undefined; readonly dueAt: number | undefined };
}

/** When everybody whom the rule names, the owners and publicity are due; ms wall. */
export async function watchTraining(tx: Tx, community: string, rule: TrainingRule): Promise<Watched> {
  const roles = rule.roles.map((r) => r.role);
  const people = await peopleSince(tx, community, roles, FIRE_SAFETY_LIMITS.watchedMax);
  const last = await lastTrained(
    tx,
    people.map((p) => p.id),
  );
  const { owners, publicity } = await lastShown(tx, community);
  // Where nobody was ever told anything the first people of the site are the beginning.
  const began = Math.min(...people.map((p) => p.since.getTime()));
  const next = (shown: Date | null, months: number): Watched['owners'] => {
    const from = shown?.getTime() ?? (Number.isFinite(began) ? began : undefined);
    return { last: shown?.getTime(), dueAt: from === undefined ? undefined : monthsLater(from, months) };
  };
  return {
    people: people.flatMap((p) => {
      const trained = last.get(p.id);
      const dueAt = personDue(rule, { role: p.role, since: p.since.getTime(), last: trained });
      return dueAt === undefined ? [] : [{ person: p.id, name: p.name, role: p.role, last: trained, dueAt }];
    }),
    owners: next(owners, rule.ownersMonths),
    publicity: next(publicity, rule.publicityMonths),
  };
}

/** Timer kind: is anybody's training due? Once a day. */
export const TRAINING_TIMER = 'fire-safety.training';
export const trainingLook = (community: string, dueAt: number): Effect => ({
  effect: 'timer',
  key: `${TRAINING_TIMER}:${community}`,
  kind: TRAINING_TIMER,
  community,
  dueAt,
  basis: 'calendar',
  payload: {},
});

/** Begins the daily look where nobody has: for communities that never planned a training. */
export async function beginTrainingLooks(c: CommandContext, communities: readonly string[]): Promise<void> {
  const looks = communities.map((id) => trainingLook(id, c.now + DAY));
  const set = await timersSet(
    c.tx,
    communities.map((id) => `${TRAINING_TIMER}:${id}`),
  );
  for (const look of looks) if (look.effect === 'timer' && !set.has(look.key)) c.emit(look);
}

/** Says who is due soon or overdue, each round once, and looks again tomorrow. */
export async function trainingTimer(c: CommandContext, { community }: DueTimer): Promise<void> {
  const rule = (await ruleInForce(c.tx, community, TRAINING_RULE)).value;
  const say = (of: 'person' | 'owners' | 'publicity', dueAt: number, person?: { id: string; name: string }): void => {
    const round = roundOf(dueAt, c.now, rule);
    if (round === undefined) return;
    const days = Math.ceil((dueAt - c.now) / DAY);
    c.emit({
      effect: 'event',
      event: {
        type: 'training.due',
        community,
        subject: person?.id ?? community,
        payload: { of, dueAt, days, round, ...(person === undefined ? {} : { person: person.id, name: person.name }) },
      },
    });
  };
  const watched = await watchTraining(c.tx, community, rule);
  for (const p of watched.people) say('person', p.dueAt, { id: p.person, name: p.name });
  if (watched.owners.dueAt !== undefined) say('owners', watched.owners.dueAt);
  if (watched.publicity.dueAt !== undefined) say('publicity', watched.publicity.dueAt);
  c.emit(trainingLook(community, c.now + DAY));
}
