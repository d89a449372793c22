// Who may see and act on alarms, by role.
import { STAFF, type Role } from '../http/policy.ts';

/** Who sees alarms: the company's staff, its contractors, and the committee that supervises it. */
export const SEES_ALARMS: readonly Role[] = [...STAFF, 'contractor', 'committee'];
/**
 * Who may be put on control-room duty and act there. The role alone opens nothing: every act asks for the shift and the
 * certificate of that moment, and whoever has both may do all of them, be it a guard.
 */
export const CONTROL_ROOM: readonly Role[] = ['admin', 'operator', 'supervisor', 'manager', 'guard'];
/** Whose work is on site: they say what an alarm was as they see it, on control-room duty or not. */
export const FIELD: readonly Role[] = ['technician', 'guard'];
/** Who may say what an alarm was. */
export const ON_SITE: readonly Role[] = [...new Set([...CONTROL_ROOM, ...FIELD])];
/** Who answers for the plant. */
export const ANSWERABLE: readonly Role[] = ['admin', 'supervisor', 'manager'];
