// The SQL of the outbox and of web hooks.
import type { Tx } from '../db/tx.ts';
import { LOST, type Urgency } from './norms.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export type Args = Readonly<Record<string, string | number>>;

export interface NewNotification {
  readonly community: string;
  readonly key: string;
  readonly channel: 'in-app' | 'webhook';
  readonly recipient: string;
  readonly urgency: Urgency;
  readonly message: string;
  readonly args: Args;
  readonly link?: string | undefined;
  /** ms wall */
  readonly nextAt: number;
  /** Set where it can't be delivered from the first: why. */
  readonly lost?: string | undefined;
}

/** Queues notifications; those that were queued before stay as they are. Answers the ids of the new ones that are lost. */
export async function insertNotifications(tx: Tx, rows: readonly NewNotification[], now: number): Promise<LostRow[]> {
  if (rows.length === 0) return [];
  return tx.query<LostRow>(
    `with fresh as (
       insert into notify.notification (community, key, channel, recipient, urgency, message, args, link, at, state,
         next_at, error)
       select u.community, u.key, u.channel, u.recipient, u.urgency, u.message, u.args::jsonb, u.link, ${at(11)},
         case when u.lost is null then 'pending' else 'undelivered' end, to_timestamp(u.next_at / 1000),
         coalesce(u.lost, '')
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
         $9::float8[], $10::text[])
         as u (community, key, channel, recipient, urgency, message, args, link, next_at, lost)
       on conflict (key, channel, recipient) do nothing
       returning id, community, channel, recipient, urgency, state, error)
     select id, community, channel, recipient, urgency, error from fresh where state = 'undelivered'`,
    [
      rows.map((r) => r.community),
      rows.map((r) => r.key),
      rows.map((r) => r.channel),
      rows.map((r) => r.recipient),
      rows.map((r) => r.urgency),
      rows.map((r) => r.message),
      rows.map((r) => JSON.stringify(r.args)),
      rows.map((r) => r.link ?? null),
      rows.map((r) => r.nextAt),
      rows.map((r) => r.lost ?? null),
      now,
    ],
  );
}

/** Wakes the outbox and tells screens, after commit: the payload is the ids of the people concerned. */
export const tell = async (tx: Tx, channel: string, people: readonly string[]): Promise<void> => {
  await tx.query(`select pg_notify($1, $2)`, [channel, people.join(',')]);
};

export interface LostRow {
  readonly id: string;
  readonly community: string;
  readonly channel: string;
  readonly recipient: string;
  readonly urgency: Urgency;
  readonly error: string;
}

/** In-app pages that nobody saw in time become undelivered. */
export const expireUnseen = (tx: Tx, now: number, max: number): Promise<LostRow[]> =>
  tx.query<LostRow>(
    `update notify.notification set state = 'undelivered', error = $3
     where id in (select id from notify.notification
                  where state = 'pending' and channel = 'in-app' and next_at <= ${at(1)}
                  order by next_at limit $2 for update skip locked)
     returning id, community, channel, recipient, urgency, error`,
    [now, max, LOST.unseen],
  );

export interface DueHook extends Omit<NewNotification, 'nextAt' | 'lost' | 'link'> {
  readonly id: string;
  readonly link: string | null;
  readonly at: Date;
  readonly attempts: number;
  readonly url: string | null;
  readonly secret: string | null;
}

/** Takes due web hook deliveries until `claimUntil` (ms): a hub that dies meanwhile leaves them to the next look. */
export const claimDueHooks = (tx: Tx, now: number, claimUntil: number, max: number): Promise<DueHook[]> =>
  tx.query<DueHook>(
    `with due as (
       update notify.notification set attempts = attempts + 1, next_at = ${at(2)}
       where id in (select id from notify.notification
                    where state = 'pending' and channel = 'webhook' and next_at <= ${at(1)}
                    order by case urgency when 'life' then 0 when 'urgent' then 1 else 2 end, next_at
                    limit $3 for update skip locked)
       returning *)
     select due.id, due.community, due.key, due.channel, due.recipient, due.urgency, due.message, due.args, due.link,
       due.at, due.attempts, h.url, h.secret
     from due left join notify.hook h on h.id = due.recipient and h.active`,
    [now, claimUntil, max],
  );

export const markDelivered = (tx: Tx, id: string, now: number): Promise<number> =>
  tx.run(`update notify.notification set state = 'delivered', delivered_at = ${at(2)}, error = '' where id = $1`, [
    id,
    now,
  ]);

/** Notes a failed try; without `nextAt` (ms) that was the last. */
export const markFailed = (tx: Tx, id: string, error: string, nextAt: number | undefined): Promise<number> =>
  tx.run(
    `update notify.notification set error = $2, next_at = coalesce(${at(3)}, next_at),
       state = case when $3::float8 is null then 'undelivered' else 'pending' end
     where id = $1 and state = 'pending'`,
    [id, error, nextAt ?? null],
  );

/** Has this page, or the same told to another recipient, reached anyone? */
export async function reachedAnyone(tx: Tx, id: string): Promise<boolean> {
  const { reached } = await tx.one<{ reached: boolean }>(
    `select exists (select 1 from notify.notification n join notify.notification other on other.key = n.key
       where n.id = $1 and other.state = 'delivered') as reached`,
    [id],
  );
  return reached;
}

export interface PageDelivery {
  readonly key: string;
  readonly recipient: string;
  readonly state: 'pending' | 'delivered' | 'undelivered';
  /** ms wall */
  readonly at: number;
  readonly deliveredAt: number | null;
}

/** What became of the pages under these keys, a row a recipient. */
export async function deliveriesOf(tx: Tx, community: string, keys: readonly string[]): Promise<PageDelivery[]> {
  const rows = await tx.query<{
    key: string;
    recipient: string;
    state: PageDelivery['state'];
    at: Date;
    delivered_at: Date | null;
  }>(
    `select key, recipient, state, at, delivered_at from notify.notification
     where community = $1 and key = any ($2::text[]) and channel = 'in-app' order by id`,
    [community, keys],
  );
  return rows.map(({ at: sent, delivered_at, ...page }) => ({
    ...page,
    at: sent.getTime(),
    deliveredAt: delivered_at?.getTime() ?? null,
  }));
}

/** What a page says. */
export const messageOf = (tx: Tx, id: string): Promise<{ message: string; args: Args } | undefined> =>
  tx.maybe(`select message, args from notify.notification where id = $1`, [id]);

interface Row {
  readonly id: string;
  readonly urgency: Urgency;
  readonly message: string;
  readonly args: Args;
  readonly link: string | null;
  readonly at: Date;
}

/** A person's notifications, newest first, before an id. */
export const listFor = (
  tx: Tx,
  person: string,
  filter: { readonly unread: boolean; readonly before: string | undefined; readonly limit: number },
): Promise<(Row & { readonly read_at: Date | null; readonly state: string })[]> =>
  tx.query(
    `select id, urgency, message, args, link, at, read_at, state from notify.notification
     where channel = 'in-app' and recipient = $1 and ($2::bigint is null or id < $2)
       and (not $3::boolean or read_at is null)
     order by id desc limit $4`,
    [person, filter.before ?? null, filter.unread, filter.limit],
  );

export async function countUnread(tx: Tx, person: string): Promise<number> {
  const { unread } = await tx.one<{ unread: number }>(
    `select count(*)::integer as unread from notify.notification
     where channel = 'in-app' and recipient = $1 and read_at is null`,
    [person],
  );
  return unread;
}

/** They were on the person's screen: that is the proof of delivery. Late is better than never. */
export const markSeen = (tx: Tx, person: string, ids: readonly string[], now: number): Promise<number> =>
  tx.run(
    `update notify.notification set state = 'delivered', delivered_at = ${at(3)}
     where recipient = $1 and channel = 'in-app' and id = any($2::bigint[]) and state <> 'delivered'`,
    [person, ids, now],
  );

export const markRead = (tx: Tx, person: string, ids: readonly string[] | 'all', now: number): Promise<number> =>
  tx.run(
    `update notify.notification set read_at = ${at(3)}, state = 'delivered',
       delivered_at = coalesce(delivered_at, ${at(3)})
     where recipient = $1 and channel = 'in-app' and read_at is null and ($2::bigint[] is null or id = any($2))`,
    [person, ids === 'all' ? null : ids, now],
  );

/** What reached nobody it was for, newest first. */
export const listUndelivered = (
  tx: Tx,
  community: string,
  before: string | undefined,
  limit: number,
): Promise<
  (Row & {
    readonly channel: 'in-app' | 'webhook';
    readonly recipient: string;
    readonly attempts: number;
    readonly error: string;
  })[]
> =>
  tx.query(
    `select id, urgency, message, args, link, at, channel, recipient, attempts, error from notify.notification
     where community = $1 and state = 'undelivered' and ($2::bigint is null or id < $2)
     order by id desc limit $3`,
    [community, before ?? null, limit],
  );

export interface Hook {
  readonly id: string;
  readonly community: string;
  readonly name: string;
  readonly url: string;
  readonly role: string | null;
  readonly urgency: Urgency;
}

export const hooksOf = (tx: Tx, community: string): Promise<Hook[]> =>
  tx.query<Hook>(
    `select id, community, name, url, role, urgency from notify.hook where community = $1 and active
     order by created_at, id`,
    [community],
  );

export const insertHook = (
  tx: Tx,
  hook: Omit<Hook, 'id'> & { readonly secret: string; readonly by: string; readonly now: number },
): Promise<Hook> =>
  tx.one<Hook>(
    `insert into notify.hook (community, name, url, secret, role, urgency, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, ${at(8)}) returning id, community, name, url, role, urgency`,
    [hook.community, hook.name, hook.url, hook.secret, hook.role, hook.urgency, hook.by, hook.now],
  );

export const removeHook = async (tx: Tx, community: string, id: string): Promise<boolean> =>
  (await tx.run(`update notify.hook set active = false where id = $1 and community = $2 and active`, [
    id,
    community,
  ])) === 1;
