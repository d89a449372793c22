// POST /api/files (multipart, one file) and GET /api/files/{sha256}, within one's own community.
import { createHash } from 'node:crypto';
import multipart from '@fastify/multipart';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { FILE_LIMITS } from '../config.ts';
import { ok, refuse } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { RefusalError, valueOf } from '../http/problem.ts';
import { FileView } from './contract.ts';
import { examineUpload } from './media.ts';
import { getFile, putFile } from './store.ts';

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'application/pdf': 'pdf',
};

/** Whose work needs photos, and who reports hazards with them. */
const UPLOADERS: readonly Role[] = [...STAFF, 'contractor', 'committee', 'owner'];

/** Even if a browser took it for a page: no script, no origin, no frame. */
const FILE_CSP = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox";

async function uploaded(request: FastifyRequest): Promise<Buffer> {
  if (!request.isMultipart()) throw new RefusalError('bad-request', 'expected multipart/form-data with one file');
  const part = await request.file();
  if (part === undefined) throw new RefusalError('bad-request', 'file: missing');
  return part.toBuffer();
}

const viewOf = (sha256: string, type: string, bytes: Buffer, removed: readonly string[]): FileView => ({
  sha256,
  type,
  size: bytes.length,
  ...(removed.length > 0 ? { removed: [...removed] } : {}),
});

export function fileRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  let uploads = 0;
  return async (app) => {
    await app.register(multipart, {
      limits: { fileSize: FILE_LIMITS.bytesMax, files: 1, fields: 10, fieldSize: 1_000, parts: 12, headerPairs: 50 },
    });
    app.post(
      '/api/files',
      {
        config: { policy: { allow: UPLOADERS } },
        bodyLimit: FILE_LIMITS.bytesMax + 100_000,
        schema: { tags: ['files'], consumes: ['multipart/form-data'], response: { 200: FileView } },
      },
      async (request) => {
        if (uploads >= FILE_LIMITS.uploadsMax) throw new RefusalError('unavailable', 'uploads');
        uploads += 1;
        try {
          const { type, bytes, removed = [] } = valueOf(await examineUpload(await uploaded(request)));
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          // What an Idempotency-Key stands for: the upload itself is no parsed body.
          request.body = { sha256 };
          return await entry.command(request, async (c) => {
            const { id: by, community } = entry.user(request);
            const fresh = await putFile(c.tx, { sha256, type, bytes, community, by }, c.now);
            const view = viewOf(sha256, type, bytes, removed);
            if (fresh) {
              c.emit({
                effect: 'audit',
                community,
                action: 'file.stored',
                entity: 'file',
                entityId: sha256,
                after: view,
              });
            }
            return ok(view);
          });
        } finally {
          uploads -= 1;
        }
      },
    );
    app.get(
      '/api/files/:sha256',
      {
        config: { policy: { allow: 'signed-in' }, reading: 'file' },
        schema: { tags: ['files'], params: Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }) },
      },
      async (request, reply) => {
        const { community } = entry.user(request);
        const file = await entry.db.transaction((tx) => getFile(tx, community, request.params.sha256));
        const found = valueOf(file === undefined ? refuse('not-found') : ok(file));
        const inline = found.type.startsWith('image/') ? 'inline' : 'attachment';
        return reply
          .type(found.type)
          .header(
            'content-disposition',
            `${inline}; filename="${found.sha256.slice(0, 16)}.${EXTENSIONS[found.type] ?? 'bin'}"`,
          )
          .header('content-security-policy', FILE_CSP)
          .header('cross-origin-resource-policy', 'same-origin')
          .header('cache-control', 'private, max-age=31536000, immutable')
          .header('etag', `"${found.sha256}"`)
          .send(found.bytes);
      },
    );
  };
}
