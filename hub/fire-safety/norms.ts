// The numbers and lists of fire-safety management as rule sets: kinds of hazard, how fast each grade is put right, who
// hears when it is not.
import { Type, type Static } from 'typebox';
import { ROLES } from '../http/policy.ts';
import { ruleSet } from '../rules/api.ts';

const closed = { additionalProperties: false } as const;

export const GRADES = ['general', 'major'] as const;
export type Grade = (typeof GRADES)[number];
/** What people do wrong, how the building is laid out, what is broken or missing. */
export const FAMILIES = ['violation', 'layout', 'equipment'] as const;
export type Family = (typeof FAMILIES)[number];

const HazardKind = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' }),
    zh: Type.String({ minLength: 1, maxLength: 60 }),
    en: Type.String({ minLength: 1, maxLength: 60 }),
    family: Type.Enum([...FAMILIES]),
    /** What is proposed for it; the fire supervisor decides. */
    grade: Type.Enum([...GRADES]),
  },
  closed,
);
export type HazardKind = Static<typeof HazardKind>;

const kind = (id: string, zh: string, en: string, family: Family, grade: Grade): HazardKind => ({
  id,
  zh,
  en,
  family,
  grade,
});

export const HAZARD_KINDS = ruleSet({
  id: 'fire-safety.hazard-kinds',
  version: '2026-1',
  source:
    'Order 61 of the Ministry of Public Security (2001) Art. 31 (acts to be put right at once), Order 5 of the Ministry of Emergency Management (2021, high-rise civil buildings); requirement F5 (layout defects: zones, separation, escape routes); which grade: own',
  schema: Type.Object({ kinds: Type.Array(HazardKind, { minItems: 1, maxItems: 60 }) }, closed),
  value: {
    kinds: [
      kind('blocked-exit', '堵塞、占用疏散通道或安全出口', 'Escape route or exit blocked', 'violation', 'major'),
      kind('locked-exit', '安全出口上锁', 'Exit locked', 'violation', 'major'),
      kind('blocked-lane', '占用、堵塞消防车通道', 'Fire lane blocked', 'violation', 'major'),
      kind('e-bike', '电动自行车进楼停放、充电', 'E-bike parked or charged inside the building', 'violation', 'major'),
      kind('propped-door', '常闭式防火门处于开启状态', 'Fire door propped open', 'violation', 'general'),
      kind('stored-goods', '楼道、前室堆放杂物', 'Goods stored in corridor or lobby', 'violation', 'general'),
      kind('hot-work', '违章动火作业', 'Illegal hot work', 'violation', 'major'),
      kind('wiring', '违章用电、私拉电线', 'Illegal wiring or use of electricity', 'violation', 'general'),
      kind('equipment', '消防设施、器材损坏或缺失', 'Fire equipment damaged or missing', 'equipment', 'general'),
      kind('covered', '遮挡、圈占消火栓等消防设施', 'Hydrant or other equipment covered', 'violation', 'general'),
      kind('zone', '防火分区不符合要求', 'Fire zone not as required', 'layout', 'major'),
      kind('separation', '防火间距、防火分隔不符合要求', 'Fire separation not as required', 'layout', 'major'),
      kind('escape-route', '安全疏散设置不合理', 'Escape routes badly laid out', 'layout', 'major'),
      kind('other', '其他', 'Other', 'violation', 'general'),
    ],
  },
});

const hours = (maximum: number) => Type.Integer({ minimum: 1, maximum });
const GradeRule = Type.Object(
  {
    /** From the report until a responsible person and a deadline are named. */
    triageHours: hours(720),
    /** From there until it is put right, at most. */
    mendHours: hours(24 * 366),
    /** From there until somebody else has rechecked it. */
    recheckHours: hours(720),
    /** By how much one extension may move the deadline. */
    extendHoursMax: hours(24 * 366),
    /** What is done meanwhile must be said. */
    measures: Type.Boolean(),
  },
  closed,
);

export const HAZARD_RULE = ruleSet({
  id: 'fire-safety.hazards',
  version: '2026-1',
  source:
    'Order 61 of the Ministry of Public Security (2001) Art. 31–33 (at once, or measures, deadline, responsible people; safety kept meanwhile); requirement F5; the hours and days: own',
  schema: Type.Object(
    {
      general: GradeRule,
      major: GradeRule,
      /** The same kind at the same place within so many days is a repeat. */
      repeatDays: Type.Integer({ minimum: 1, maximum: 3_660 }),
    },
    closed,
  ),
  value: {
    general: { triageHours: 24, mendHours: 168, recheckHours: 72, extendHoursMax: 168, measures: false },
    major: { triageHours: 2, mendHours: 72, recheckHours: 24, extendHoursMax: 720, measures: true },
    repeatDays: 180,
  },
});
export type HazardRule = Static<typeof HAZARD_RULE.schema>;

export const OVERDUE_RULE = ruleSet({
  id: 'fire-safety.overdue',
  version: '2026-1',
  source: 'Requirement F5 (followed until cleared, with the committee looking on), F7; the hours: own',
  schema: Type.Object(
    {
      /** What is overdue is told again after this long. */
      repeatHours: hours(720),
      /** From which telling on the project manager, and the committee, hear it too; 1 is the first. */
      managerFrom: Type.Integer({ minimum: 1, maximum: 100 }),
      committeeFrom: Type.Integer({ minimum: 1, maximum: 100 }),
    },
    closed,
  ),
  value: { repeatHours: 24, managerFrom: 2, committeeFrom: 4 },
});

export const AUTHORITY_RULE = ruleSet({
  id: 'fire-safety.authority',
  version: '2026-1',
  source: 'Requirement F7 (inspections, notices and rectification tracked); the hours and days: own',
  schema: Type.Object(
    {
      /** From the paper until each thing it wants is somebody's. */
      assignHours: hours(720),
      /** How many days before its deadline it is told again. */
      remindDays: Type.Array(Type.Integer({ minimum: 1, maximum: 365 }), { maxItems: 10 }),
    },
    closed,
  ),
  value: { assignHours: 24, remindDays: [7, 3, 1] },
});

const months = Type.Integer({ minimum: 1, maximum: 60 });
export const TRAINING_RULE = ruleSet({
  id: 'fire-safety.training',
  version: '2026-1',
  source:
    'Order 61 of the Ministry of Public Security (2001) Art. 36 (each employee at least yearly, in places of public assembly at least half-yearly, whoever is new before taking up the post; publicity all the time), Art. 38 (control room and fire supervisors: special training); requirement F5; roles, owners, publicity, the score and the days: own',
  schema: Type.Object(
    {
      /** The site is a place where the public gathers (公众聚集场所). */
      crowded: Type.Boolean(),
      crowdedMonths: months,
      /** How often each role is trained; a role that is not named need not be. */
      roles: Type.Array(Type.Object({ role: Type.Enum([...ROLES]), months }, closed), { maxItems: ROLES.length }),
      /** Who is new is trained before taking up the post: so many days after being entered they are overdue. */
      newDays: Type.Integer({ minimum: 0, maximum: 90 }),
      ownersMonths: months,
      publicityMonths: months,
      /** Proposed for a test, out of 100. */
      passScore: Type.Integer({ minimum: 1, maximum: 100 }),
      /** Said so many days before it is due, and every so many days after. */
      remindDays: Type.Integer({ minimum: 1, maximum: 180 }),
      againDays: Type.Integer({ minimum: 1, maximum: 90 }),
    },
    closed,
  ),
  value: {
    crowded: false,
    crowdedMonths: 6,
    roles: [
      ...(['operator', 'supervisor', 'guard', 'technician'] as const).map((role) => ({ role, months: 6 })),
      ...(['manager', 'inspector', 'steward', 'frontdesk', 'finance', 'collector', 'legal'] as const).map((role) => ({
        role,
        months: 12,
      })),
    ],
    newDays: 3,
    ownersMonths: 12,
    publicityMonths: 3,
    passScore: 80,
    remindDays: 30,
    againDays: 7,
  },
});
export type TrainingRule = Static<typeof TRAINING_RULE.schema>;

export const FIRE_SAFETY_LIMITS = {
  listDefault: 50,
  listMax: 200,
  photosMax: 9,
  textMax: 2_000,
  /** Things that one paper wants put right. */
  itemsMax: 50,
  /** How far what has happened may lie ahead of the hub's clock, ms. */
  aheadMs: 300_000,
  /** Earlier hazards at the same place that are shown. */
  repeatsMax: 10,
  /** A timer that met a row in use comes back after this, ms. */
  busyMs: 200,
  /** Who was at one training: people of the staff, households. */
  traineesMax: 500,
  householdsMax: 2_000,
  /** How long before it begins people may sign in to a training, ms. */
  earlyMs: 3_600_000,
  /** People whose training is watched. */
  watchedMax: 2_000,
} as const;
