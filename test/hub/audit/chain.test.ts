// The chain as pure functions: every way of tampering is found, with its place.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contentHash,
  GENESIS,
  linkHash,
  Verifier,
  type ChainEntry,
  type Finding,
  type Head,
  type Link,
} from '../../../hub/audit/chain.ts';
import { joinLinks } from '../../../hub/audit/sealer.ts';

const text = (n: number): string => JSON.stringify({ actor: { id: 'u', kind: 'user' }, after: n });
const salt = (n: number): Buffer => Buffer.alloc(16, n);

function entryOf(n: number, change: Partial<ChainEntry> = {}): ChainEntry {
  return {
    id: String(n),
    community: 'c',
    at: 1_700_000_000_000 + n,
    action: 'alarm.acknowledged',
    entity: 'alarm',
    entityId: `a${n}`,
    actorKind: 'user',
    contentHash: contentHash(salt(n), text(n)),
    ...change,
  };
}

function chainOf(length: number): Link[] {
  const entries = Array.from({ length }, (_, i) => entryOf(i + 1));
  return joinLinks(entries, new Map()).seals.map((seal, i) => ({
    seq: seal.seq,
    hash: seal.hash,
    entry: entries[i],
    content: { salt: salt(i + 1), text: text(i + 1) },
  }));
}

function verify(links: readonly Link[], heads: readonly Head[] = [], erased: readonly string[] = []): Finding[] {
  const verifier = new Verifier(new Set(erased), heads);
  for (const link of links) verifier.feed(link);
  verifier.end();
  return verifier.findings;
}

const headOf = (link: Link | undefined): Head => ({
  community: 'c',
  seq: link?.seq ?? 0,
  hash: link?.hash.toString('hex') ?? '',
  at: 0,
});

const chain = chainOf(8);
const at = (links: readonly Link[], seq: number): Link => {
  const link = links[seq - 1];
  if (link === undefined) throw new Error(`no link ${seq}`);
  return link;
};
const changed = (seq: number, change: (link: Link) => Link): Link[] =>
  chain.map((link) => (link.seq === seq ? change(link) : link));

describe('a verifier', () => {
  test('finds nothing in an untouched chain that its heads extend', () => {
    expect(verify(chain, [headOf(at(chain, 3)), headOf(at(chain, 8))])).toEqual([]);
  });

  test('finds a flipped bit of any field of an entry', () => {
    const fields: Partial<ChainEntry>[] = [
      { id: '99' },
      { community: 'd' },
      { at: 1 },
      { action: 'alarm.shelved' },
      { entity: 'order' },
      { entityId: 'a6' },
      { actorKind: 'system' },
      { contentHash: contentHash(salt(5), 'x') },
    ];
    for (const field of fields) {
      expect(verify(changed(5, (link) => ({ ...link, entry: entryOf(5, field) })))).toEqual([
        { seq: 5, kind: 'changed' },
      ]);
    }
  });

  test('finds edited contents, and deleted ones that no erasure explains', () => {
    const edited = changed(4, (link) => ({ ...link, content: { salt: salt(4), text: text(40) } }));
    expect(verify(edited)).toEqual([{ seq: 4, kind: 'content-changed' }]);
    const gone = changed(4, (link) => ({ ...link, content: undefined }));
    expect(verify(gone)).toEqual([{ seq: 4, kind: 'content-missing' }]);
    expect(verify(gone, [], ['4'])).toEqual([]);
  });

  test('finds a deleted link and a deleted entry', () => {
    expect(verify(chain.filter((l) => l.seq !== 3))).toEqual([
      { seq: 3, kind: 'missing' },
      { seq: 4, kind: 'changed' },
    ]);
    expect(verify(changed(3, (link) => ({ ...link, entry: undefined })))).toEqual([{ seq: 3, kind: 'entry-missing' }]);
  });

  test('finds two entries that changed places', () => {
    const swapped = chain.map((link) =>
      link.seq === 2
        ? { ...at(chain, 6), seq: 2, hash: link.hash }
        : link.seq === 6
          ? { ...at(chain, 2), seq: 6, hash: link.hash }
          : link,
    );
    expect(verify(swapped).map((f) => f.seq)).toEqual([2, 6]);
  });

  test('finds a cut tail by the published head', () => {
    expect(verify(chain.slice(0, 5), [headOf(at(chain, 8))])).toEqual([{ seq: 6, kind: 'truncated' }]);
    expect(verify([], [headOf(at(chain, 1))])).toEqual([{ seq: 1, kind: 'truncated' }]);
  });

  test('finds a chain that was rewritten whole, by the published head', () => {
    const forged = joinLinks(
      Array.from({ length: 8 }, (_, i) => entryOf(i + 1, i === 3 ? { action: 'nothing' } : {})),
      new Map(),
    ).seals.map((seal, i): Link => ({
      seq: seal.seq,
      hash: seal.hash,
      entry: entryOf(i + 1, i === 3 ? { action: 'nothing' } : {}),
      content: { salt: salt(i + 1), text: text(i + 1) },
    }));
    expect(verify(forged)).toEqual([]);
    expect(verify(forged, [headOf(at(chain, 8))])).toEqual([{ seq: 8, kind: 'rewritten' }]);
  });

  test('finds any one tampering, at its place or right after it', () => {
    const tamperings: Record<string, (seq: number) => Link[]> = {
      hash: (seq) => changed(seq, (l) => ({ ...l, hash: contentHash(l.hash, 'flip') })),
      edit: (seq) => changed(seq, (l) => ({ ...l, entry: entryOf(seq, { entityId: 'other' }) })),
      content: (seq) => changed(seq, (l) => ({ ...l, content: { salt: salt(seq), text: `${text(seq)} ` } })),
      drop: (seq) => chain.filter((l) => l.seq !== seq),
      cut: (seq) => chain.slice(0, seq - 1),
    };
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(tamperings)), fc.integer({ min: 1, max: 8 }), (kind, seq) => {
        const found = verify(tamperings[kind]?.(seq) ?? [], [headOf(at(chain, 8))]);
        expect(Math.min(...found.map((f) => f.seq))).toBe(seq);
      }),
    );
  });
});

test('the bytes that are hashed never change: a verifier elsewhere must agree', () => {
  expect(linkHash(1, GENESIS, entryOf(1)).toString('hex')).toBe(
    'dea70034d1ab3418e93b5f3ae4025544f783dcdcf5eb11ca7cf042f2e0515b9c',
  );
});

test('joining goes on from the heads, a chain a community', () => {
  const first = joinLinks([entryOf(1), entryOf(2, { community: 'd' })], new Map());
  const second = joinLinks([entryOf(3)], first.heads);
  expect([...first.seals, ...second.seals].map((s) => [s.community, s.seq])).toEqual([
    ['c', 1],
    ['d', 1],
    ['c', 2],
  ]);
  expect(second.seals[0]?.hash.equals(linkHash(2, first.seals[0]?.hash ?? GENESIS, entryOf(3)))).toBe(true);
});
