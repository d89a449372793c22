// Ambulances and fire engines from the call to the gate, the building and away; lifts that are reserved for a time.
export const sql = `
create schema escorts;

create table escorts.escort (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  service text not null,
  number text not null,
  reason text not null,
  building text,
  floor integer,
  place text not null default '',
  state text not null check (state in ('called', 'gate-ready', 'at-gate', 'at-building', 'left', 'cancelled')),
  called_at timestamptz not null,
  called_by text not null,
  called_by_name text not null,
  gate_ms integer not null,
  arrive_ms integer not null,
  rule_version text not null,
  gate_late_at timestamptz,
  arrive_late_at timestamptz,
  ended_at timestamptz,
  -- The lift that a person holds for them; the hub commands none.
  lift text,
  lift_asked_at timestamptz,
  lift_held_at timestamptz,
  lift_held_by_name text,
  lift_released_at timestamptz,
  check ((ended_at is null) = (state not in ('left', 'cancelled')))
);
create index escort_open on escorts.escort (community) where ended_at is null;

create table escorts.act (
  id bigint generated always as identity primary key,
  escort text not null references escorts.escort (id),
  at timestamptz not null,
  act text not null,
  by text not null,
  by_name text not null,
  -- Who leads them in or out.
  escorted_by text not null default '',
  note text not null default ''
);
create index act_of on escorts.act (escort, id);

create table escorts.reservation (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  device text not null,
  purpose text not null,
  building text,
  unit text not null default '',
  contact text not null default '',
  phone text not null default '',
  from_at timestamptz not null,
  until_at timestamptz not null,
  state text not null check (state in ('reserved', 'active', 'released', 'cancelled')),
  note text not null default '',
  made_at timestamptz not null,
  made_by text not null,
  made_by_name text not null,
  posted_at timestamptz,
  posted_by_name text,
  ended_at timestamptz,
  ended_by_name text,
  check (until_at > from_at)
);
create index reservation_time on escorts.reservation (community, device, from_at);
`;
