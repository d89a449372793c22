// People who sign in, their passwords and sessions, their certificates.
export const sql = `
create schema staff;

create table staff.person (
  id text primary key default gen_random_uuid()::text,
  community text not null references property.community (id),
  -- Lower case; unique in the whole hub, for it is all that sign-in knows.
  username text not null unique check (username = lower(username)),
  name text not null,
  role text not null,
  active boolean not null default true,
  created_at timestamptz not null
);
create index person_by_role on staff.person (community, role) where active;

create table staff.credential (
  person text primary key references staff.person (id) on delete cascade,
  -- argon2id in PHC format.
  hash text not null,
  changed_at timestamptz not null
);
comment on table staff.credential is 'secret: password hashes';

create table staff.session (
  -- SHA-256 of the token, which only the browser has.
  token_hash bytea primary key,
  person text not null references staff.person (id) on delete cascade,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index session_of on staff.session (person);
comment on table staff.session is 'secret: sessions';

-- One row a failed sign-in; who succeeds clears his own.
create table staff.failed_login (
  id bigint generated always as identity primary key,
  username text not null,
  address text not null,
  at timestamptz not null
);
create index failed_login_at on staff.failed_login (at);
create index failed_login_by on staff.failed_login (username, at);
comment on table staff.failed_login is 'secret: what was typed as user name may be a password';

create table staff.certificate (
  id text primary key default gen_random_uuid()::text,
  person text not null references staff.person (id) on delete cascade,
  kind text not null,
  no text not null,
  -- Last day on which it is valid, in the community's time zone.
  expires date not null,
  revoked_at timestamptz,
  created_at timestamptz not null,
  unique (kind, no)
);
create index certificate_of on staff.certificate (person, kind);
`;
