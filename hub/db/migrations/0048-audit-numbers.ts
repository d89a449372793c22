// Numbers of audit entries, given in their own transaction, so that one deleted before it is sealed leaves a gap.
//
// A transaction takes a row of `counter` that no other holds, so commits never wait for each other; numbers within a row
// have no gap, and what is rolled back has never been counted.
export const sql = `
create table audit.counter (
  stripe uuid primary key,
  community text not null,
  n bigint not null
);
create index counter_of on audit.counter (community);

-- What the sealer has seen of each row of numbers: entries sealed, the highest number among them, and how many are gone.
create table audit.sealed_stripe (
  stripe uuid primary key,
  community text not null,
  sealed bigint not null,
  top bigint not null,
  lost bigint not null
);

-- Null in entries of before this version.
alter table audit.entry add column stripe uuid, add column number bigint;
create unique index entry_number on audit.entry (stripe, number) where stripe is not null;

create function audit.only_up() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or new.n < old.n or new.stripe <> old.stripe or new.community <> old.community then
    raise exception 'audit numbers only rise' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger counter_only_up before update or delete on audit.counter
  for each row execute function audit.only_up();
`;
