// What an upload gives back.
import { Type, type Static } from 'typebox';

export const FileView = Type.Object({
  /** SHA-256 of the stored bytes, hex: GET /api/files/{sha256}. Metadata is taken out, so it may differ from yours. */
  sha256: Type.String(),
  type: Type.String(),
  size: Type.Integer(),
  /** Of a drawing (SVG): names of parts that could act or load and were left out. */
  removed: Type.Optional(Type.Array(Type.String())),
});
export type FileView = Static<typeof FileView>;
