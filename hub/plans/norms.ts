// The kinds of incident that a community has plans for, as versioned data: a site adds its own.
import { Type } from 'typebox';
import type { Effect } from '../events/api.ts';
import { ruleSet } from '../rules/api.ts';
import { PlanKind } from './contract.ts';

const closed = { additionalProperties: false } as const;

const kind = (
  id: string,
  zh: string,
  en: string,
  classes: PlanKind['classes'] = [],
  deviceKinds: string[] = [],
): PlanKind => ({ id, name: { zh, en }, classes, deviceKinds });

export const PLAN_KINDS = ruleSet({
  id: 'plans.kinds',
  version: '2026-1',
  source:
    'Requirement W9 (a plan for every kind of incident); fire: GB 25506-2010 4.1 b, 4.2.2 c; entrapment: TSG T5002-2017; the list: own',
  schema: Type.Object({ kinds: Type.Array(PlanKind, { minItems: 1, maxItems: 60 }) }, closed),
  value: {
    kinds: [
      kind('fire', '火灾', 'Fire', ['FIRE', 'PREALARM']),
      kind('entrapment', '电梯困人', 'Lift entrapment', ['ENTRAPMENT']),
      kind('water-leak', '跑水、爆管', 'Water leak, burst pipe', ['PROCESS'], ['water-main', 'water-tank']),
      kind('power-outage', '停电', 'Power outage'),
      kind('gas', '燃气泄漏', 'Gas leak'),
      kind('flood', '暴雨、台风', 'Flood, typhoon'),
      kind('security', '打架、盗窃', 'Fight, theft'),
      kind('medical', '人员受伤、急病', 'Injury, sudden illness'),
    ],
  },
});

/** The kind whose plan stands beside such an alarm; undefined when the community has none for it. */
export const kindOfAlarm = (
  kinds: readonly PlanKind[],
  alarm: { readonly class: string; readonly deviceKind: string },
): PlanKind | undefined =>
  kinds.find(
    (k) =>
      k.classes.some((c) => c === alarm.class) &&
      (k.deviceKinds.length === 0 || k.deviceKinds.includes(alarm.deviceKind)),
  );

/** How often plans are exercised. */
export const DRILL_RULE = ruleSet({
  id: 'plans.drills',
  version: '2026-1',
  source:
    'Ministry of Public Security Order 61 (2001) Art. 40: key fire-safety units at least half-yearly, others at least yearly; TSG T5002-2017: lift rescue half-yearly; other kinds and the days: own',
  schema: Type.Object(
    {
      /** The community is a key unit of fire safety (消防安全重点单位). */
      keyUnit: Type.Boolean(),
      keyUnitFireMonths: Type.Integer({ minimum: 1, maximum: 60 }),
      fireMonths: Type.Integer({ minimum: 1, maximum: 60 }),
      entrapmentMonths: Type.Integer({ minimum: 1, maximum: 60 }),
      otherMonths: Type.Integer({ minimum: 1, maximum: 60 }),
      /** Said so many days before it is due, and every so many days after. */
      remindDays: Type.Integer({ minimum: 1, maximum: 180 }),
      againDays: Type.Integer({ minimum: 1, maximum: 90 }),
    },
    closed,
  ),
  value: {
    keyUnit: false,
    keyUnitFireMonths: 6,
    fireMonths: 12,
    entrapmentMonths: 6,
    otherMonths: 12,
    remindDays: 30,
    againDays: 7,
  },
});
export type DrillRule = typeof DRILL_RULE.value;

/** Months between two drills of a kind. */
export function monthsOf(rule: DrillRule, kind: string): number {
  if (kind === 'fire') return rule.keyUnit ? rule.keyUnitFireMonths : rule.fireMonths;
  return kind === 'entrapment' ? rule.entrapmentMonths : rule.otherMonths;
}

/** Timer kind: is a drill due or overdue? Once a day. */
export const DRILLS_TIMER = 'plans.drills-due';
export const drillsLook = (community: string, dueAt: number): Effect => ({
  effect: 'timer',
  key: `${DRILLS_TIMER}:${community}`,
  kind: DRILLS_TIMER,
  community,
  dueAt,
  basis: 'calendar',
  payload: {},
});
