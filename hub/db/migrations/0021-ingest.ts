// Ingest: who may send, what their indexes mean, how far each lane has come, who holds the pen, what could not be taken.
export const sql = `
create schema ingest;

create table ingest.gateway (
  id text primary key,
  community text,
  username text not null unique,
  enrolled_at timestamptz not null,
  enrolled_by text not null,
  revoked_at timestamptz,
  -- The last live birth: which index and epoch are in force.
  birth text,
  epoch text,
  software text,
  writes_history boolean not null default false,
  heard_at timestamptz,
  silent_since timestamptz
);

create table ingest.credential (
  gateway text primary key references ingest.gateway (id),
  -- SHA-256 of a password of 256 random bits: nothing to guess, so no slow hash is needed.
  password_sha256 text not null
);
comment on table ingest.credential is 'secret: what gateways prove themselves with';

-- Point indexes by birth id, without the snapshot: batches name the birth they were encoded with.
create table ingest.birth (
  gateway text not null references ingest.gateway (id),
  id text not null,
  content bytea not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (gateway, id)
);

-- The last sequence applied of each lane under each epoch, with the running CRC of the lane there.
create table ingest.cursor (
  gateway text not null references ingest.gateway (id),
  lane text not null check (lane in ('safety', 'telemetry')),
  epoch text not null,
  seq bigint not null,
  crc bigint not null,
  -- Highest n applied; it grows over epochs, so what a gateway carries into a new epoch is known as a repeat.
  n bigint not null,
  changed_at timestamptz not null default now(),
  primary key (gateway, lane, epoch)
);

-- One hub at a time commits T1. Every T1 locks this row in share mode and demands its own token.
create table ingest.lease (
  id integer primary key check (id = 1),
  token bigint not null,
  holder text not null,
  host text not null,
  pid integer not null,
  expires_at timestamptz not null
);

create table ingest.quarantine (
  id bigint generated always as identity primary key,
  gateway text not null,
  lane text not null,
  epoch text not null,
  seq bigint not null,
  birth text not null,
  -- The record as JSON text: what a jsonb column would refuse must fit here too.
  record text not null,
  reason text not null,
  at timestamptz not null
);
create index quarantine_gateway on ingest.quarantine (gateway, id);
`;
