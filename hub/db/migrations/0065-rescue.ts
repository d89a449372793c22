// What a rescue needs beside its work order: calls, what is known of the people inside, steps, exports.
export const sql = `
-- The next call to the people inside: due again and again until they are out.
create table work_orders.rescue (
  work_order text primary key references work_orders.work_order (id),
  recall_due_at timestamptz not null,
  -- Rises with every call: a timer of an earlier call has nothing to say.
  recall_round integer not null,
  recall_breached_at timestamptz,
  -- Calls in a row that nobody inside answered.
  unanswered integer not null default 0
);

create table work_orders.rescue_call (
  id bigint generated always as identity primary key,
  work_order text not null references work_orders.work_order (id),
  at timestamptz not null,
  party text not null,
  outcome text not null check (outcome in ('reached', 'not-reached', 'refused')),
  number text,
  note text,
  by text not null,
  by_name text not null
);
create index rescue_call_order on work_orders.rescue_call (work_order, id);

-- Each report stands; the newest is what is known.
create table work_orders.rescue_people (
  id bigint generated always as identity primary key,
  work_order text not null references work_orders.work_order (id),
  at timestamptz not null,
  count integer check (count >= 0),
  elderly integer check (elderly >= 0),
  children integer check (children >= 0),
  unwell boolean,
  note text,
  by text not null,
  by_name text not null
);
create index rescue_people_order on work_orders.rescue_people (work_order, id);

create table work_orders.rescue_step (
  work_order text not null references work_orders.work_order (id),
  step text not null,
  at timestamptz not null,
  condition text,
  note text,
  by text not null,
  by_name text not null,
  primary key (work_order, step)
);

-- Hashes of timelines that were handed out; the audit chain has them too.
create table work_orders.rescue_export (
  work_order text not null references work_orders.work_order (id),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  format text not null,
  entries integer not null,
  at timestamptz not null,
  by text not null,
  by_name text not null,
  primary key (work_order, sha256)
);
create index rescue_export_hash on work_orders.rescue_export (sha256);
`;
