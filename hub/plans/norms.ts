// The kinds of incident that a community has plans for, as versioned data: a site adds its own.
import { Type } from 'typebox';
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
