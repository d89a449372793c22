// Fire lanes: the register of vehicles, lanes that are blocked, and what was done to clear them.
export const sql = `
create schema lanes;

create table lanes.vehicle (
  community text not null,
  -- As it is compared: capitals, without dots and spaces.
  plate text not null,
  building text,
  unit text not null default '',
  owner text not null default '',
  phone text not null default '',
  note text not null default '',
  changed_at timestamptz not null,
  primary key (community, plate)
);

create table lanes.blockage (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  building text,
  place text not null,
  plate text,
  note text not null default '',
  photo text,
  state text not null check (state in ('open', 'coming', 'cleared', 'void')),
  reported_at timestamptz not null,
  reported_by text not null,
  reported_by_name text not null,
  -- Who told it, where that is not the person who wrote it down.
  reporter_name text not null default '',
  reporter_phone text not null default '',
  -- The clock as it was at the report: later changes of the rule don't move it.
  clear_ms integer not null,
  rule_version text not null,
  breached_at timestamptz,
  ended_at timestamptz,
  ended_by text,
  ended_by_name text,
  ended_photo text,
  ended_note text not null default '',
  -- How often the same plate and the same place were blocked before, within the rule's days.
  plate_before integer not null,
  place_before integer not null,
  patrol_order text,
  thanked_at timestamptz,
  check ((ended_at is null) = (state in ('open', 'coming')))
);
create index blockage_open on lanes.blockage (community) where ended_at is null;
create index blockage_time on lanes.blockage (community, reported_at desc);
create index blockage_plate on lanes.blockage (community, plate, reported_at) where plate is not null;

create table lanes.contact (
  id bigint generated always as identity primary key,
  blockage text not null references lanes.blockage (id),
  at timestamptz not null,
  by text not null,
  by_name text not null,
  how text not null check (how in ('phone', 'message', 'door', 'notice', 'broadcast', 'police')),
  result text not null check (result in ('coming', 'no-answer', 'refused', 'left')),
  whom text not null default '',
  note text not null default '',
  photo text
);
create index contact_of on lanes.contact (blockage, id);
`;
