// Who may see and act on alarms, by role.
import { STAFF, type Role } from '../http/policy.ts';

/** Who sees alarms: the company's staff, its contractors, and the committee that supervises it. */
export const SEES_ALARMS: readonly Role[] = [...STAFF, 'contractor', 'committee'];
/** Who acts in the control room. Acknowledging also needs a valid shift and certificate at that moment. */
export const CONTROL_ROOM: readonly Role[] = ['admin', 'operator', 'supervisor', 'manager'];
/** Who may say on site what an alarm was. */
export const ON_SITE: readonly Role[] = [...CONTROL_ROOM, 'technician', 'guard'];
/** Who answers for the plant. */
export const ANSWERABLE: readonly Role[] = ['admin', 'supervisor', 'manager'];
