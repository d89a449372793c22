// What screens see of people and sessions.
import { Type, type Static } from 'typebox';
import { ROLES } from '../http/policy.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Day = Type.String({ format: 'date' });
const Password = Type.String({ minLength: 8, maxLength: 256 });
const Role = Type.Enum([...ROLES]);

export const SessionBody = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: 64 }), password: Type.String({ minLength: 1, maxLength: 256 }) },
  closed,
);
export const SessionView = Type.Object({
  id: Type.String(),
  username: Type.String(),
  name: Type.String(),
  role: Type.String(),
  community: Type.String(),
  communityName: Type.Object({ zh: Type.String(), en: Type.String() }),
  /** May acknowledge now: on a valid shift with a valid certificate (DESIGN 8). */
  qualified: Type.Boolean(),
  expiresAt: Type.String({ format: 'date-time' }),
});
export type SessionView = Static<typeof SessionView>;

export const PersonView = Type.Object({
  id: Type.String(),
  username: Type.String(),
  name: Type.String(),
  role: Type.String(),
  active: Type.Boolean(),
});
export type PersonView = Static<typeof PersonView>;

export const NewPerson = Type.Object(
  {
    username: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
    name: Type.String({ minLength: 1, maxLength: 64 }),
    role: Role,
    password: Password,
  },
  closed,
);
export type NewPerson = Static<typeof NewPerson>;

export const ChangePerson = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    role: Type.Optional(Role),
    active: Type.Optional(Type.Boolean()),
    password: Type.Optional(Password),
  },
  closed,
);
export type ChangePerson = Static<typeof ChangePerson>;

export const ChangePassword = Type.Object(
  { old: Type.String({ minLength: 1, maxLength: 256 }), new: Password },
  closed,
);

/** Kinds of certificate that a duty can ask for. */
export const CERTIFICATE_KINDS = [
  'fire-control-operator',
  'fire-supervisor',
  'electrician',
  'elevator-manager',
] as const;
export type CertificateKind = (typeof CERTIFICATE_KINDS)[number];
export const NewCertificate = Type.Object(
  {
    kind: Type.Enum([...CERTIFICATE_KINDS]),
    no: Type.String({ minLength: 1, maxLength: 64 }),
    /** Last day on which it is valid. */
    expires: Day,
  },
  closed,
);
export type NewCertificate = Static<typeof NewCertificate>;
export const CertificateView = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  no: Type.String(),
  expires: Day,
  revokedAt: Type.Optional(Time),
});
export type CertificateView = Static<typeof CertificateView>;
