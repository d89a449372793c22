// Emergency plans: what to do for each kind of incident, version by version.
export const sql = `
create schema plans;

-- One plan for a kind of incident and a building; without a building it is the whole community's.
create table plans.plan (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  kind text not null,
  building text,
  created_at timestamptz not null,
  unique nulls not distinct (community, kind, building)
);

create table plans.version (
  id text primary key default gen_random_uuid()::text,
  plan text not null references plans.plan (id),
  community text not null,
  number integer not null,
  state text not null check (state in ('draft', 'approved', 'in-force', 'retired', 'dropped')),
  -- Title, steps, numbers, documents.
  body jsonb not null,
  written_at timestamptz not null,
  written_by text not null,
  written_by_name text not null,
  approved_at timestamptz,
  approved_by text,
  approved_by_name text,
  in_force_at timestamptz,
  in_force_by_name text,
  ended_at timestamptz,
  -- Why it was given back or dropped.
  note text not null default '',
  unique (plan, number)
);
create unique index version_in_force on plans.version (plan) where state = 'in-force';
create unique index version_pending on plans.version (plan) where state in ('draft', 'approved');

-- What was approved stays what it was, and no version goes away: the old one stays readable.
create function plans.keep_version() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'versions of a plan are kept' using errcode = 'integrity_constraint_violation';
  end if;
  if old.state <> 'draft' and new.body is distinct from old.body then
    raise exception 'an approved version of a plan is not changed' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger version_kept before update or delete on plans.version
  for each row execute function plans.keep_version();
`;
