// SQL of the schema `ingest`.
import type { Lane } from '../../device-profiles/contract/point.ts';
import type { Tx } from '../db/tx.ts';
import type { QuarantineView } from './contract.ts';
import type { LaneCursor } from './lanes.ts';

export interface GatewayRow {
  readonly id: string;
  readonly community: string | null;
  readonly username: string;
  readonly enrolled_at: Date;
  readonly revoked_at: Date | null;
  readonly birth: string | null;
  readonly epoch: string | null;
  readonly software: string | null;
  readonly writes_history: boolean;
  readonly heard_at: Date | null;
  readonly silent_since: Date | null;
}

export async function listGateways(tx: Tx, community?: string): Promise<GatewayRow[]> {
  return tx.query<GatewayRow>(
    'select * from ingest.gateway where ($1::text is null or community is null or community = $1) order by id',
    [community ?? null],
  );
}

export async function findGateway(tx: Tx, id: string): Promise<GatewayRow | undefined> {
  return tx.maybe<GatewayRow>('select * from ingest.gateway where id = $1', [id]);
}

export interface Enrolment {
  readonly id: string;
  readonly community: string | null;
  readonly username: string;
  readonly passwordSha256: string;
  readonly by: string;
  readonly at: number;
}

/** Enrols a gateway, or gives a known one a new password. False when it belongs to another community. */
export async function enrol(tx: Tx, e: Enrolment): Promise<boolean> {
  const done = await tx.run(
    `insert into ingest.gateway as g (id, community, username, enrolled_at, enrolled_by)
     values ($1, $2, $3, to_timestamp($4::float8 / 1000), $5)
     on conflict (id) do update set community = coalesce(g.community, excluded.community), revoked_at = null,
       enrolled_at = excluded.enrolled_at, enrolled_by = excluded.enrolled_by
     where g.community is null or excluded.community is null or g.community = excluded.community`,
    [e.id, e.community, e.username, e.at, e.by],
  );
  if (done === 0) return false;
  await tx.run(
    `insert into ingest.credential (gateway, password_sha256) values ($1, $2)
     on conflict (gateway) do update set password_sha256 = excluded.password_sha256`,
    [e.id, e.passwordSha256],
  );
  return true;
}

/** @returns false when there is no such gateway of the community, or it was revoked before */
export async function revoke(tx: Tx, id: string, community: string, at: number): Promise<boolean> {
  const done = await tx.run(
    `update ingest.gateway set revoked_at = to_timestamp($3::float8 / 1000)
     where id = $1 and community = $2 and revoked_at is null`,
    [id, community, at],
  );
  return done === 1;
}

/** What a gateway proves itself with; undefined when it is unknown or revoked. */
export async function credentialOf(
  tx: Tx,
  username: string,
): Promise<{ readonly id: string; readonly password_sha256: string } | undefined> {
  return tx.maybe(
    `select g.id, c.password_sha256 from ingest.gateway g join ingest.credential c on c.gateway = g.id
     where g.username = $1 and g.revoked_at is null`,
    [username],
  );
}

export async function storeBirth(
  tx: Tx,
  birth: { readonly gateway: string; readonly id: string; readonly content: Buffer; readonly now: number },
  keep: number,
): Promise<void> {
  await tx.run(
    `insert into ingest.birth (gateway, id, content, first_at, last_at)
     values ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($4::float8 / 1000))
     on conflict (gateway, id) do update set last_at = excluded.last_at`,
    [birth.gateway, birth.id, birth.content, birth.now],
  );
  await tx.run(
    `delete from ingest.birth where gateway = $1 and id in (
       select id from ingest.birth where gateway = $1 order by last_at desc, id offset $2)`,
    [birth.gateway, keep],
  );
}

export async function loadBirth(tx: Tx, gateway: string, id: string): Promise<Buffer | undefined> {
  const row = await tx.maybe<{ content: Buffer }>('select content from ingest.birth where gateway = $1 and id = $2', [
    gateway,
    id,
  ]);
  return row?.content;
}

/** A live birth is in force. */
export async function noteLiveBirth(
  tx: Tx,
  live: {
    readonly gateway: string;
    readonly community: string;
    readonly birth: string;
    readonly epoch: string;
    readonly software: string;
    readonly writesHistory: boolean;
    readonly now: number;
  },
): Promise<void> {
  await tx.run(
    `update ingest.gateway set community = $2, birth = $3, epoch = $4, software = $5, writes_history = $6,
       heard_at = to_timestamp($7::float8 / 1000), silent_since = null where id = $1`,
    [live.gateway, live.community, live.birth, live.epoch, live.software, live.writesHistory, live.now],
  );
}

export async function noteSilent(tx: Tx, gateway: string, since: number): Promise<void> {
  await tx.run('update ingest.gateway set silent_since = to_timestamp($2::float8 / 1000) where id = $1', [
    gateway,
    since,
  ]);
}

const cursorOf = (r: { seq: string; crc: string; n: string }): LaneCursor => ({
  seq: Number(r.seq),
  crc: Number(r.crc),
  n: Number(r.n),
});

/** Both lanes' cursors under an epoch; a lane not heard under it begins at 0 with the highest n of earlier epochs. */
export async function openCursors(
  tx: Tx,
  gateway: string,
  epoch: string,
  keep: number,
): Promise<Record<Lane, LaneCursor>> {
  await tx.run(
    `insert into ingest.cursor (gateway, lane, epoch, seq, crc, n)
     select $1, l.lane, $2, 0, 0, coalesce((select max(c.n) from ingest.cursor c where c.gateway = $1 and c.lane = l.lane), -1)
     from (values ('safety'), ('telemetry')) as l (lane)
     on conflict (gateway, lane, epoch) do nothing`,
    [gateway, epoch],
  );
  await tx.run(
    `delete from ingest.cursor where gateway = $1 and epoch <> $2 and epoch not in (
       select epoch from ingest.cursor where gateway = $1 group by epoch order by max(changed_at) desc limit $3)`,
    [gateway, epoch, keep],
  );
  const rows = await tx.query<{ lane: Lane; seq: string; crc: string; n: string; top: string }>(
    `select lane, seq, crc, n, max(n) over (partition by lane) as top, epoch
     from ingest.cursor where gateway = $1`,
    [gateway],
  );
  const of = (lane: Lane): LaneCursor => {
    const mine = rows.filter((r) => r.lane === lane);
    const row = mine.find((r) => 'epoch' in r && r.epoch === epoch);
    if (!row) throw new Error(`no cursor of ${gateway} ${lane} under ${epoch}`);
    return { ...cursorOf(row), n: Number(row.top) };
  };
  return { safety: of('safety'), telemetry: of('telemetry') };
}

export interface Step {
  readonly gateway: string;
  readonly lane: Lane;
  readonly epoch: string;
  readonly before: LaneCursor;
  readonly after: LaneCursor;
}

/**
 * Moves cursors, if this hub holds the lease and each stands where it is thought to stand. Answers how many moved:
 * fewer than asked means that another hub is at work, and the transaction must not commit.
 */
export async function moveCursors(tx: Tx, steps: readonly Step[], token: number): Promise<number> {
  return tx.run(
    `with lease as (select 1 from ingest.lease where id = 1 and token = $8 for share)
     update ingest.cursor c set seq = u.seq, crc = u.crc, n = u.n, changed_at = now()
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
       as u (gateway, lane, epoch, prev, seq, crc, n), lease
     where c.gateway = u.gateway and c.lane = u.lane and c.epoch = u.epoch and c.seq = u.prev`,
    [
      steps.map((s) => s.gateway),
      steps.map((s) => s.lane),
      steps.map((s) => s.epoch),
      steps.map((s) => s.before.seq),
      steps.map((s) => s.after.seq),
      steps.map((s) => s.after.crc),
      steps.map((s) => s.after.n),
      token,
    ],
  );
}

/** Holds the lease for a transaction that moves no cursor. @returns false when another hub holds it */
export async function holdLease(tx: Tx, token: number): Promise<boolean> {
  const row = await tx.maybe('select 1 from ingest.lease where id = 1 and token = $1 for share', [token]);
  return row !== undefined;
}

export interface LeaseRow {
  readonly token: string;
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  readonly live: boolean;
}

export async function readLease(tx: Tx): Promise<LeaseRow | undefined> {
  return tx.maybe<LeaseRow>(
    'select token, holder, host, pid, expires_at > clock_timestamp() as live from ingest.lease where id = 1',
  );
}

export interface Holder {
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
}

/**
 * Takes the lease from the token seen (undefined: nobody has ever held it). Waits for a T1 that is about to commit
 * under the old token. Answers the new token, or undefined when somebody else was faster.
 */
export async function takeLease(
  tx: Tx,
  seen: string | undefined,
  by: Holder,
  leaseMs: number,
): Promise<number | undefined> {
  const row = await tx.maybe<{ token: string }>(
    `insert into ingest.lease as l (id, token, holder, host, pid, expires_at)
     values (1, 1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5::float8 / 1000))
     on conflict (id) do update set token = l.token + 1, holder = excluded.holder, host = excluded.host,
       pid = excluded.pid, expires_at = excluded.expires_at
     where l.token = $1::bigint
     returning token`,
    [seen ?? null, by.holder, by.host, by.pid, leaseMs],
  );
  return row && Number(row.token);
}

/** @returns false when another hub took it */
export async function renewLease(tx: Tx, token: number, leaseMs: number): Promise<boolean> {
  const done = await tx.run(
    `update ingest.lease set expires_at = clock_timestamp() + make_interval(secs => $2::float8 / 1000)
     where id = 1 and token = $1`,
    [token, leaseMs],
  );
  return done === 1;
}

export async function releaseLease(tx: Tx, token: number): Promise<void> {
  await tx.run('update ingest.lease set expires_at = clock_timestamp() where id = 1 and token = $1', [token]);
}

export interface Quarantined {
  readonly gateway: string;
  readonly lane: Lane;
  readonly epoch: string;
  readonly seq: number;
  readonly birth: string;
  readonly record: string;
  readonly reason: string;
}

/** How many records of each gateway were set aside. */
export async function countQuarantine(tx: Tx, gateways: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.query<{ gateway: string; count: string }>(
    'select gateway, count(*) as count from ingest.quarantine where gateway = any ($1::text[]) group by gateway',
    [gateways],
  );
  return new Map(rows.map((r) => [r.gateway, Number(r.count)]));
}

/** Records of a gateway that were set aside, newest first; `before` is the id of the last one seen. */
export async function listQuarantine(
  tx: Tx,
  gateway: string,
  page: { readonly before: string | null; readonly limit: number },
): Promise<QuarantineView[]> {
  const rows = await tx.query<{ id: string; at: Date; lane: string; seq: string; reason: string; record: string }>(
    `select id, at, lane, seq, reason, record from ingest.quarantine
     where gateway = $1 and ($2::bigint is null or id < $2::bigint) order by id desc limit $3`,
    [gateway, page.before, page.limit],
  );
  return rows.map((r) => ({ ...r, id: String(r.id), at: r.at.toISOString(), seq: Number(r.seq) }));
}

/** What a gateway declares now, and since when; undefined while nothing of it was ever taken. */
export async function currentBirth(
  tx: Tx,
  gateway: string,
  community: string,
): Promise<{ readonly content: Buffer; readonly at: Date } | undefined> {
  return tx.maybe(
    `select b.content, g.heard_at as at from ingest.gateway g join ingest.birth b on b.gateway = g.id and b.id = g.birth
     where g.id = $1 and g.community = $2 and g.heard_at is not null`,
    [gateway, community],
  );
}

export async function insertQuarantine(tx: Tx, rows: readonly Quarantined[], now: number): Promise<void> {
  if (rows.length === 0) return;
  await tx.run(
    `insert into ingest.quarantine (gateway, lane, epoch, seq, birth, record, reason, at)
     select u.*, to_timestamp($8::float8 / 1000)
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[]) as u`,
    [
      rows.map((r) => r.gateway),
      rows.map((r) => r.lane),
      rows.map((r) => r.epoch),
      rows.map((r) => r.seq),
      rows.map((r) => r.birth),
      rows.map((r) => r.record),
      rows.map((r) => r.reason.replaceAll('\0', '\uFFFD')),
      now,
    ],
  );
}
