// What screens see of people and sessions.
import { Type, type Static } from 'typebox';
import { ROLES } from '../http/policy.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Day = Type.String({ format: 'date' });
const Password = Type.String({ minLength: 8, maxLength: 256 });
const Role = Type.Enum([...ROLES]);
/** As people write it; empty for none. */
const Phone = Type.String({ maxLength: 32, pattern: '^[0-9+() -]*$' });

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
  /** Signed in with a one-time password: everything else waits until the person has set their own. */
  mustChangePassword: Type.Optional(Type.Literal(true)),
});
export type SessionView = Static<typeof SessionView>;

export const PersonView = Type.Object({
  id: Type.String(),
  username: Type.String(),
  name: Type.String(),
  role: Type.String(),
  active: Type.Boolean(),
  /** Told to whoever runs the site or the desk. */
  phone: Type.Optional(Type.String()),
  /** Last day on which a reader from outside may sign in, in the community's calendar. */
  accessUntil: Type.Optional(Day),
});
export type PersonView = Static<typeof PersonView>;

export const NewPerson = Type.Object(
  {
    username: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
    name: Type.String({ minLength: 1, maxLength: 64 }),
    role: Role,
    phone: Type.Optional(Phone),
    /** Last day of access: wanted of a reader from outside (`authority`), of nobody else. */
    accessUntil: Type.Optional(Day),
    /** Without one nobody can sign in as this person until a one-time password is made. */
    password: Type.Optional(Password),
  },
  closed,
);
export type NewPerson = Static<typeof NewPerson>;

export const ChangePerson = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    role: Type.Optional(Role),
    phone: Type.Optional(Phone),
    accessUntil: Type.Optional(Day),
    active: Type.Optional(Type.Boolean()),
    password: Type.Optional(Password),
  },
  closed,
);
export type ChangePerson = Static<typeof ChangePerson>;

/** Shown this once: only a hash is kept. */
export const OneTimePassword = Type.Object({ password: Type.String(), validUntil: Time });
export type OneTimePassword = Static<typeof OneTimePassword>;

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
    /** As the certificate says it, e.g. 四级/中级技能. */
    level: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
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
  level: Type.Optional(Type.String()),
  expires: Day,
  revokedAt: Type.Optional(Time),
});
export type CertificateView = Static<typeof CertificateView>;

export const HeldCertificateView = Type.Object({
  id: Type.String(),
  person: Type.String(),
  kind: Type.String(),
  no: Type.String(),
  level: Type.Optional(Type.String()),
  expires: Day,
});
export type HeldCertificateView = Static<typeof HeldCertificateView>;

/** Whether this hub has nobody yet, and so waits for its first administrator. */
export const SetupView = Type.Object({ needed: Type.Boolean() });
export type SetupView = Static<typeof SetupView>;
export const SetupBody = Type.Object(
  {
    /** What the hub printed when it started. */
    token: Type.String({ minLength: 1, maxLength: 64 }),
    communityName: Type.Object(
      { zh: Type.String({ minLength: 1, maxLength: 100 }), en: Type.String({ minLength: 1, maxLength: 100 }) },
      closed,
    ),
    username: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
    name: Type.String({ minLength: 1, maxLength: 64 }),
    password: Password,
  },
  closed,
);
export type SetupBody = Static<typeof SetupBody>;
