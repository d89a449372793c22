// Idempotency keys of writes (Idempotency-Key).
export const sql = `
create schema http;

create table http.idempotency (
  user_id text not null,
  key text not null,
  -- SHA-256 over route and input: the same key with another hash is refused.
  hash bytea not null,
  -- Null only inside the transaction that does the work.
  -- As json: a repeat gets the very same text.
  answer json,
  at timestamptz not null,
  primary key (user_id, key)
);
create index idempotency_at on http.idempotency (at);
comment on table http.idempotency is 'secret: answers may hold personal data';
`;
