// The duty form as the screen begins it: nothing counted, nothing checked yet, systems as they should be.
import type { DutyForm } from '../../../hub/duty/contract.ts';

export const COUNTS = [
  'fire',
  'false',
  'fault',
  'supervisory',
  'missed',
  'disabled',
] as const satisfies readonly (keyof DutyForm['counts'])[];
export const CHECKS = [
  'self-test',
  'silence',
  'reset',
  'mains',
  'battery',
] as const satisfies readonly (keyof DutyForm['checks'])[];
export const SYSTEMS = [
  'hydrant',
  'sprinkler',
  'smoke-control',
  'doors-shutters',
  'lifts',
  'emergency-lighting',
  'broadcast-phone',
  'fire-power',
] as const satisfies readonly (keyof DutyForm['systems'])[];

const good = (): DutyForm['systems']['lifts'] => ({ mode: 'auto', state: 'normal' });

export const blankForm = (): DutyForm => ({
  panel: 'normal',
  control: 'auto',
  counts: { fire: 0, false: 0, fault: 0, supervisory: 0, missed: 0, disabled: 0 },
  checks: {
    'self-test': 'not-checked',
    silence: 'not-checked',
    reset: 'not-checked',
    mains: 'normal',
    battery: 'normal',
  },
  systems: {
    hydrant: good(),
    sprinkler: good(),
    'smoke-control': good(),
    'doors-shutters': good(),
    lifts: { mode: 'none', state: 'normal' },
    'emergency-lighting': good(),
    'broadcast-phone': { mode: 'none', state: 'normal' },
    'fire-power': good(),
  },
  note: '',
});

/** Systems that are not as they should be, for one line of the log. */
export const oddSystems = (form: DutyForm): (typeof SYSTEMS)[number][] =>
  SYSTEMS.filter((s) => form.systems[s].state === 'fault' || form.systems[s].mode === 'manual');
/** Parts of the daily check that found a fault, and whether any was made. */
export const oddChecks = (form: DutyForm): (typeof CHECKS)[number][] =>
  CHECKS.filter((c) => form.checks[c] === 'fault');
export const isChecked = (form: DutyForm): boolean => form.checks['self-test'] !== 'not-checked';

/** A note is needed: the hub refuses the entry without one. */
export const needsNote = (form: DutyForm): boolean =>
  form.panel === 'fault' ||
  form.control === 'manual' ||
  form.counts.fire + form.counts.false + form.counts.fault + form.counts.missed > 0 ||
  oddSystems(form).length > 0 ||
  oddChecks(form).length > 0;
