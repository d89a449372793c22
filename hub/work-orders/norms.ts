// The numbers of work orders as rule sets with their sources: clocks by duty class, waits that pause, patience, hold.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../rules/api.ts';
import type { AlarmClass } from '../../device-profiles/contract/signal.ts';
import type { OrderKind, WaitReason } from './contract.ts';
import { MAINTENANCE_CONTRACTS, RESCUE_NORMS } from './rescue-norms.ts';

const Ms = Type.Integer({ minimum: 1_000, maximum: 366 * 86_400_000, unit: 'ms' });
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Clocks of one duty class, ms from the opening of the order. A clock that is absent does not run. */
export const DutyNorm = Type.Object(
  {
    priority: Type.Enum(['life', 'urgent', 'normal']),
    /** Someone has accepted it (a rescue: the intercom was answered). */
    respond: Ms,
    /** Someone is on site. */
    arrive: Ms,
    /** It works again. A rescue has none: it is over when everyone is out. */
    restore: Type.Optional(Ms),
    /** Rescue only: the maintenance company was called. */
    contractorCalled: Type.Optional(Ms),
  },
  { additionalProperties: false },
);
export type DutyNorm = Static<typeof DutyNorm>;

export const DUTY_CLASSES = [
  'rescue',
  'rescue-outside',
  'fire',
  'impairment',
  'elevator',
  'extinguisher',
  'comms',
  'general',
] as const;
export type DutyClass = (typeof DUTY_CLASSES)[number];

const classes = (norm: typeof DutyNorm) =>
  Type.Object(
    {
      rescue: norm,
      'rescue-outside': norm,
      fire: norm,
      impairment: norm,
      elevator: norm,
      extinguisher: norm,
      comms: norm,
      general: norm,
    },
    { additionalProperties: false },
  );

export const DUTY_NORMS = ruleSet({
  id: 'work-orders.duty-norms',
  version: '2026-1',
  source:
    'rescue: requirement S5 and TSG T5002-2017 (arrival 30 min in cities, 1 h elsewhere); restore of fire systems: ' +
    'requirement F4 (a stop of use past 24 h is reported), urgent repairs done in 12 h; urgent answer in half an hour: ' +
    'CPMI 2004 level 1; urgent arrival 45 min, minor 24 h, complex 48 h: property trade norms; comms: own',
  schema: classes(DutyNorm),
  value: {
    rescue: { priority: 'life', respond: 30_000, contractorCalled: 3 * MINUTE, arrive: 30 * MINUTE },
    'rescue-outside': { priority: 'life', respond: 30_000, contractorCalled: 3 * MINUTE, arrive: 60 * MINUTE },
    fire: { priority: 'urgent', respond: 30 * MINUTE, arrive: 45 * MINUTE, restore: 12 * HOUR },
    impairment: { priority: 'urgent', respond: 30 * MINUTE, arrive: 45 * MINUTE, restore: 24 * HOUR },
    elevator: { priority: 'urgent', respond: 30 * MINUTE, arrive: 45 * MINUTE, restore: 24 * HOUR },
    extinguisher: { priority: 'normal', respond: 30 * MINUTE, arrive: 24 * HOUR, restore: 48 * HOUR },
    comms: { priority: 'urgent', respond: 30 * MINUTE, arrive: 4 * HOUR, restore: 24 * HOUR },
    general: { priority: 'normal', respond: 30 * MINUTE, arrive: 24 * HOUR, restore: 48 * HOUR },
  },
});

/**
 * Which waits are approved, and so pause the restore clock, and for how long at most (ms). A reason that is absent
 * pauses nothing unless a supervisor or manager orders the wait. Life has no pause at all.
 */
const WaitNorm = Type.Object({ pauseMax: Ms }, { additionalProperties: false });
export const WAIT_NORMS = ruleSet({
  id: 'work-orders.waits',
  version: '2026-1',
  source: 'DESIGN 8 (clocks pause only for approved waits); which and how long: own',
  schema: Type.Object(
    {
      approved: Type.Partial(
        Type.Object({
          parts: WaitNorm,
          access: WaitNorm,
          contractor: WaitNorm,
          power: WaitNorm,
          approval: WaitNorm,
          weather: WaitNorm,
        }),
        { additionalProperties: false },
      ),
      /** For a wait that a supervisor or manager orders with a reason that is not approved beforehand. */
      ordered: WaitNorm,
    },
    { additionalProperties: false },
  ),
  value: {
    approved: {
      parts: { pauseMax: 72 * HOUR },
      access: { pauseMax: 24 * HOUR },
      power: { pauseMax: 24 * HOUR },
      approval: { pauseMax: 72 * HOUR },
    },
    ordered: { pauseMax: 72 * HOUR },
  },
});
export type WaitNorms = Static<typeof WAIT_NORMS.schema>;

/** How long something may last before it needs an order, ms. */
export const PATIENCE = ruleSet({
  id: 'work-orders.patience',
  version: '2026-1',
  source:
    'own: a line that drops comes back by itself or not within minutes; 屏蔽 without an order is noticed in an hour',
  schema: Type.Object({ COMMS: Ms, DISABLED: Ms }, { additionalProperties: false }),
  value: { COMMS: 10 * MINUTE, DISABLED: 60 * MINUTE },
});

/** How often an order that nobody is on duty to take is offered and told again, ms. */
export const UNATTENDED = ruleSet({
  id: 'work-orders.unattended',
  version: '2026-1',
  source: 'requirement W1 (no request is lost); half of the shortest answer of a repair (30 min): told again before it',
  schema: Type.Object({ again: Ms }, { additionalProperties: false }),
  value: { again: 15 * MINUTE },
});

/** How long a signal must be gone without a break before its repair counts as verified by live data, ms. */
export const HOLD = ruleSet({
  id: 'work-orders.hold',
  version: '2026-1',
  source: 'DESIGN 8 (signal gone and steady for its hold time); lengths: own',
  schema: Type.Object(
    { FAULT: Ms, PROCESS: Ms, COMMS: Ms, DISABLED: Ms, ENTRAPMENT: Ms, other: Ms },
    { additionalProperties: false },
  ),
  // Short, because a signal has its own off-delay before it counts as cleared; a payment stage asks for hours (X3).
  value: {
    FAULT: 10 * SECOND,
    PROCESS: 30 * SECOND,
    COMMS: MINUTE,
    DISABLED: 10 * SECOND,
    ENTRAPMENT: 10 * SECOND,
    other: MINUTE,
  },
});
export type HoldNorms = Static<typeof HOLD.schema>;

/** Where the site lies: decides the arrival clock of a rescue. */
export const SITE_AREA = ruleSet({
  id: 'work-orders.site-area',
  version: '2026-1',
  source: 'requirement S5: 30 min in town, 60 min outside',
  schema: Type.Object({ area: Type.Enum(['town', 'outside']) }, { additionalProperties: false }),
  value: { area: 'town' },
});

export const ORDER_RULES = [
  DUTY_NORMS,
  WAIT_NORMS,
  PATIENCE,
  UNATTENDED,
  HOLD,
  SITE_AREA,
  RESCUE_NORMS,
  MAINTENANCE_CONTRACTS,
];

/** Hold time of a signal class, ms. */
export function holdMs(norms: HoldNorms, alarmClass: string): number {
  switch (alarmClass) {
    case 'FAULT':
    case 'PROCESS':
    case 'COMMS':
    case 'DISABLED':
    case 'ENTRAPMENT':
      return norms[alarmClass];
    default:
      return norms.other;
  }
}

/** The longest pause a wait may make, ms; 0: it pauses nothing. */
export function pauseMax(
  norms: WaitNorms,
  priority: DutyNorm['priority'],
  reason: WaitReason,
  ordered: boolean,
): number {
  if (priority === 'life') return 0;
  const approved = norms.approved[reason]?.pauseMax;
  return approved ?? (ordered ? norms.ordered.pauseMax : 0);
}

/** Kinds of device whose repairs keep a fire system working. */
const FIRE_SYSTEM = new Set([
  'fire-panel',
  'fire-pump',
  'jockey-pump',
  'water-tank',
  'water-main',
  'hydrant',
  'electrical-fire',
  'power-supply',
]);

/** Which clocks an alarm's order runs by. */
export function dutyClassOf(alarmClass: AlarmClass, deviceKind: string, area: 'town' | 'outside'): DutyClass {
  if (alarmClass === 'ENTRAPMENT') return area === 'town' ? 'rescue' : 'rescue-outside';
  if (alarmClass === 'COMMS') return 'comms';
  if (alarmClass === 'DISABLED') return 'impairment';
  if (deviceKind === 'extinguisher') return 'extinguisher';
  if (deviceKind === 'elevator') return 'elevator';
  return FIRE_SYSTEM.has(deviceKind) ? 'fire' : 'general';
}

export const isRescue = (kind: OrderKind): boolean => kind === 'rescue';
