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
export const CredentialsView = Type.Object({
  id: Type.String(),
  username: Type.String(),
  password: Type.String(),
  community: Type.String(),
  /** Where the gateway connects, as the hub calls it; absent before the broker runs. */
  broker: Type.Optional(Type.String()),
});
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
  /** When its last birth was taken: never before that. */
  bornAt: Type.Optional(Time),
  /** When it was last heard by this hub. */
  heardAt: Type.Optional(Time),
  /** Its last birth was refused: what it declares is not what the hub may take. */
  refused: Type.Optional(Type.Object({ at: Time, reason: Type.String() })),
  /** Somebody came with its name and a wrong password. */
  refusedLogin: Type.Optional(Type.Object({ at: Time, address: Type.String() })),
  /** Its clock minus the hub's, ms, where that is too much. */
  clockOffMs: Type.Optional(Type.Integer()),
  /** Records that could not be processed and were set aside. */
  quarantined: Type.Integer(),
  /** Whether it writes history itself. */
  writesHistory: Type.Boolean(),
  /** Records it has that the hub has not, by lane; absent before its first beat. */
  behind: Type.Optional(Type.Object({ safety: Type.Integer(), telemetry: Type.Integer() })),
  devices: Type.Optional(Type.Object({ online: Type.Integer(), offline: Type.Integer() })),
  /** Link id → why it is not sound; empty while it is. */
  links: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** Lanes that its own disk refuses, each with the refusal. */
  failing: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type GatewayView = Static<typeof GatewayView>;

export const QuarantineView = Type.Object({
  id: Type.String(),
  at: Time,
  lane: Type.String(),
  seq: Type.Integer(),
  reason: Type.String(),
  /** The record as JSON text. */
  record: Type.String(),
});
export type QuarantineView = Static<typeof QuarantineView>;

/** How the devices that call a gateway stand, for the engineer. */
export const CallInsView = Type.Object({
  items: Type.Array(
    Type.Object({
      link: Type.String(),
      transport: Type.String(),
      port: Type.Integer(),
      devices: Type.Array(
        Type.Object({
          /** `{gateway}.{device}` */
          id: Type.String(),
          /** Source address by which it calls itself. */
          source: Type.Integer(),
          connected: Type.Boolean(),
          from: Type.Optional(Type.String()),
          since: Type.Optional(Time),
          heardAt: Type.Optional(Time),
          /** Its clock less the gateway's. */
          clockOffMs: Type.Optional(Type.Integer()),
          clock: Type.Enum(['unknown', 'right', 'off', 'left-alone']),
          messages: Type.Integer(),
          repeated: Type.Integer(),
          notUnderstood: Type.Integer(),
          clockSet: Type.Integer(),
          frames: Type.Array(
            Type.Object({
              at: Time,
              out: Type.Boolean(),
              serial: Type.Integer(),
              command: Type.Integer(),
              flag: Type.Optional(Type.Integer()),
              count: Type.Optional(Type.Integer()),
              tag: Type.Optional(Time),
              hex: Type.String(),
              bytes: Type.Integer(),
              told: Type.Array(Type.Object({ point: Type.String(), value: Type.Number() })),
            }),
          ),
        }),
      ),
      /** DTUs that pass Modbus through, by link; their devices say by themselves whether they are heard. */
      lines: Type.Array(
        Type.Object({
          link: Type.String(),
          state: Type.Enum(['waiting', 'registered', 'answers']),
          from: Type.Optional(Type.String()),
          since: Type.Optional(Time),
          heardAt: Type.Optional(Time),
          calls: Type.Integer(),
          replaced: Type.Integer(),
          heartbeats: Type.Integer(),
          noise: Type.Integer(),
        }),
      ),
      /** Connections that have not said who they are. */
      unregistered: Type.Integer(),
      refused: Type.Array(Type.Object({ at: Time, from: Type.String(), reason: Type.String(), hex: Type.String() })),
      counters: Type.Record(Type.String(), Type.Integer()),
    }),
  ),
});
export type CallInsView = Static<typeof CallInsView>;

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
export const BirthView = Type.Object({
  birth: Type.String(),
  takenAt: Time,
  devices: Type.Array(
    Type.Object({
      /** `{gateway}.{device}` */
      id: Type.String(),
      name: Words,
      kind: Type.String(),
      profile: Type.String(),
      link: Type.String(),
      building: Type.Optional(Type.String()),
      floor: Type.Optional(Type.Integer()),
      place: Type.Optional(Type.String()),
      points: Type.Array(
        Type.Object({ id: Type.String(), name: Words, type: Type.String(), lane: Type.String(), unit: Type.String() }),
      ),
    }),
  ),
});
export type BirthView = Static<typeof BirthView>;
