// What auditors see: entries with their place in the sealed chain, heads, and the result of a verification.
import { Type, type Static } from 'typebox';
const Time = Type.String({ format: 'date-time' });

export const AuditEntryView = Type.Object({
  id: Type.String(),
  /** Place in the community's chain; null until it is sealed (a tenth of a second). */
  seq: Type.Union([Type.Integer(), Type.Null()]),
  /** Hex; null until it is sealed. */
  hash: Type.Union([Type.String(), Type.Null()]),
  at: Time,
  action: Type.String(),
  entity: Type.String(),
  entityId: Type.String(),
  actorKind: Type.String(),
  /** Hex of SHA-256 over salt and content. */
  contentHash: Type.String(),
  /** Hex; null when the content was erased or the caller may not see it. */
  salt: Type.Union([Type.String(), Type.Null()]),
  /** Canonical JSON of {actor, before, after}; null like the salt. */
  content: Type.Union([Type.String(), Type.Null()]),
});
export type AuditEntryView = Static<typeof AuditEntryView>;

export const HeadView = Type.Object({
  community: Type.String(),
  seq: Type.Integer(),
  hash: Type.String(),
  at: Time,
});
export type HeadView = Static<typeof HeadView>;

export const VerificationView = Type.Object({
  ok: Type.Boolean(),
  /** Links checked. */
  links: Type.Integer(),
  /** Heads, published outside the database, that it was checked against. */
  heads: Type.Integer(),
  findings: Type.Array(Type.Object({ seq: Type.Integer(), kind: Type.String() })),
});
export type VerificationView = Static<typeof VerificationView>;
