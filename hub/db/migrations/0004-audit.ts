// The audit: append-only entries, their contents (erasable, because they name people), and the sealed chain.
export const sql = `
create schema audit;

create table audit.entry (
  id bigint generated always as identity primary key,
  community text not null,
  at timestamptz not null,
  action text not null,
  entity text not null,
  entity_id text not null,
  -- user, system or device
  actor_kind text not null,
  -- SHA-256 over the content's salt and text.
  content_hash bytea not null
);
create index entry_of on audit.entry (community, entity, entity_id, id);

-- Who, and before and after. Never changed; deleted only to erase a person, which is itself an entry.
create table audit.content (
  entry bigint primary key references audit.entry (id),
  salt bytea not null,
  -- Canonical JSON as text: jsonb would not give the same bytes back.
  content text not null
);

-- Entries that the sealer has not seen yet. A queue, so that sealing never searches and never makes a commit wait.
create table audit.unsealed (
  entry bigint primary key references audit.entry (id)
);

create table audit.seal (
  community text not null,
  -- 1, 2, 3 … without a gap.
  seq bigint not null,
  entry bigint not null unique references audit.entry (id),
  -- SHA-256 over the entry, its place and the hash before it.
  hash bytea not null,
  sealed_at timestamptz not null,
  primary key (community, seq)
);

create function audit.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'audit rows are append-only' using errcode = 'integrity_constraint_violation';
end $$;

create trigger entry_append_only before update or delete or truncate on audit.entry
  for each statement execute function audit.refuse();
create trigger seal_append_only before update or delete or truncate on audit.seal
  for each statement execute function audit.refuse();
create trigger content_unchanged before update or truncate on audit.content
  for each statement execute function audit.refuse();
`;
