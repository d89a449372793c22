// What screens see of people and sessions.
import { Type, type Static } from 'typebox';

export const SessionBody = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: 64 }), password: Type.String({ minLength: 1, maxLength: 256 }) },
  { additionalProperties: false },
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
});
export type PersonView = Static<typeof PersonView>;
