// The SQL of the audit: appending, sealing, reading.
import type { Tx } from '../db/tx.ts';
import type { ChainEntry, Head, Link } from './chain.ts';

export interface NewEntry {
  readonly community: string;
  readonly at: number;
  readonly action: string;
  readonly entity: string;
  readonly entityId: string;
  readonly actorKind: string;
  readonly contentHash: Buffer;
  readonly salt: Buffer;
  readonly content: string;
}

interface Numbers {
  readonly stripe: string;
  /** The first of them. */
  readonly first: number;
}

/**
 * Takes `count` numbers of a community, held until the transaction ends: of a row that nobody else holds, else of a new
 * one, so that nobody waits.
 */
async function takeNumbers(tx: Tx, community: string, count: number): Promise<Numbers> {
  const row = await tx.one<{ stripe: string; n: string }>(
    `WITH free AS (
       SELECT stripe FROM audit.counter WHERE community = $1 ORDER BY stripe LIMIT 1 FOR UPDATE SKIP LOCKED
     ), risen AS (
       UPDATE audit.counter c SET n = c.n + $2 FROM free WHERE c.stripe = free.stripe RETURNING c.stripe, c.n
     ), made AS (
       INSERT INTO audit.counter (stripe, community, n)
       SELECT gen_random_uuid(), $1, $2 WHERE NOT EXISTS (SELECT 1 FROM free) RETURNING stripe, n
     )
     SELECT stripe, n FROM risen UNION ALL SELECT stripe, n FROM made`,
    [community, count],
  );
  return { stripe: row.stripe, first: Number(row.n) - count + 1 };
}

/** Appends entries in the caller's transaction, in the order given, with the numbers of their communities. */
export async function insertEntries(tx: Tx, entries: readonly NewEntry[]): Promise<void> {
  const counts = new Map<string, number>();
  for (const { community } of entries) counts.set(community, (counts.get(community) ?? 0) + 1);
  const next = new Map<string, { stripe: string; number: number }>();
  for (const [community, count] of counts) {
    const { stripe, first } = await takeNumbers(tx, community, count);
    next.set(community, { stripe, number: first });
  }
  const numbers = entries.map(({ community }) => {
    const { stripe, number } = next.get(community) ?? { stripe: '', number: 0 };
    next.set(community, { stripe, number: number + 1 });
    return { stripe, number };
  });
  await tx.run(
    `WITH given AS (
       SELECT u.*, nextval(pg_get_serial_sequence('audit.entry', 'id')) AS id
       FROM unnest($1::text[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[],
                   $9::text[], $10::uuid[], $11::bigint[]) WITH ORDINALITY
         AS u (community, at, action, entity, entity_id, actor_kind, content_hash, salt, content, stripe, number, n)
       ORDER BY u.n
     ), entries AS (
       INSERT INTO audit.entry (id, community, at, action, entity, entity_id, actor_kind, content_hash, stripe, number)
       OVERRIDING SYSTEM VALUE
       SELECT id, community, to_timestamp(at / 1000), action, entity, entity_id, actor_kind, content_hash, stripe, number
       FROM given
     ), contents AS (
       INSERT INTO audit.content (entry, salt, content) SELECT id, salt, content FROM given
     )
     INSERT INTO audit.unsealed (entry) SELECT id FROM given`,
    [
      entries.map((e) => e.community),
      entries.map((e) => e.at),
      entries.map((e) => e.action),
      entries.map((e) => e.entity),
      entries.map((e) => e.entityId),
      entries.map((e) => e.actorKind),
      entries.map((e) => e.contentHash),
      entries.map((e) => e.salt),
      entries.map((e) => e.content),
      numbers.map((n) => n.stripe),
      numbers.map((n) => n.number),
    ],
  );
}

interface EntryRow {
  id: string;
  community: string;
  at: Date;
  action: string;
  entity: string;
  entityId: string;
  actorKind: string;
  contentHash: Buffer;
}

const ENTRY = `e.id, e.community, e.at, e.action, e.entity, e.entity_id AS "entityId", e.actor_kind AS "actorKind",
  e.content_hash AS "contentHash"`;

const chainEntry = (row: EntryRow): ChainEntry => ({ ...row, at: row.at.getTime() });

/** One sealer at a time, over all hubs; false when another is at it. */
export async function lockSealing(tx: Tx): Promise<boolean> {
  const { locked } = await tx.one<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock(7365104) AS locked');
  return locked;
}

/** Takes committed entries out of the queue, oldest first. */
export async function takeUnsealed(tx: Tx, max: number): Promise<ChainEntry[]> {
  const rows = await tx.query<EntryRow>(
    `WITH taken AS (
       DELETE FROM audit.unsealed WHERE entry IN (SELECT entry FROM audit.unsealed ORDER BY entry LIMIT $1) RETURNING entry
     )
     SELECT ${ENTRY} FROM audit.entry e JOIN taken ON taken.entry = e.id ORDER BY e.id`,
    [max],
  );
  return rows.map(chainEntry);
}

export interface Seal {
  readonly community: string;
  readonly seq: number;
  readonly entry: string;
  readonly hash: Buffer;
}

export async function insertSeals(tx: Tx, seals: readonly Seal[], now: number): Promise<void> {
  await tx.run(
    `INSERT INTO audit.seal (community, seq, entry, hash, sealed_at)
     SELECT u.community, u.seq, u.entry, u.hash, to_timestamp($5::float8 / 1000)
     FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[]) AS u (community, seq, entry, hash)`,
    [seals.map((s) => s.community), seals.map((s) => s.seq), seals.map((s) => s.entry), seals.map((s) => s.hash), now],
  );
}

interface HeadRow {
  community: string;
  seq: string;
  hash: Buffer;
  at: Date;
}

/** The newest link of each community (of one, when given). */
export async function headsOf(tx: Tx, community?: string): Promise<Head[]> {
  const rows = await tx.query<HeadRow>(
    `SELECT DISTINCT ON (community) community, seq, hash, sealed_at AS at FROM audit.seal
     WHERE $1::text IS NULL OR community = $1 ORDER BY community, seq DESC`,
    [community ?? null],
  );
  return rows.map((r) => ({
    community: r.community,
    seq: Number(r.seq),
    hash: r.hash.toString('hex'),
    at: r.at.getTime(),
  }));
}

interface LinkRow {
  seq: string;
  hash: Buffer;
  salt: Buffer | null;
  content: string | null;
  entry: EntryRow | null;
}

/** Links of a community from `after` on, in order. */
export async function linksOf(tx: Tx, community: string, after: number, max: number): Promise<Link[]> {
  const rows = await tx.query<Omit<LinkRow, 'entry'> & Partial<EntryRow>>(
    `SELECT s.seq, s.hash, c.salt, c.content, ${ENTRY}
     FROM audit.seal s LEFT JOIN audit.entry e ON e.id = s.entry LEFT JOIN audit.content c ON c.entry = s.entry
     WHERE s.community = $1 AND s.seq > $2 ORDER BY s.seq LIMIT $3`,
    [community, after, max],
  );
  return rows.map(({ seq, hash, salt, content, ...entry }) => ({
    seq: Number(seq),
    hash,
    entry: isEntry(entry) ? chainEntry(entry) : undefined,
    content: salt === null || content === null ? undefined : { salt, text: content },
  }));
}

const isEntry = (row: Partial<EntryRow>): row is EntryRow => row.id !== undefined && row.id !== null;

/** Entries that are neither sealed nor waiting for it: someone took their seal, or their place in the queue. */
export async function lostEntries(tx: Tx, community: string): Promise<number> {
  const { lost } = await tx.one<{ lost: number }>(
    `SELECT count(*)::int AS lost FROM audit.entry e
     WHERE e.community = $1 AND NOT EXISTS (SELECT 1 FROM audit.seal s WHERE s.entry = e.id)
       AND NOT EXISTS (SELECT 1 FROM audit.unsealed u WHERE u.entry = e.id)`,
    [community],
  );
  return lost;
}

/** Notes what was sealed of each row of numbers. */
export async function noteSealed(tx: Tx, entries: readonly string[]): Promise<void> {
  await tx.run(
    `INSERT INTO audit.sealed_stripe AS s (stripe, community, sealed, top, lost)
     SELECT e.stripe, e.community, count(*), max(e.number), 0
     FROM audit.entry e WHERE e.id = ANY ($1::bigint[]) AND e.stripe IS NOT NULL GROUP BY e.stripe, e.community
     ON CONFLICT (stripe) DO UPDATE SET sealed = s.sealed + excluded.sealed, top = greatest(s.top, excluded.top)`,
    [entries],
  );
}

/** Numbers that were given in committed transactions and whose entries are gone before they were sealed. */
const GONE = `SELECT c.stripe, c.community,
    c.n - coalesce(s.sealed, 0) - coalesce(s.lost, 0)
      - (SELECT count(*) FROM audit.entry e WHERE e.stripe = c.stripe AND e.number > coalesce(s.top, 0)) AS gone
  FROM audit.counter c LEFT JOIN audit.sealed_stripe s USING (stripe)
  WHERE c.n > coalesce(s.sealed, 0) + coalesce(s.lost, 0)`;

export interface LostEntries {
  readonly community: string;
  readonly count: number;
}

/** Notes entries that were deleted before they were sealed; each is answered once. One sealer at a time. */
export async function noteLost(tx: Tx): Promise<LostEntries[]> {
  return tx.query<{ community: string; count: number }>(
    `WITH gone AS (SELECT * FROM (${GONE}) g WHERE g.gone > 0), noted AS (
       INSERT INTO audit.sealed_stripe AS s (stripe, community, sealed, top, lost)
       SELECT stripe, community, 0, 0, gone FROM gone
       ON CONFLICT (stripe) DO UPDATE SET lost = s.lost + excluded.lost
     )
     SELECT community, sum(gone)::int AS count FROM gone GROUP BY community ORDER BY community`,
  );
}

/** How many entries of a community were deleted before they were sealed. */
export async function deletedUnsealed(tx: Tx, community: string): Promise<number> {
  const { count } = await tx.one<{ count: number }>(
    `SELECT (coalesce((SELECT sum(lost) FROM audit.sealed_stripe WHERE community = $1), 0)
       + coalesce((SELECT sum(g.gone) FROM (${GONE}) g WHERE g.community = $1), 0))::int AS count`,
    [community],
  );
  return count;
}

/** Ids of entries whose content was erased with an entry that says so. */
export async function erasedEntries(tx: Tx, community: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT jsonb_array_elements_text(c.content::jsonb -> 'after' -> 'entries') AS id
     FROM audit.entry e JOIN audit.content c ON c.entry = e.id
     WHERE e.community = $1 AND e.action = 'content.erased'`,
    [community],
  );
  return rows.map((r) => r.id);
}

/** Deletes the contents of the entries of one entity. Answers their ids. */
export async function eraseContents(tx: Tx, community: string, entity: string, entityId: string): Promise<string[]> {
  const rows = await tx.query<{ entry: string }>(
    `DELETE FROM audit.content c USING audit.entry e
     WHERE c.entry = e.id AND e.community = $1 AND e.entity = $2 AND e.entity_id = $3 AND e.action <> 'content.erased'
     RETURNING c.entry`,
    [community, entity, entityId],
  );
  return rows.map((r) => r.entry);
}

export interface ListedEntry extends ChainEntry {
  readonly seq: number | null;
  readonly hash: Buffer | null;
  readonly salt: Buffer | null;
  readonly content: string | null;
}

export interface EntryFilter {
  readonly community: string;
  readonly entity?: string | undefined;
  readonly entityId?: string | undefined;
  /** Entries older than this id. */
  readonly before?: string | undefined;
  readonly max: number;
}

/** Newest first. */
export async function listEntries(tx: Tx, filter: EntryFilter): Promise<ListedEntry[]> {
  const rows = await tx.query<
    EntryRow & { seq: string | null; hash: Buffer | null; salt: Buffer | null; content: string | null }
  >(
    `SELECT ${ENTRY}, s.seq, s.hash, c.salt, c.content
     FROM audit.entry e LEFT JOIN audit.seal s ON s.entry = e.id LEFT JOIN audit.content c ON c.entry = e.id
     WHERE e.community = $1 AND ($2::text IS NULL OR e.entity = $2) AND ($3::text IS NULL OR e.entity_id = $3)
       AND ($4::bigint IS NULL OR e.id < $4)
     ORDER BY e.id DESC LIMIT $5`,
    [filter.community, filter.entity ?? null, filter.entityId ?? null, filter.before ?? null, filter.max],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime(), seq: row.seq === null ? null : Number(row.seq) }));
}
