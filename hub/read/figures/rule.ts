// Where the figures of the alarm system draw their lines: versioned data with its source, which a site may set.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../../rules/api.ts';

export const FIGURES_RULE = ruleSet({
  id: 'figures.alarms',
  version: '2026-1',
  source:
    'ISA-18.2 / IEC 62682 / EEMUA 191 (alarms an operator and 10 min: about 1, at most 2; flood above 10 in 10 min until below 5, under 1 % of time; chattering 3 in 1 min; stale above 24 h, under 5; ten most frequent under 5 %); fleeting, shift hours, link availability: own',
  schema: Type.Object(
    {
      /** Length of the windows in which alarms are counted. */
      windowMinutes: Type.Integer({ minimum: 1, maximum: 60 }),
      ratePerWindow: Type.Number({ minimum: 0, maximum: 100 }),
      ratePerWindowMax: Type.Number({ minimum: 0, maximum: 100 }),
      /** A flood begins with a window of more than this, and ends before the first window of fewer than `floodBelow`. */
      floodAbove: Type.Integer({ minimum: 1, maximum: 10_000 }),
      floodBelow: Type.Integer({ minimum: 1, maximum: 10_000 }),
      floodPercentMax: Type.Number({ minimum: 0, maximum: 100 }),
      /** Still active after this: stale (standing). */
      staleHours: Type.Integer({ minimum: 1, maximum: 720 }),
      staleMax: Type.Integer({ minimum: 0, maximum: 10_000 }),
      chatterCount: Type.Integer({ minimum: 2, maximum: 100 }),
      chatterSeconds: Type.Integer({ minimum: 1, maximum: 3600 }),
      /** Gone by itself within this, and not come back. */
      fleetingSeconds: Type.Integer({ minimum: 1, maximum: 3600 }),
      topPercentMax: Type.Number({ minimum: 0, maximum: 100 }),
      linkPercentMin: Type.Number({ minimum: 0, maximum: 100 }),
      /** Hours of the site's clock at which shifts begin, ascending. */
      shiftHours: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), {
        minItems: 1,
        maxItems: 6,
        uniqueItems: true,
      }),
    },
    { additionalProperties: false },
  ),
  value: {
    windowMinutes: 10,
    ratePerWindow: 1,
    ratePerWindowMax: 2,
    floodAbove: 10,
    floodBelow: 5,
    floodPercentMax: 1,
    staleHours: 24,
    staleMax: 5,
    chatterCount: 3,
    chatterSeconds: 60,
    fleetingSeconds: 30,
    topPercentMax: 5,
    linkPercentMin: 99.5,
    shiftHours: [0, 8, 16],
  },
});
export type FiguresRule = Static<typeof FIGURES_RULE.schema>;

export const FIGURES_LIMITS = {
  /** Longest range, days. */
  rangeDaysMax: 400,
  /** Points named as the most frequent, groups of false alarms and causes, floods told. */
  top: 10,
  groupsMax: 50,
  floodsMax: 100,
  /** Rows of a page on the screen, and of one file. */
  page: 100,
  fileRowsMax: 50_000,
  /** Times on which the link of a gateway or panel was down that are read. */
  linkRowsMax: 500_000,
} as const;

/** Ages by which disabled points and shelved alarms are told, days: up to the first, from there to the next, beyond. */
export const AGE_DAYS = [1, 7, 30] as const;
