// Photos and papers, by SHA-256 of their stored bytes.
export const sql = `
create schema files;

create table files.file (
  community text not null references property.community (id),
  -- 64 hex digits.
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  media_type text not null,
  size integer not null check (size = octet_length(bytes)),
  bytes bytea not null,
  stored_by text not null,
  stored_at timestamptz not null,
  primary key (community, sha256)
);
-- Photos are compressed already.
alter table files.file alter column bytes set storage external;
comment on table files.file is 'secret: photos are given out one by one, by their hash';
`;
