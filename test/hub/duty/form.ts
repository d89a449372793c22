// A duty form on which everything is as it should be.
import type { DutyForm } from '../../../hub/duty/form.ts';

export function quietForm(): DutyForm {
  const fine = { mode: 'auto', state: 'normal' } as const;
  return {
    panel: 'normal',
    control: 'auto',
    counts: { fire: 0, false: 0, fault: 0, supervisory: 0, missed: 0, disabled: 0 },
    checks: { 'self-test': 'normal', silence: 'normal', reset: 'normal', mains: 'normal', battery: 'normal' },
    systems: {
      hydrant: fine,
      sprinkler: fine,
      'smoke-control': fine,
      'doors-shutters': fine,
      lifts: fine,
      'emergency-lighting': fine,
      'broadcast-phone': fine,
      'fire-power': fine,
    },
    note: '',
  };
}
