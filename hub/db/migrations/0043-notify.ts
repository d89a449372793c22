// The outbox of notifications: a row a recipient and channel, with what became of it, and the web hooks of a community.
export const sql = `
create schema notify;

create table notify.hook (
  id text primary key default gen_random_uuid()::text,
  community text not null,
  name text not null,
  url text not null,
  -- Key of the signature (HMAC-SHA256), shown once to who made the hook.
  secret text not null,
  -- Null: whatever role is addressed.
  role text,
  -- The least urgent that goes through: life, urgent or normal.
  urgency text not null,
  active boolean not null default true,
  created_at timestamptz not null,
  created_by text not null
);
create index hook_community on notify.hook (community) where active;
comment on table notify.hook is 'secret: addresses of hooks are keys, too';

create table notify.notification (
  id bigint generated always as identity primary key,
  community text not null,
  -- The same thing is never told twice to the same recipient on the same channel.
  key text not null,
  channel text not null check (channel in ('in-app', 'webhook')),
  -- A person's id, a hook's id, or role:<role> when nobody has that role.
  recipient text not null,
  urgency text not null check (urgency in ('life', 'urgent', 'normal')),
  message text not null,
  args jsonb not null,
  link text,
  at timestamptz not null,
  state text not null check (state in ('pending', 'delivered', 'undelivered')),
  attempts integer not null default 0,
  -- In-app: until when it must have been shown. Web hook: when to try next; while trying, when to give up waiting.
  next_at timestamptz not null,
  error text not null default '',
  delivered_at timestamptz,
  read_at timestamptz,
  unique (key, channel, recipient)
);
create index notification_due on notify.notification (next_at) where state = 'pending';
create index notification_of on notify.notification (recipient, id desc) where channel = 'in-app';
create index notification_undelivered on notify.notification (community, id desc) where state = 'undelivered';
`;
