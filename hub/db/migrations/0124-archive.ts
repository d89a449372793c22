// The fire-safety archive: documents that people keep in it, edition by edition. What the hub knows itself is read where
// it is.
export const sql = `
create schema archive;

create table archive.document (
  id text primary key default gen_random_uuid()::text,
  n bigint generated always as identity unique,
  community text not null,
  chapter text not null,
  kind text not null,
  title text not null,
  edition text not null,
  valid_from date not null,
  -- Last day; null: until something replaces it.
  valid_until date,
  note text not null default '',
  -- [{"title", "file"}]: SHA-256, hex.
  files jsonb not null,
  -- The edition before this one.
  replaces text references archive.document (id),
  state text not null check (state in ('valid', 'replaced', 'withdrawn')),
  entered_at timestamptz not null,
  entered_by text not null,
  entered_by_name text not null,
  ended_at timestamptz,
  ended_by_name text,
  -- Why it was withdrawn.
  reason text not null default '',
  check (valid_until is null or valid_until >= valid_from)
);
-- An edition is followed by one.
create unique index document_replaced on archive.document (replaces) where replaces is not null;
create index document_list on archive.document (community, chapter, n desc);

-- Nothing goes away, and of what is kept only that it ended is ever written.
create function archive.keep_document() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'documents of the archive are kept' using errcode = 'integrity_constraint_violation';
  end if;
  if old.state <> 'valid'
    or (to_jsonb(new) - '{state,ended_at,ended_by_name,reason}'::text[])
      is distinct from (to_jsonb(old) - '{state,ended_at,ended_by_name,reason}'::text[]) then
    raise exception 'a document of the archive is not changed' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger document_kept before update or delete on archive.document
  for each row execute function archive.keep_document();
create trigger document_not_emptied before truncate on archive.document
  for each statement execute function fire_safety.refuse();
`;
