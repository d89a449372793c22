// Plans that are run, for real or as a drill, step by step; and drills with who was there and what was found.
export const sql = `
create table plans.run (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  plan text not null references plans.plan (id),
  version text not null references plans.version (id),
  mode text not null check (mode in ('real', 'drill')),
  building text,
  floor integer,
  place text not null default '',
  -- What it answers, where there is an alarm.
  alarm text,
  started_at timestamptz not null,
  started_by text not null,
  started_by_name text not null,
  ended_at timestamptz,
  ended_by_name text,
  note text not null default ''
);
create index run_open on plans.run (community) where ended_at is null;
create index run_time on plans.run (community, started_at desc);
-- One answer to one alarm.
create unique index run_of_alarm on plans.run (alarm) where alarm is not null and ended_at is null;

create table plans.run_step (
  run text not null references plans.run (id),
  step text not null,
  place integer not null,
  state text not null check (state in ('waiting', 'open', 'taken', 'done', 'skipped')),
  opened_at timestamptz,
  late_at timestamptz,
  taken_at timestamptz,
  taken_by_name text,
  finished_at timestamptz,
  finished_by text,
  finished_by_name text,
  note text not null default '',
  photo text,
  primary key (run, step)
);

create table plans.drill (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  plan text not null references plans.plan (id),
  building text,
  state text not null check (state in ('planned', 'announced', 'running', 'done', 'cancelled')),
  due_at timestamptz not null,
  minutes integer not null,
  goal text not null default '',
  planned_at timestamptz not null,
  planned_by_name text not null,
  announced_at timestamptz,
  announced_by_name text,
  run text references plans.run (id),
  -- The mode that marks alarms while it runs.
  mode text,
  started_at timestamptz,
  ended_at timestamptz,
  ended_by_name text,
  -- What came of it, in words.
  report text not null default ''
);
create index drill_time on plans.drill (community, due_at desc);

create table plans.attendance (
  id bigint generated always as identity primary key,
  drill text not null references plans.drill (id),
  person text,
  name text not null,
  party text not null default '',
  how text not null check (how in ('phone', 'hand')),
  at timestamptz not null,
  by_name text not null
);
create unique index attendance_once on plans.attendance (drill, person) where person is not null;

create table plans.finding (
  id bigint generated always as identity primary key,
  drill text not null references plans.drill (id),
  text text not null,
  step text,
  place text not null default '',
  at timestamptz not null,
  by_name text not null,
  work_order text
);

-- Plans that exist already are looked at once at the next start; afterwards the look sets itself.
insert into timers.timer (key, kind, community, due, basis, payload, set_at)
select 'plans.drills-due:' || id, 'plans.drills-due', id, 0, 'calendar', '{}', 0 from property.community
on conflict (key) do nothing;
`;
