// The numbers of duty as rule sets: how many, how long, how often written down, how fast answered, how early warned.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../rules/api.ts';

export const DUTY_RULE = ruleSet({
  id: 'duty.shift',
  version: '2026-1',
  source: 'GB 25506-2010 4.2.1 (two certified people a shift), GB 25201-2010 5.3 (at most 8 h); requirement F1',
  schema: Type.Object(
    {
      /** Qualified people in the control room at any time. */
      minimum: Type.Integer({ minimum: 1, maximum: 20 }),
      shiftHoursMax: Type.Number({ minimum: 1, maximum: 24 }),
    },
    { additionalProperties: false },
  ),
  value: { minimum: 2, shiftHoursMax: 8 },
});
export type DutyRule = Static<typeof DUTY_RULE.schema>;

export const WATCH_RULE = ruleSet({
  id: 'duty.watch',
  version: '2026-1',
  source:
    'GB 25201-2010 5.3 (an entry at least every 2 h); rest between shifts: no figure in GB 25201 or GB 25506, 0 unless the site sets one; the other times: own',
  schema: Type.Object(
    {
      /** Longest time between two entries. */
      entryMinutes: Type.Integer({ minimum: 10, maximum: 240 }),
      /** How long before an entry is due the desk is reminded. */
      entryRemindMinutes: Type.Integer({ minimum: 0, maximum: 60 }),
      /** How long before a shift begins its people may take over. */
      takeOverEarlyMinutes: Type.Integer({ minimum: 0, maximum: 120 }),
      /** How long after it began, or should have been relieved, it is told that nobody came. */
      takeOverGraceMinutes: Type.Integer({ minimum: 0, maximum: 120 }),
      /** Rest between two shifts of a person. */
      restHoursMin: Type.Number({ minimum: 0, maximum: 48 }),
      /** A hand-over list older than this is made anew before anyone signs it. */
      listMinutesMax: Type.Integer({ minimum: 1, maximum: 240 }),
    },
    { additionalProperties: false },
  ),
  value: {
    entryMinutes: 120,
    entryRemindMinutes: 15,
    takeOverEarlyMinutes: 30,
    takeOverGraceMinutes: 15,
    restHoursMin: 0,
    listMinutesMax: 30,
  },
});
export type WatchRule = Static<typeof WATCH_RULE.schema>;

export const ROLL_CALL_RULE = ruleSet({
  id: 'duty.roll-call',
  version: '2026-1',
  source: 'GB 26875.1-2011 (a duty check sounds until it is answered, at most 10 min); answer time and number: own',
  schema: Type.Object(
    {
      /** The desk answers within this time. */
      answerSeconds: Type.Integer({ minimum: 20, maximum: 600 }),
      /** Roll calls that the hub asks by itself, at random moments of each shift. */
      randomPerShift: Type.Integer({ minimum: 0, maximum: 12 }),
    },
    { additionalProperties: false },
  ),
  value: { answerSeconds: 180, randomPerShift: 0 },
});

export const CERTIFICATE_RULE = ruleSet({
  id: 'duty.certificate-warning',
  version: '2026-1',
  source: 'Requirement F1 (expiry warned ahead); the days: own',
  schema: Type.Object(
    {
      /** How many days before its end a certificate is warned of. */
      days: Type.Array(Type.Integer({ minimum: 1, maximum: 365 }), { minItems: 1, maxItems: 10 }),
    },
    { additionalProperties: false },
  ),
  value: { days: [90, 30, 7] },
});

export const DUTY_RULES = [DUTY_RULE, WATCH_RULE, ROLL_CALL_RULE, CERTIFICATE_RULE];

/** The certificate that control-room duty needs (消防设施操作员). */
export const CONTROL_ROOM_CERTIFICATE = 'fire-control-operator';

export const DUTY_LIMITS = {
  peopleMax: 50,
  listMax: 500,
  planAheadMs: 400 * 86_400_000,
  planBackMs: 300_000,
  /** Records a page. */
  pageDefault: 50,
  pageMax: 200,
  /** Open alarms and unfinished orders on a hand-over list; beyond it the list says how many more there are. */
  handoverRowsMax: 10_000,
  /** Certificates looked at in one go. */
  certificatesMax: 5_000,
} as const;
