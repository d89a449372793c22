// What a person may do to a training now. Pure.
import type { TRAINING_ACTS } from './contract.ts';
import { LEADS } from './machine.ts';
import { FIRE_SAFETY_LIMITS } from './norms.ts';
import type { Training } from './training-store.ts';

export type TrainingAct = (typeof TRAINING_ACTS)[number];

/** Who counts households at the door beside whoever leads. */
export const DOOR: readonly string[] = ['frontdesk', 'steward'];
/** Neither of them is of the staff: they are trained as owners or by their own company. */
export const NOT_STAFF: readonly string[] = ['owner', 'committee', 'authority', 'contractor'];

/** What this person may do to a training now. */
export function trainingActs(
  t: Pick<Training, 'state' | 'audience' | 'at' | 'pass_score'>,
  who: { readonly role: string },
  attends: boolean,
  now: number,
): TrainingAct[] {
  const leads = LEADS.includes(who.role);
  const begun = t.state === 'held' || (t.state === 'planned' && now >= t.at.getTime() - FIRE_SAFETY_LIMITS.earlyMs);
  const staff = t.audience === 'staff';
  const may: Readonly<Record<TrainingAct, boolean>> = {
    // By oneself only while it is on: afterwards somebody who leads answers for it.
    attend: staff && begun && t.state === 'planned' && !attends && !NOT_STAFF.includes(who.role),
    enrol: staff && begun && leads,
    households: !staff && begun && (leads || DOOR.includes(who.role)),
    result: staff && begun && leads && t.pass_score !== null,
    hold: t.state === 'planned' && leads && now >= t.at.getTime(),
    change: t.state === 'planned' && leads,
    cancel: t.state === 'planned' && leads,
  };
  return (Object.keys(may) as TrainingAct[]).filter((act) => may[act]);
}
