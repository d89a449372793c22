// Numbers of the alarm life cycle, as versioned data with their sources.
import { Type } from 'typebox';
import { ruleSet } from '../rules/api.ts';
import { RollUp } from './contract.ts';

export const LIFECYCLE = ruleSet({
  id: 'alarms.lifecycle',
  version: '1',
  source:
    'Shelving at most one shift: ISA-18.2 asks for a limit, GB 25201-2010 5.3 sets shifts of 8 h. Reset: own; ' +
    'GB 4717 lets a panel take up to 20 s to show again what still stands after a reset, plus slow polling.',
  schema: Type.Object(
    {
      shelveMinutesMax: Type.Integer({ minimum: 1, maximum: 480 }),
      /** A signal that clears within this time after the panel's RESET is not latched any more. */
      resetHoldMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
    },
    { additionalProperties: false },
  ),
  value: { shelveMinutesMax: 480, resetHoldMs: 30_000 },
});

export const MODES = ruleSet({
  id: 'alarms.modes',
  version: '1',
  source:
    'Own. A drill or maintenance lasts at most one shift (GB 25201-2010 5.3), so that each shift decides anew; one over ' +
    'the whole community hides every fault in it, so it is looked at again after two hours.',
  schema: Type.Object(
    {
      minutesMax: Type.Integer({ minimum: 1, maximum: 480 }),
      /** Where neither building nor devices are named. */
      wholeMinutesMax: Type.Integer({ minimum: 1, maximum: 480 }),
    },
    { additionalProperties: false },
  ),
  value: { minutesMax: 480, wholeMinutesMax: 120 },
});

export const ROLL_UP = ruleSet({
  id: 'alarms.roll-up',
  version: '1',
  source:
    'Own. EEMUA 191 and ISA-18.2 want a flood to stay usable and name no number for a list: 60 rows are about four ' +
    'screens of a desk, and half of that lets the list rest before it changes back; two alarms side by side are read ' +
    'faster as two rows.',
  schema: RollUp,
  value: { rollAbove: 60, rollUntil: 30, zoneMin: 3 },
});

/** Rule sets of alarms that a site may set. */
export const ALARM_RULES = [LIFECYCLE, MODES, ROLL_UP];
