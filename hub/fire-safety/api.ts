// What the policy table, timers, rules and the demo may ask of fire-safety management.
import type { CommandContext } from '../events/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { HAZARD_TIMER, hazardTimer } from './hazard-watch.ts';
import { ITEM_TIMER, itemTimer } from './authority.ts';
import { AUTHORITY_RULE, HAZARD_KINDS, HAZARD_RULE, OVERDUE_RULE, TRAINING_RULE } from './norms.ts';
import { TRAINING_TIMER, trainingTimer } from './training-watch.ts';

export {
  actOnHazard,
  amendHazard,
  assignHazard,
  extendHazard,
  orderFinished,
  orderForHazard,
  passHazard,
  reportHazard,
  type HazardPorts,
} from './hazards.ts';
export { actOnItem, enterNotice, enterVisit } from './authority.ts';
export { itemsOf, type Item } from './authority-store.ts';
export { attendTraining, changeTraining, countHousehold, endTraining, enterResult, planTraining } from './training.ts';
export { beginTrainingLooks, trainingLook } from './training-watch.ts';
export { enterPublicity, withdrawPublicity } from './publicity.ts';
export { fireSafetyRoutes } from './routes.ts';
export { OVERDUE_RULE, TRAINING_RULE } from './norms.ts';

export const FIRE_SAFETY_RULES = [HAZARD_KINDS, HAZARD_RULE, OVERDUE_RULE, AUTHORITY_RULE, TRAINING_RULE];

/** The timers that fire-safety management sets, with what to do when they are due. */
export const FIRE_SAFETY_TIMERS: Readonly<Record<string, (c: CommandContext, timer: DueTimer) => Promise<void>>> = {
  [HAZARD_TIMER]: hazardTimer,
  [ITEM_TIMER]: itemTimer,
  [TRAINING_TIMER]: trainingTimer,
};
