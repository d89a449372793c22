// Alarms: episodes with their life cycle, the journal of acts, modes that cover places, panel states, change sequences.
export const sql = `
create schema alarms;

create table alarms.alarm (
  id uuid primary key,
  community text not null,
  gateway text not null,
  device text not null,
  device_kind text not null,
  device_name jsonb not null,
  point text not null,
  point_name jsonb not null,
  signal text not null,
  class text not null,
  rank smallint not null,
  text jsonb not null,
  advice jsonb,
  latch text not null,
  state text not null,
  condition text not null check (condition in ('true', 'false', 'unknown')),
  active boolean not null,
  latched boolean not null,
  reset_at timestamptz,
  building text,
  floor integer,
  place text,
  raised_at timestamptz not null,
  received_at timestamptz not null,
  cleared_at timestamptz,
  closed_at timestamptz,
  recurrences integer not null,
  value jsonb,
  mode text check (mode in ('drill', 'maintenance')),
  -- The mode in force when it was raised: stays on the record.
  raised_mode text check (raised_mode in ('drill', 'maintenance')),
  proved boolean not null,
  incident text,
  -- acked, verdict, shelved, closed: {by, name, at, …}
  acked jsonb,
  verdict jsonb,
  shelved jsonb,
  closed jsonb,
  -- Gateway-wide sequence of the record that raised it.
  n bigint,
  seq bigint not null
);
-- One open alarm per point and signal, whatever the code forgets.
create unique index alarm_open on alarms.alarm (device, point, signal) where state <> 'normal';
create index alarm_open_community on alarms.alarm (community, rank) where state <> 'normal';
create unique index alarm_seq on alarms.alarm (community, seq);
create index alarm_raised on alarms.alarm (community, raised_at desc, id desc);
create index alarm_device on alarms.alarm (device, raised_at desc);
create index alarm_incident on alarms.alarm (incident) where incident is not null;

-- Every act on an alarm with its actor and time; nothing is edited.
create table alarms.act (
  id bigint generated always as identity primary key,
  alarm uuid not null references alarms.alarm (id),
  act text not null,
  state text not null,
  actor_kind text not null,
  actor text not null,
  actor_name text,
  note text,
  at timestamptz not null
);
create index act_alarm on alarms.act (alarm, id);

-- The work order of an alarm, told by the domain of work orders.
create table alarms.alarm_order (
  alarm uuid primary key references alarms.alarm (id),
  work_order text not null
);

create table alarms.mode (
  id uuid primary key,
  community text not null,
  mode text not null check (mode in ('drill', 'maintenance')),
  building text,
  floor integer,
  devices text[] not null,
  reason text not null,
  by_id text not null,
  by_name text not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  ended_at timestamptz,
  ended_by text
);
create index mode_open on alarms.mode (community) where ended_at is null;

-- Panel events and modes as last seen, so that a restart does not take a standing RESET for a new one.
create table alarms.panel (
  device text not null,
  point text not null,
  signal text not null,
  community text not null,
  class text not null,
  active boolean not null,
  at timestamptz not null,
  primary key (device, point, signal)
);

-- Number of the last change of any alarm of a community. Its row lock orders commits, so no number appears late.
create table alarms.sequence (
  community text primary key,
  seq bigint not null
);
`;
