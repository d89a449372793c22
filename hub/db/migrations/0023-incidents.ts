// Incidents: alarms of one place and time window, seen as one event by the operator.
export const sql = `
create schema incidents;

create table incidents.incident (
  id uuid primary key,
  community text not null,
  family text not null,
  building text,
  floor_low integer,
  floor_high integer,
  -- For alarms without a building: the device.
  device text,
  first_alarm uuid not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  rule_version text not null
);
create index incident_recent on incidents.incident (community, last_at desc);
`;
