// Inspection checks, and duty: who is on which shift from when to when.
export const sql = `
create schema inspections;

create table inspections.check (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  item text not null,
  device text,
  building text,
  floor integer,
  place text,
  outcome text not null check (outcome in ('pass', 'fail', 'not-applicable')),
  value double precision,
  unit text,
  range_low double precision,
  range_high double precision,
  note text not null,
  photos text[] not null,
  -- When it was done on site; \`stored_at\` is when the hub got it.
  at timestamptz not null,
  stored_at timestamptz not null,
  by text not null,
  by_name text not null,
  waiver text,
  -- What a phone sends twice is one check.
  unique nulls not distinct (community, by, item, device, building, floor, place, at)
);
create index check_list on inspections.check (community, at desc, id desc);

create schema duty;

create table duty.shift (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  kind text not null check (kind in ('control-room', 'maintenance')),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  created_at timestamptz not null,
  created_by text not null,
  check (ends_at > starts_at)
);
create index shift_time on duty.shift (community, ends_at, starts_at);

create table duty.shift_person (
  shift text not null references duty.shift (id) on delete cascade,
  person text not null,
  primary key (shift, person)
);
create index shift_person_of on duty.shift_person (person);
`;
