// Inspections by the fire authority: visits, the papers it served, and each thing it wants put right, with its history.
export const sql = `
create table fire_safety.visit (
  id text primary key default gen_random_uuid()::text,
  n bigint generated always as identity unique,
  community text not null,
  number text not null,
  kind text not null check (kind in ('routine', 'spot', 'complaint', 'recheck')),
  -- Which authority, and who came, as their cards said.
  authority text not null,
  inspectors text not null,
  at timestamptz not null,
  summary text not null,
  entered_at timestamptz not null,
  entered_by text not null,
  entered_by_name text not null,
  unique (community, number)
);
create index visit_list on fire_safety.visit (community, at desc, n desc);

create table fire_safety.notice (
  id text primary key default gen_random_uuid()::text,
  visit text not null references fire_safety.visit (id),
  community text not null,
  kind text not null check (kind in ('at-once', 'by-date', 'major', 'seal', 'penalty')),
  -- As the paper says it.
  number text not null,
  issued_at timestamptz not null,
  deadline timestamptz not null,
  -- The paper itself: SHA-256, hex.
  files text[] not null,
  entered_at timestamptz not null,
  entered_by text not null,
  -- A paper is entered once.
  unique (community, number)
);
create index notice_of on fire_safety.notice (visit);

create table fire_safety.rectification (
  id text primary key default gen_random_uuid()::text,
  n bigint generated always as identity unique,
  community text not null,
  notice text not null references fire_safety.notice (id),
  demand text not null,
  state text not null check (state in ('open', 'assigned', 'done', 'accepted')),
  version integer not null default 1,
  since timestamptz not null,
  responsible text,
  responsible_name text,
  measure text not null default '',
  deadline timestamptz not null,
  -- A later deadline that the authority was asked for; null: none waits for its answer.
  asked_until timestamptz,
  extended integer not null default 0,
  refused integer not null default 0,
  doers text[] not null default '{}',
  told integer not null default 0
);
create index rectification_of on fire_safety.rectification (notice, n);
create index rectification_open on fire_safety.rectification (community) where state <> 'accepted';

create table fire_safety.rectification_event (
  id bigint generated always as identity primary key,
  rectification text not null references fire_safety.rectification (id),
  at timestamptz not null,
  by text,
  by_name text,
  act text not null,
  to_state text not null,
  note text not null default '',
  files text[] not null default '{}',
  deadline timestamptz
);
create index rectification_event_of on fire_safety.rectification_event (rectification, id);
create trigger rectification_event_append_only before update or delete or truncate on fire_safety.rectification_event
  for each statement execute function fire_safety.refuse();
`;
