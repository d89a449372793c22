// Since when desks are awaited after a start of the hub: one that starts again and again must not wait anew each time.
export const sql = `
create table live.grace (
  community text primary key,
  since timestamptz not null,
  -- The last start of the hub.
  started_at timestamptz not null
);
`;
