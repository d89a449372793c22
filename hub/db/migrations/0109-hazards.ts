// Fire hazards and violations: what was reported, who puts it right by when, and the whole history, which nobody edits.
export const sql = `
create schema fire_safety;

-- Numbers for people count up without a gap within a community, a year and a kind of paper.
create table fire_safety.counter (
  community text not null,
  series text not null,
  year integer not null,
  last integer not null,
  primary key (community, series, year)
);

create table fire_safety.hazard (
  id text primary key default gen_random_uuid()::text,
  n bigint generated always as identity unique,
  community text not null,
  number text not null,
  kind text not null,
  -- The kind as it was named then: a site may change its list.
  kind_name jsonb not null,
  family text not null,
  grade text not null check (grade in ('general', 'major')),
  state text not null check (state in ('reported', 'assigned', 'mended', 'cleared', 'dismissed')),
  version integer not null default 1,
  description text not null,
  building text,
  floor integer,
  place text,
  -- The same place written in one way: what is found there again is told.
  spot text,
  reporter text not null,
  reporter_name text not null,
  reporter_role text not null,
  reported_at timestamptz not null,
  -- When it came into its present state.
  since timestamptz not null,
  responsible text,
  responsible_name text,
  measures text not null default '',
  deadline timestamptz,
  work_order text,
  -- Everyone who ever put it right: none of them may recheck it.
  menders text[] not null default '{}',
  cleared_at timestamptz,
  reopened integer not null default 0,
  extended integer not null default 0,
  -- How often it was told that it is overdue, in its present state.
  told integer not null default 0,
  unique (community, number)
);
create index hazard_list on fire_safety.hazard (community, n desc);
create index hazard_spot on fire_safety.hazard (community, kind, spot) where spot is not null;
create index hazard_reporter on fire_safety.hazard (community, reporter, n desc);
create index hazard_order on fire_safety.hazard (work_order) where work_order is not null;

-- The history, with what each edit changed. Rows are written once.
create table fire_safety.hazard_event (
  id bigint generated always as identity primary key,
  hazard text not null references fire_safety.hazard (id),
  at timestamptz not null,
  by text,
  by_name text,
  by_role text,
  act text not null,
  from_state text,
  to_state text not null,
  note text not null default '',
  photos text[] not null default '{}',
  -- Field by field what was and what is: [{"field", "from", "to"}].
  changes jsonb not null default '[]'
);
create index hazard_event_of on fire_safety.hazard_event (hazard, id);

create function fire_safety.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'this history is append-only' using errcode = 'integrity_constraint_violation';
end $$;
create trigger hazard_event_append_only before update or delete or truncate on fire_safety.hazard_event
  for each statement execute function fire_safety.refuse();
`;
