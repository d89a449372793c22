// The audit chain as pure functions: what is hashed, how links join, and what a verifier finds wrong.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';

/** An entry as it enters the chain. */
export interface ChainEntry {
  /** Id of the row, decimal. */
  readonly id: string;
  readonly community: string;
  /** ms since 1970 UTC. */
  readonly at: number;
  readonly action: string;
  readonly entity: string;
  readonly entityId: string;
  readonly actorKind: string;
  readonly contentHash: Buffer;
}

export const GENESIS: Buffer = Buffer.alloc(32);

/** Version of the bytes that are hashed; a verifier of another age must know it. */
const FORMAT = 'fengsui-audit-1';

const sha256 = (...parts: readonly (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Hash of an entry's content (who, before, after) under its salt: erasing the salt leaves nothing to guess against. */
export const contentHash = (salt: Buffer, content: string): Buffer => sha256(salt, content);

/**
 * Hash of link `seq` of a community's chain: SHA-256 over the hash before it and the canonical JSON of the entry with
 * its place. 32 bytes.
 */
export function linkHash(seq: number, previous: Buffer, entry: ChainEntry): Buffer {
  const { contentHash: content, ...rest } = entry;
  return sha256(previous, canonicalJson({ ...rest, format: FORMAT, seq, content: content.toString('hex') }));
}

/** A link as it is stored. */
export interface Link {
  readonly seq: number;
  readonly hash: Buffer;
  /** Undefined when the entry's row is gone. */
  readonly entry: ChainEntry | undefined;
  /** Undefined when it is gone. */
  readonly content: { readonly salt: Buffer; readonly text: string } | undefined;
}

export interface Finding {
  /** Place in the chain, from 1. */
  readonly seq: number;
  readonly kind:
    | 'missing'
    | 'entry-missing'
    | 'changed'
    | 'content-changed'
    | 'content-missing'
    | 'truncated'
    | 'rewritten'
    | 'unsealed'
    | 'deleted';
}

/** A head as it was published outside the database. */
export interface Head {
  readonly community: string;
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
  /** ms since 1970 UTC. */
  readonly at: number;
}

/** Checks one community's chain link by link; feed it in order of `seq`. */
export class Verifier {
  readonly findings: Finding[] = [];
  #previous: Buffer = GENESIS;
  #next = 1;
  readonly #erased: ReadonlySet<string>;
  readonly #heads: ReadonlyMap<number, string>;

  /**
   * @param erased ids of entries whose content was erased by an entry that says so
   * @param heads published heads of the community
   */
  constructor(erased: ReadonlySet<string>, heads: readonly Head[]) {
    this.#erased = erased;
    this.#heads = new Map(heads.map((h) => [h.seq, h.hash]));
  }

  feed(link: Link): void {
    for (; this.#next < link.seq; this.#next += 1) this.#find(this.#next, 'missing');
    const { entry, seq } = link;
    if (entry === undefined) this.#find(seq, 'entry-missing');
    else if (!linkHash(seq, this.#previous, entry).equals(link.hash)) this.#find(seq, 'changed');
    else this.#checkContent(link, entry);
    const published = this.#heads.get(seq);
    if (published !== undefined && published !== link.hash.toString('hex')) this.#find(seq, 'rewritten');
    // The stored hash, so that one bad link does not make all after it look bad.
    this.#previous = link.hash;
    this.#next = seq + 1;
  }

  /** After the last link: whether published heads go further than the chain. Answers how many links there were. */
  end(): number {
    const furthest = Math.max(0, ...this.#heads.keys());
    if (furthest >= this.#next) this.#find(this.#next, 'truncated');
    return this.#next - 1;
  }

  #checkContent({ seq, content }: Link, entry: ChainEntry): void {
    if (content === undefined) {
      if (!this.#erased.has(entry.id)) this.#find(seq, 'content-missing');
    } else if (!contentHash(content.salt, content.text).equals(entry.contentHash)) {
      this.#find(seq, 'content-changed');
    }
  }

  #find(seq: number, kind: Finding['kind']): void {
    this.findings.push({ seq, kind });
  }
}
