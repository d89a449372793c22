// Uploads over HTTP: stored once by their hash, given back safely, and only within one community.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { FILE_LIMITS } from '../../../hub/config.ts';
import type { FileView } from '../../../hub/files/contract.ts';
import { startTestHub, type Client, type TestHub } from '../../helpers/hub.ts';
import { exif, jpeg, png, segment } from './pictures.ts';

let hub: TestHub;
let technician: Client;
beforeAll(async () => {
  hub = await startTestHub();
  technician = await hub.as('technician');
});

async function upload(bytes: Buffer, { client = technician, name = 'photo.jpg', type = 'image/jpeg', key = '' } = {}) {
  const boundary = 'b0undary';
  const payload = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`,
    ),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const response = await hub.hub.app.inject({
    method: 'POST',
    url: '/api/files',
    payload,
    headers: {
      cookie: client.cookie,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...(key === '' ? {} : { 'idempotency-key': key }),
    },
  });
  return { status: response.statusCode, body: response.json<FileView & { code: string; detail: string }>() };
}

const download = (sha256: string, client: Client) =>
  hub.hub.app.inject({ url: `/api/files/${sha256}`, headers: { cookie: client.cookie } });

describe('an upload', () => {
  test('is stored once under the hash of what is kept, and comes back as that', async () => {
    const bytes = png();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const first = await upload(bytes);
    expect(first).toEqual({ status: 200, body: { sha256, type: 'image/png', size: bytes.length } });
    expect(await upload(bytes, { name: 'another name.exe', type: 'text/html' })).toEqual(first);
    const { n } = await hub.database.db.transaction((tx) =>
      tx.one<{ n: number }>('SELECT count(*)::int AS n FROM files.file WHERE sha256 = $1', [sha256]),
    );
    expect(n).toBe(1);
    const back = await download(sha256, technician);
    expect(back.rawPayload.equals(bytes)).toBe(true);
  });

  test('of a photo does not keep where it was taken', async () => {
    const { body } = await upload(jpeg([segment(0xe1, exif(6, '31.2N 121.4E'))]));
    const back = await download(body.sha256, technician);
    expect(back.rawPayload.includes('121.4E')).toBe(false);
  });

  test('comes back as what it is, unable to act', async () => {
    const { body } = await upload(png());
    const { headers } = await download(body.sha256, technician);
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toContain('sandbox');
    expect(headers['content-security-policy']).not.toContain('script-src');
    const pdf = await upload(Buffer.from('%PDF-1.7\n1 0 obj\n<< >>\nendobj\n'), { name: 'paper.pdf' });
    const paper = await download(pdf.body.sha256, technician);
    expect(paper.headers['content-disposition']).toMatch(/^attachment; filename="[0-9a-f]{16}\.pdf"$/);
  });

  test('of an SVG or a page is refused, whatever it is called', async () => {
    for (const text of ['<svg onload="alert(1)"/>', '<html><script>alert(1)</script></html>']) {
      expect(await upload(Buffer.from(text), { name: 'a.jpg', type: 'image/jpeg' })).toMatchObject({
        status: 400,
        body: { code: 'bad-request' },
      });
    }
  });

  test('that is too large is refused', async () => {
    expect(await upload(Buffer.alloc(FILE_LIMITS.bytesMax + 1))).toMatchObject({
      status: 413,
      body: { code: 'too-large' },
    });
  });

  test('without a file is refused', async () => {
    const answer = await technician.post('/api/files', { file: 'x' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad-request' } });
  });

  test('with a key that stood for another picture is refused', async () => {
    expect((await upload(png(), { key: 'photo-1' })).status).toBe(200);
    expect(await upload(jpeg(), { key: 'photo-1' })).toMatchObject({ status: 422, body: { code: 'key-reused' } });
  });
});

test('a file of another community is not found, even with its hash', async () => {
  await hub.addCommunity('other');
  const { body } = await upload(png());
  const stranger = await hub.as('technician@other');
  expect((await download(body.sha256, stranger)).json()).toMatchObject({ status: 404, code: 'not-found' });
  expect((await download(body.sha256, await hub.as('owner'))).statusCode).toBe(200);
});
