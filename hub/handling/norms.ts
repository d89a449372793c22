// The numbers and lists of the fire procedure as rule sets: clocks, causes of false alarms, what must be in automatic, the
// site's own data for the call to 119.
import { Type, type Static } from 'typebox';
import { DEVICE_KINDS } from '../../device-profiles/contract/kinds.ts';
import { ruleSet } from '../rules/api.ts';

const Ms = Type.Integer({ minimum: 5_000, maximum: 3_600_000, unit: 'ms' });
const closed = { additionalProperties: false } as const;

export const FIRE_CLOCKS = ruleSet({
  id: 'handling.clocks',
  version: '2026-1',
  source:
    'GB 25506-2010 4.2.2 asks for the fastest means and names no figure; 3 min on foot is the common rule of local ' +
    'authorities and examinations; the others: own',
  schema: Type.Object(
    {
      /** From the alarm's arrival until it is known whether it is real. */
      confirmMs: Ms,
      /** From the finding that it is real. */
      linkageMs: Ms,
      call119Ms: Ms,
      evacuationMs: Ms,
      reportMs: Ms,
    },
    closed,
  ),
  value: { confirmMs: 180_000, linkageMs: 60_000, call119Ms: 60_000, evacuationMs: 120_000, reportMs: 300_000 },
});
export type FireClocks = Static<typeof FIRE_CLOCKS.schema>;

export const FALSE_CAUSES = ruleSet({
  id: 'handling.causes',
  version: '2026-1',
  source: 'requirement S3 (a false alarm ends with its cause); the list: own, after what is common on site',
  schema: Type.Object(
    {
      causes: Type.Array(
        Type.Object(
          {
            id: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }),
            zh: Type.String({ minLength: 1, maxLength: 40 }),
            en: Type.String({ minLength: 1, maxLength: 60 }),
            /** The equipment is at fault: a work order is offered. */
            order: Type.Boolean(),
          },
          closed,
        ),
        { minItems: 1, maxItems: 40 },
      ),
    },
    closed,
  ),
  value: {
    causes: [
      { id: 'dust', zh: '灰尘', en: 'Dust', order: false },
      { id: 'steam', zh: '水蒸气', en: 'Steam', order: false },
      { id: 'cooking', zh: '厨房油烟', en: 'Cooking', order: false },
      { id: 'smoking', zh: '吸烟', en: 'Smoking', order: false },
      { id: 'insects', zh: '昆虫进入', en: 'Insects', order: false },
      { id: 'water', zh: '进水受潮', en: 'Water ingress', order: true },
      { id: 'works', zh: '施工装修', en: 'Works', order: false },
      { id: 'detector', zh: '探测器或线路故障', en: 'Detector or wiring fault', order: true },
      { id: 'human', zh: '人为误动', en: 'Touched by mistake', order: false },
      { id: 'unknown', zh: '原因不明', en: 'Unknown', order: false },
    ],
  },
});
export type FalseCauses = Static<typeof FALSE_CAUSES.schema>;

export const LINKAGE_RULE = ruleSet({
  id: 'handling.linkage',
  version: '2026-1',
  source: 'GB 25506-2010 4.2.1, 4.2.2 (automatic equipment must not stand in manual); which devices: own',
  schema: Type.Object(
    {
      /** Kinds of device whose manual/automatic state must be known; one that does not tell it is named. */
      kinds: Type.Array(Type.Enum([...DEVICE_KINDS]), { uniqueItems: true }),
    },
    closed,
  ),
  value: { kinds: ['fire-panel', 'fire-pump'] },
});

export const FIRE_SITE = ruleSet({
  id: 'handling.site',
  version: '2026-1',
  source: "the site's own data; what the call to 119 must state: GB 25506-2010 4.2.2",
  schema: Type.Object(
    {
      address: Type.String({ maxLength: 300 }),
      /** Number that 119 can call back. */
      callerNumber: Type.String({ maxLength: 40 }),
      /** Who answers for fire safety of the unit, with telephone. */
      responsible: Type.String({ maxLength: 200 }),
      gates: Type.Array(
        Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 60 }),
            road: Type.String({ maxLength: 100 }),
            /** Buildings it is the best gate for; empty: all. */
            buildings: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200 }),
          },
          closed,
        ),
        { maxItems: 20 },
      ),
    },
    closed,
  ),
  value: { address: '', callerNumber: '', responsible: '', gates: [] },
});
export type FireSite = Static<typeof FIRE_SITE.schema>;

/** Rule sets of the fire procedure that a site may set. */
export const HANDLING_RULES = [FIRE_CLOCKS, FALSE_CAUSES, LINKAGE_RULE, FIRE_SITE];
