// Who may call what. Every route and socket event declares one of these; one without a declaration fails a test.

export const ROLES = [
  'admin',
  'operator',
  'technician',
  'inspector',
  'steward',
  'supervisor',
  'manager',
  'finance',
  'collector',
  'legal',
  'guard',
  'frontdesk',
  'contractor',
  'committee',
  'authority',
  'owner',
] as const;
export type Role = (typeof ROLES)[number];

/** Roles of the company's own staff. */
export const STAFF: readonly Role[] = [
  'admin',
  'operator',
  'technician',
  'inspector',
  'steward',
  'supervisor',
  'manager',
  'finance',
  'collector',
  'legal',
  'guard',
  'frontdesk',
];

export type Policy =
  { readonly allow: 'public' } | { readonly allow: 'signed-in' } | { readonly allow: readonly Role[] };
