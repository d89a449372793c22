// What screens see of fire lanes: blockages, what was done about them, and the register of vehicles.
import { Type, type Static } from 'typebox';
import { LANE_LIMITS } from './limits.ts';

const Time = Type.String({ format: 'date-time' });
const closed = { additionalProperties: false } as const;
const By = Type.Object({ name: Type.String(), at: Time });
const File = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Note = Type.Optional(Type.String({ maxLength: 500 }));
const Plate = Type.String({ minLength: 4, maxLength: 20 });

export const LANE_STATES = ['open', 'coming', 'cleared', 'void'] as const;
export type LaneState = (typeof LANE_STATES)[number];
export const CONTACT_WAYS = ['phone', 'message', 'door', 'notice', 'broadcast', 'police'] as const;
export const CONTACT_RESULTS = ['coming', 'no-answer', 'refused', 'left'] as const;
export type ContactResult = (typeof CONTACT_RESULTS)[number];

export const VehicleView = Type.Object({
  plate: Type.String(),
  building: Type.Optional(Type.String()),
  unit: Type.String(),
  owner: Type.String(),
  phone: Type.String(),
  note: Type.String(),
});
export type VehicleView = Static<typeof VehicleView>;

export const Contact = Type.Object({
  at: Time,
  name: Type.String(),
  how: Type.Enum([...CONTACT_WAYS]),
  result: Type.Enum([...CONTACT_RESULTS]),
  whom: Type.String(),
  note: Type.String(),
  photo: Type.Optional(Type.String()),
});
export type Contact = Static<typeof Contact>;

export const BlockageView = Type.Object({
  id: Type.String(),
  state: Type.Enum([...LANE_STATES]),
  building: Type.Optional(Type.String()),
  place: Type.String(),
  plate: Type.Optional(Type.String()),
  note: Type.String(),
  photo: Type.Optional(Type.String()),
  reported: By,
  reporterName: Type.String(),
  reporterPhone: Type.String(),
  /** To be clear by then. */
  dueAt: Time,
  breachedAt: Type.Optional(Time),
  ended: Type.Optional(Type.Intersect([By, Type.Object({ note: Type.String(), photo: Type.Optional(Type.String()) })])),
  /** Blocked before within `repeatDays`: by the same plate, at the same place. */
  plateBefore: Type.Integer(),
  placeBefore: Type.Integer(),
  /** So often that more patrols are proposed. */
  patrolProposed: Type.Boolean(),
  patrolOrder: Type.Optional(Type.String()),
  thankedAt: Type.Optional(Time),
  /** Whose car it is; absent: nobody in the register. */
  vehicle: Type.Optional(VehicleView),
  contacts: Type.Array(Contact),
});
export type BlockageView = Static<typeof BlockageView>;

export const LaneNumbers = Type.Object({ trafficPolice: Type.String(), moveCar: Type.String() });
export const BlockageList = Type.Object({
  items: Type.Array(BlockageView),
  next: Type.Null(),
  repeatDays: Type.Integer(),
  numbers: LaneNumbers,
});
export type BlockageList = Static<typeof BlockageList>;

export const NewBlockage = Type.Object(
  {
    building: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    place: Type.String({ minLength: 1, maxLength: 200 }),
    plate: Type.Optional(Plate),
    note: Note,
    photo: Type.Optional(File),
    reporterName: Type.Optional(Type.String({ maxLength: 80 })),
    reporterPhone: Type.Optional(Type.String({ maxLength: 40 })),
  },
  closed,
);
export type NewBlockage = Static<typeof NewBlockage>;
export const PlateBody = Type.Object({ plate: Plate }, closed);
export const ContactBody = Type.Object(
  {
    how: Type.Enum([...CONTACT_WAYS]),
    result: Type.Enum([...CONTACT_RESULTS]),
    whom: Type.Optional(Type.String({ maxLength: 80 })),
    note: Note,
    photo: Type.Optional(File),
  },
  closed,
);
export type ContactBody = Static<typeof ContactBody>;
export const ClearBody = Type.Object({ photo: Type.Optional(File), note: Note }, closed);
export type ClearBody = Static<typeof ClearBody>;
export const VoidBody = Type.Object({ note: Type.String({ minLength: 1, maxLength: 500 }) }, closed);

export const VehicleImport = Type.Object(
  { csv: Type.String({ maxLength: LANE_LIMITS.csvChars }), apply: Type.Boolean() },
  closed,
);
export const VehicleImportView = Type.Object({
  added: Type.Integer(),
  changed: Type.Integer(),
  same: Type.Integer(),
  applied: Type.Boolean(),
  /** With mistakes nothing is applied. */
  mistakes: Type.Array(Type.Object({ line: Type.Integer(), column: Type.String(), what: Type.String() })),
});
export type VehicleImportView = Static<typeof VehicleImportView>;

/** A lane that a fire engine can't use now, as it stands on the desk and in what is read out to 119. */
export const OpenLane = Type.Object({
  id: Type.String(),
  building: Type.Optional(Type.String()),
  place: Type.String(),
  plate: Type.Optional(Type.String()),
  state: Type.Enum([...LANE_STATES]),
  since: Time,
  dueAt: Time,
});
export type OpenLane = Static<typeof OpenLane>;
