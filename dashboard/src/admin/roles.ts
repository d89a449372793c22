// Roles in the order in which a site fills them.
import type { NewPerson } from '../../../hub/staff/contract.ts';

export const ROLE_ORDER = [
  'operator',
  'technician',
  'inspector',
  'supervisor',
  'manager',
  'guard',
  'steward',
  'frontdesk',
  'finance',
  'collector',
  'legal',
  'contractor',
  'committee',
  'authority',
  'owner',
  'admin',
] as const satisfies readonly NewPerson['role'][];
