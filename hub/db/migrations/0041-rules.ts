// What sites have put in place of the default numbers: append-only versions, the newest holds.
export const sql = `
create schema rules;

create table rules.version (
  community text not null,
  rule text not null,
  version integer not null,
  value jsonb not null,
  reason text not null,
  by text not null,
  by_name text not null,
  at timestamptz not null,
  primary key (community, rule, version)
);
`;
