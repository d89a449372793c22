// Events and the policy runner's books: what happened, which rule has dealt with it, what waits and what was set aside.
export const sql = `
create schema events;

create table events.event (
  id bigint generated always as identity primary key,
  -- Identities are drawn before commit, so a later id can become visible first. Readers order by (txid, id) and stop
  -- before the oldest transaction still running: nothing can appear behind them any more.
  txid xid8 not null default pg_current_xact_id(),
  type text not null,
  community text not null,
  subject text not null,
  payload jsonb not null,
  at timestamptz not null
);
create index event_order on events.event (txid, id);
create index event_subject on events.event (subject, id);

-- How far each reader of events has come. A row a reader.
create table events.cursor (
  reader text primary key,
  txid xid8 not null default '0',
  id bigint not null default 0
);

-- One row an effect: written in the effect's own transaction, never deleted. It makes the effect happen exactly once.
create table events.done (
  rule text not null,
  key text not null,
  event bigint not null,
  at timestamptz not null,
  primary key (rule, key)
);

-- A rule that failed on an event, or an event that waits behind such a failure in its queue (a rule's lane and the
-- event's subject), so that what belongs together stays in order.
create table events.parked (
  rule text not null,
  event bigint not null references events.event (id),
  txid xid8 not null,
  queue text not null,
  attempts integer not null,
  error text not null,
  next_at timestamptz not null,
  set_aside_at timestamptz,
  primary key (rule, event)
);
create index parked_waiting on events.parked (queue, txid, event) where set_aside_at is null;
`;
