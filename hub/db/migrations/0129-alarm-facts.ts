// What figures count of alarms, a narrow row each: a year is counted without reading wide rows and parsing their JSON.
// Rows follow alarms.alarm by the number of its last change, outside the transaction that stores an alarm.
export const sql = `
create table alarms.fact (
  id uuid primary key,
  community text not null,
  -- Number of the change that the row was taken at.
  seq bigint not null,
  gateway text not null,
  device text not null,
  device_kind text not null,
  point text not null,
  signal text not null,
  -- Of device, point and signal together: groups without comparing three texts.
  source bigint not null,
  class text not null,
  building text,
  received_at timestamptz not null,
  raised_at timestamptz not null,
  cleared_at timestamptz,
  -- When the signal was gone, or the episode closed by hand.
  ended_at timestamptz,
  recurrences integer not null,
  state text not null,
  raised_mode text,
  -- The first acknowledgement.
  acked_at timestamptz,
  verdict text,
  verdict_at timestamptz,
  -- The fire procedure that it would belong to.
  fire uuid not null
);
create index fact_received on alarms.fact (community, received_at, id);
create index fact_ended on alarms.fact (community, ended_at, received_at);
create index fact_comms on alarms.fact (community, raised_at) where class = 'COMMS';
create index fact_hidden on alarms.fact (community) where state in ('shelved', 'out-of-service');

-- Up to which change facts were taken.
create table alarms.fact_cursor (
  community text primary key,
  seq bigint not null
);
`;
