// What screens see of incidents: alarms of one place and time window as one event, the first alarm pinned.
import { Type, type Static } from 'typebox';
import { AlarmView } from '../alarms/contract.ts';

export const INCIDENT_FAMILIES = ['fire', 'entrapment', 'technical'] as const;
const Time = Type.String({ format: 'date-time' });

export const IncidentView = Type.Object({
  id: Type.String(),
  family: Type.Enum([...INCIDENT_FAMILIES]),
  building: Type.Optional(Type.String()),
  floorLow: Type.Optional(Type.Integer()),
  floorHigh: Type.Optional(Type.Integer()),
  device: Type.Optional(Type.String()),
  firstAt: Time,
  lastAt: Time,
  /** The alarm it began with, open or not: the origin stays on top. */
  first: AlarmView,
  /** Open alarms of it by class, [unacknowledged, total]. */
  counts: Type.Record(Type.String(), Type.Tuple([Type.Integer(), Type.Integer()])),
  /** Number of open alarms. */
  open: Type.Integer(),
  /** Number of all its alarms. */
  all: Type.Integer(),
});
export type IncidentView = Static<typeof IncidentView>;
