// Duty as it is kept: who has really taken over, roll calls, hand-overs, and the log that nobody can change.
export const sql = `
-- Who is in the control room: from taking over until released by those who come after.
create table duty.attendance (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  person text not null,
  person_name text not null,
  -- The planned shift it was taken over for.
  shift text not null references duty.shift (id),
  -- When that shift was to end; a plan that is changed later does not change it.
  planned_end timestamptz not null,
  taken_at timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  end_reason text check (end_reason in ('handed-over', 'relieved')),
  check ((ended_at is null) = (end_reason is null))
);
-- Nobody is on duty twice.
create unique index attendance_present on duty.attendance (person) where ended_at is null;
create index attendance_time on duty.attendance (community, taken_at);
create index attendance_shift on duty.attendance (shift, person);

create table duty.roll_call (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  source text not null check (source in ('supervisor', 'random', 'authority')),
  asked_at timestamptz not null,
  -- Null: by itself.
  asked_by text,
  asked_by_name text,
  answer_ms integer not null,
  answered_at timestamptz,
  answered_by text,
  answered_by_name text,
  missed_at timestamptz,
  check (answered_at is null or missed_at is null)
);
-- One question at a time.
create unique index roll_call_open on duty.roll_call (community) where answered_at is null and missed_at is null;

create table duty.handover (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  state text not null check (state in ('open', 'done', 'withdrawn')),
  prepared_at timestamptz not null,
  prepared_by text not null,
  prepared_by_name text not null,
  -- Who leaves when it is signed: ids.
  leaving text[] not null,
  note text not null,
  -- What was open at one moment, as those who came read it; its SHA-256 is over the canonical text.
  list jsonb not null,
  sha256 text not null,
  done_at timestamptz
);
create unique index handover_open on duty.handover (community) where state = 'open';

create table duty.handover_signature (
  handover text not null references duty.handover (id),
  person text not null,
  person_name text not null,
  at timestamptz not null,
  sha256 text not null,
  primary key (handover, person)
);

-- The log of duty. Rows are written once: a mistake is corrected by a following row that names it.
create table duty.record (
  id bigint generated always as identity primary key,
  community text not null,
  at timestamptz not null,
  kind text not null,
  -- Who did it; null: the hub itself.
  by text,
  by_name text,
  shift text,
  -- Everyone it concerns, for the search by person.
  people text[] not null,
  corrects bigint references duty.record (id),
  body jsonb not null,
  -- SHA-256 over the canonical text of what the row says.
  sha256 text not null
);
create index record_time on duty.record (community, at desc, id desc);
create index record_people on duty.record using gin (people);
create index record_corrects on duty.record (corrects) where corrects is not null;

create function duty.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the duty log is append-only' using errcode = 'integrity_constraint_violation';
end $$;
create trigger record_append_only before update or delete or truncate on duty.record
  for each statement execute function duty.refuse();
create trigger signature_append_only before update or delete or truncate on duty.handover_signature
  for each statement execute function duty.refuse();

-- Certificates that exist already are looked at once at the next start; afterwards the look sets itself.
insert into timers.timer (key, kind, community, due, basis, payload, set_at)
select 'duty.certificates:' || id, 'duty.certificates', id, 0, 'calendar', '{}', 0 from property.community
on conflict (key) do nothing;
`;
