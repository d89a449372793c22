// What administrators see of gateways.
import { Type, type Static } from 'typebox';
import { GATEWAY_ID } from '../../device-profiles/contract/wire.ts';

const Time = Type.String({ format: 'date-time' });
const GatewayId = Type.String({ pattern: GATEWAY_ID.source });

export const EnrolBody = Type.Object(
  { id: GatewayId, community: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })) },
  { additionalProperties: false },
);
/** Shown this once: only a hash is kept. */
export const CredentialsView = Type.Object({ id: Type.String(), username: Type.String(), password: Type.String() });
export type CredentialsView = Static<typeof CredentialsView>;

export const GatewayView = Type.Object({
  id: Type.String(),
  community: Type.Union([Type.String(), Type.Null()]),
  username: Type.String(),
  enrolledAt: Time,
  revokedAt: Type.Optional(Time),
  /** It is heard now. */
  online: Type.Boolean(),
  /** Enrolled, and it has never told its points. */
  awaited: Type.Boolean(),
  /** Not heard since. */
  silentSince: Type.Optional(Time),
  software: Type.Optional(Type.String()),
  /** Whether it writes history itself. */
  writesHistory: Type.Boolean(),
  /** Records it has that the hub has not, by lane; absent before its first beat. */
  behind: Type.Optional(Type.Object({ safety: Type.Integer(), telemetry: Type.Integer() })),
  devices: Type.Optional(Type.Object({ online: Type.Integer(), offline: Type.Integer() })),
  /** Link id → ok, or why not. */
  links: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** Lanes that its own disk refuses, each with the refusal. */
  failing: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type GatewayView = Static<typeof GatewayView>;
