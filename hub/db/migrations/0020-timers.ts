// Every deadline of the hub in one table, so that none is lost in a restart (hard rule 9).
export const sql = `
create schema timers;

create table timers.timer (
  -- Setting a key again moves its deadline.
  key text primary key,
  kind text not null,
  community text not null,
  -- Wall clock, ms since 1970 UTC.
  due bigint not null,
  -- A duration shifts when someone sets the wall clock; a calendar date does not.
  basis text not null check (basis in ('duration', 'calendar')),
  payload jsonb not null,
  -- Wall clock at which it was set, ms: tells the durations set before a clock jump from those set after it.
  set_at bigint not null,
  attempts integer not null default 0,
  error text,
  set_aside_at timestamptz
);
create index timer_due on timers.timer (due, key) where set_aside_at is null;
`;
