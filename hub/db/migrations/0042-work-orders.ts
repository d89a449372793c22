// Work orders: the order, the alarms it answers, its clocks, its history, its photos and, for a rescue, its milestones.
export const sql = `
create schema work_orders;

-- Numbers for people count up without a gap within a community and year.
create table work_orders.counter (
  community text not null,
  year integer not null,
  last integer not null,
  primary key (community, year)
);

create table work_orders.work_order (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  number text not null,
  kind text not null,
  state text not null,
  version integer not null default 1,
  source_kind text not null,
  source_id text not null,
  title jsonb not null,
  detail text not null default '',
  priority text not null check (priority in ('life', 'urgent', 'normal')),
  duty_class text not null,
  -- The norm as it was when the order was opened: later changes of a rule don't move running clocks.
  norm jsonb not null,
  norm_version text not null,
  device text,
  point text,
  building text,
  floor integer,
  place text,
  assignee text,
  assignee_name text,
  opened_at timestamptz not null,
  closed_at timestamptz,
  -- Time on site of the latest act: what a phone captured later can't have happened before.
  acted_at timestamptz not null,
  waiting jsonb,
  result text,
  service_state text,
  verification jsonb,
  unique (community, number),
  -- One order per alarm episode, failed check or other cause, whatever is delivered twice.
  unique (community, source_kind, source_id)
);
create index order_list on work_orders.work_order (community, opened_at desc, id desc);
create index order_device on work_orders.work_order (community, device) where state not in ('closed', 'cancelled');
create index order_assignee on work_orders.work_order (community, assignee) where assignee is not null;

-- An alarm episode belongs to one order only.
create table work_orders.alarm (
  alarm text primary key,
  -- Order of joining: the first is the one that opened it.
  n bigint generated always as identity,
  work_order text not null references work_orders.work_order (id),
  device text not null,
  point text not null,
  signal text not null,
  class text not null,
  text jsonb not null,
  joined_at timestamptz not null,
  cleared_at timestamptz
);
create index alarm_order on work_orders.alarm (work_order);

create table work_orders.clock (
  work_order text not null references work_orders.work_order (id),
  clock text not null,
  due_at timestamptz not null,
  done_at timestamptz,
  breached_at timestamptz,
  paused_ms bigint not null default 0,
  paused_since timestamptz,
  pause_max_ms bigint,
  stopped boolean not null default false,
  round integer not null default 0,
  primary key (work_order, clock)
);

create table work_orders.order_event (
  id bigint generated always as identity primary key,
  work_order text not null references work_orders.work_order (id),
  version integer not null,
  at timestamptz not null,
  captured_at timestamptz,
  by text not null,
  by_name text not null,
  act text not null,
  from_state text,
  to_state text,
  note text,
  implied boolean not null default false
);
create index order_event_order on work_orders.order_event (work_order, id);

-- Everyone who ever took the order on: none of them may verify it.
create table work_orders.worker (
  work_order text not null references work_orders.work_order (id),
  person text not null,
  since timestamptz not null,
  primary key (work_order, person)
);

create table work_orders.milestone (
  work_order text not null references work_orders.work_order (id),
  milestone text not null,
  at timestamptz not null,
  by text not null,
  by_name text not null,
  note text,
  primary key (work_order, milestone)
);

create table work_orders.photo (
  work_order text not null references work_orders.work_order (id),
  file text not null,
  phase text not null,
  at timestamptz not null,
  by text not null,
  primary key (work_order, file, phase)
);
`;
