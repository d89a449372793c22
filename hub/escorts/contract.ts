// What screens see of escorts and of lifts that are held or reserved.
import { Type, type Static } from 'typebox';

const Time = Type.String({ format: 'date-time' });
const closed = { additionalProperties: false } as const;
const By = Type.Object({ name: Type.String(), at: Time });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Note = Type.Optional(Type.String({ maxLength: 500 }));

export const ESCORT_STATES = ['called', 'gate-ready', 'at-gate', 'at-building', 'left', 'cancelled'] as const;
export type EscortState = (typeof ESCORT_STATES)[number];
export const ESCORT_ACTS = [
  'gate-ready',
  'at-gate',
  'at-building',
  'left',
  'cancel',
  'ask-lift',
  'hold-lift',
  'release-lift',
] as const;
export type EscortAct = (typeof ESCORT_ACTS)[number];

export const ServiceView = Type.Object({ id: Type.String(), name: Words, number: Type.String(), lift: Type.Boolean() });
export type ServiceView = Static<typeof ServiceView>;

/** What became of a page to the gate. */
export const PageProof = Type.Object({
  /** Empty where nobody has the role that was to be told. */
  name: Type.String(),
  state: Type.Enum(['pending', 'delivered', 'undelivered']),
  at: Type.Optional(Time),
});
export type PageProof = Static<typeof PageProof>;

export const LiftHold = Type.Object({
  device: Type.String(),
  name: Words,
  askedAt: Time,
  held: Type.Optional(By),
  releasedAt: Type.Optional(Time),
});

export const EscortView = Type.Object({
  id: Type.String(),
  service: ServiceView,
  reason: Type.String(),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.String(),
  state: Type.Enum([...ESCORT_STATES]),
  called: By,
  gateDueAt: Time,
  arriveDueAt: Time,
  gateLateAt: Type.Optional(Time),
  arriveLateAt: Type.Optional(Time),
  endedAt: Type.Optional(Time),
  lift: Type.Optional(LiftHold),
  acts: Type.Array(
    Type.Object({ at: Time, act: Type.String(), name: Type.String(), escortedBy: Type.String(), note: Type.String() }),
  ),
  /** The gate guards that were paged. */
  gate: Type.Array(PageProof),
});
export type EscortView = Static<typeof EscortView>;

export const EscortList = Type.Object({
  items: Type.Array(EscortView),
  next: Type.Null(),
  services: Type.Array(ServiceView),
});
export type EscortList = Static<typeof EscortList>;

export const NewEscort = Type.Object(
  {
    service: Type.String({ minLength: 1, maxLength: 40 }),
    reason: Type.String({ minLength: 1, maxLength: 300 }),
    building: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    floor: Type.Optional(Type.Integer({ minimum: -20, maximum: 300 })),
    place: Type.Optional(Type.String({ maxLength: 200 })),
    /** The lift to be held for them. */
    lift: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  closed,
);
export type NewEscort = Static<typeof NewEscort>;
export const EscortActBody = Type.Object(
  {
    act: Type.Enum([...ESCORT_ACTS]),
    /** Who leads them; default: who says so. */
    escortedBy: Type.Optional(Type.String({ maxLength: 80 })),
    lift: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    note: Note,
  },
  closed,
);
export type EscortActBody = Static<typeof EscortActBody>;

export const RESERVATION_STATES = ['reserved', 'active', 'released', 'cancelled'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];
export const PURPOSES = ['wedding', 'moving', 'funeral', 'renovation', 'other'] as const;

export const ReservationView = Type.Object({
  id: Type.String(),
  device: Type.String(),
  name: Words,
  building: Type.Optional(Type.String()),
  purpose: Type.Enum([...PURPOSES]),
  unit: Type.String(),
  contact: Type.String(),
  phone: Type.String(),
  from: Time,
  until: Time,
  state: Type.Enum([...RESERVATION_STATES]),
  note: Type.String(),
  made: By,
  posted: Type.Optional(By),
  ended: Type.Optional(By),
});
export type ReservationView = Static<typeof ReservationView>;

export const NewReservation = Type.Object(
  {
    device: Type.String({ minLength: 1, maxLength: 200 }),
    purpose: Type.Enum([...PURPOSES]),
    unit: Type.String({ minLength: 1, maxLength: 80 }),
    contact: Type.Optional(Type.String({ maxLength: 80 })),
    phone: Type.Optional(Type.String({ maxLength: 40 })),
    from: Time,
    until: Time,
    note: Note,
  },
  closed,
);
export type NewReservation = Static<typeof NewReservation>;
export const RESERVATION_ACTS = ['post', 'release', 'cancel'] as const;
export type ReservationAct = (typeof RESERVATION_ACTS)[number];
export const ReservationActBody = Type.Object({ act: Type.Enum([...RESERVATION_ACTS]), note: Note }, closed);

/** A lift that is held for an escort or reserved now: an alarm on it says so. */
export const TakenLift = Type.Object({
  device: Type.String(),
  why: Type.Enum(['escort', 'reservation']),
  id: Type.String(),
  until: Type.Optional(Time),
  text: Words,
});
export type TakenLift = Static<typeof TakenLift>;
