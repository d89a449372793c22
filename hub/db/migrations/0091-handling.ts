// The fire procedure: one row an incident, its entries that nobody can change, and what people reported.
export const sql = `
create schema handling;

create table handling.fire (
  -- The incident; the alarm itself where alarms could not be grouped.
  id uuid primary key,
  community text not null,
  -- The alarm it began with.
  alarm uuid not null,
  source text not null check (source in ('panel', 'report')),
  what jsonb not null,
  text jsonb not null,
  building text,
  floor integer,
  place text,
  mode text check (mode in ('drill', 'maintenance')),
  opened_at timestamptz not null,
  -- What it was found to be; null while that is not known.
  result text check (result in ('real', 'false', 'test')),
  cause text,
  judged_at timestamptz,
  closed_at timestamptz,
  check (closed_at is null or result is not null),
  check (cause is null or result = 'false')
);
create index fire_open on handling.fire (community, opened_at) where closed_at is null;
create index fire_time on handling.fire (community, opened_at desc, id desc);

-- What was done, by whom and when. Rows are written once; a mistake is corrected by a following remark.
create table handling.entry (
  id bigint generated always as identity primary key,
  fire uuid not null references handling.fire (id),
  community text not null,
  at timestamptz not null,
  kind text not null,
  -- Null: the hub itself.
  by text,
  by_name text,
  body jsonb not null,
  -- SHA-256 over the canonical text of what the row says.
  sha256 text not null
);
create index entry_fire on handling.entry (fire, id);
-- What happens once in a fire, whatever the code forgets.
create unique index entry_once on handling.entry (fire, kind)
  where kind in ('opened', 'evacuation', 'plan', 'brigade-arrived', 'fire-out', 'brigade-left');

create function handling.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'what was done at a fire is append-only' using errcode = 'integrity_constraint_violation';
end $$;
create trigger entry_append_only before update or delete or truncate on handling.entry
  for each statement execute function handling.refuse();
`;
