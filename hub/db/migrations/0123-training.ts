// Fire-safety training with who was there and with what result, and publicity: what was shown where, when, with its proof.
export const sql = `
-- A training of the year's plan. What was held or called off is never changed again.
create table fire_safety.training (
  id text primary key default gen_random_uuid()::text,
  n bigint generated always as identity unique,
  community text not null,
  number text not null,
  topic text not null,
  audience text not null check (audience in ('staff', 'owners')),
  -- Who teaches: own staff, the fire authority, somebody else; and as people call them.
  teacher text not null check (teacher in ('own', 'authority', 'outside')),
  trainer text not null,
  place text not null,
  at timestamptz not null,
  minutes integer not null,
  content text not null default '',
  -- Score out of 100 from which somebody has passed; null: there is no test, being there is enough.
  pass_score integer check (pass_score between 1 and 100),
  state text not null check (state in ('planned', 'held', 'cancelled')),
  version integer not null default 1,
  planned_at timestamptz not null,
  planned_by text not null,
  planned_by_name text not null,
  ended_at timestamptz,
  ended_by text,
  ended_by_name text,
  -- What was taught, or why it was called off.
  summary text not null default '',
  -- Teaching material and photos: SHA-256, hex.
  files text[] not null default '{}',
  unique (community, number)
);
create index training_list on fire_safety.training (community, at desc, n desc);

-- Staff by their own record, with name and role as they were then.
create table fire_safety.trainee (
  id bigint generated always as identity primary key,
  training text not null references fire_safety.training (id),
  person text not null,
  name text not null,
  role text not null,
  how text not null check (how in ('self', 'hand')),
  at timestamptz not null,
  by text not null,
  by_name text not null,
  unique (training, person)
);
create index trainee_person on fire_safety.trainee (person);

-- Every try of a test; a retake adds one.
create table fire_safety.training_result (
  id bigint generated always as identity primary key,
  training text not null references fire_safety.training (id),
  person text not null,
  attempt integer not null,
  score integer not null check (score between 0 and 100),
  passed boolean not null,
  -- Of staff.certificate, where the training led to one.
  certificate text,
  note text not null default '',
  at timestamptz not null,
  by text not null,
  by_name text not null,
  unique (training, person, attempt)
);

-- Owners by household and counted, without a name.
create table fire_safety.household (
  id bigint generated always as identity primary key,
  training text not null references fire_safety.training (id),
  building text not null,
  room text not null,
  people integer not null check (people between 1 and 99),
  at timestamptz not null,
  by text not null,
  by_name text not null,
  unique (training, building, room)
);

create table fire_safety.publicity (
  id text primary key default gen_random_uuid()::text,
  n bigint generated always as identity unique,
  community text not null,
  number text not null,
  kind text not null check (kind in ('poster', 'leaflet', 'board', 'message', 'event', 'media')),
  activity text not null,
  material text not null default '',
  place text not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  copies integer,
  -- The material itself, and the photos that prove it: SHA-256, hex.
  files text[] not null default '{}',
  photos text[] not null,
  at timestamptz not null,
  by text not null,
  by_name text not null,
  -- Entered by mistake: kept, with who says so and why.
  withdrawn_at timestamptz,
  withdrawn_by_name text,
  reason text not null default '',
  unique (community, number)
);
create index publicity_list on fire_safety.publicity (community, from_at desc, n desc);

create trigger trainee_append_only before update or delete or truncate on fire_safety.trainee
  for each statement execute function fire_safety.refuse();
create trigger training_result_append_only before update or delete or truncate on fire_safety.training_result
  for each statement execute function fire_safety.refuse();
create trigger household_append_only before update or delete or truncate on fire_safety.household
  for each statement execute function fire_safety.refuse();

-- What ended stays as it was told, and nothing of either is ever deleted.
create function fire_safety.keep_training() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.state <> 'planned' then
    raise exception 'a training that ended is kept as it is' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger training_kept before update or delete on fire_safety.training
  for each row execute function fire_safety.keep_training();
create function fire_safety.keep_publicity() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.withdrawn_at is not null
    or (to_jsonb(new) - '{withdrawn_at,withdrawn_by_name,reason}'::text[])
      is distinct from (to_jsonb(old) - '{withdrawn_at,withdrawn_by_name,reason}'::text[]) then
    raise exception 'publicity is kept as it was entered' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger publicity_kept before update or delete on fire_safety.publicity
  for each row execute function fire_safety.keep_publicity();
`;
