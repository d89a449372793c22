// The file format of a backup: gzip over frames. A section is a header, data, and an end with size and checksum; the
// file closes with a frame that says so, so that a cut one is told apart from a whole one.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { once } from 'node:events';
import { createGunzip, createGzip } from 'node:zlib';

const MAGIC = 'fengsui-backup-1\n';
const HEAD_BYTES = 5;
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const HEADER = 1;
const DATA = 2;
const END = 3;
const CLOSE = 4;

export interface SectionHeader {
  readonly kind: 'manifest' | 'table' | 'sequences' | 'heads' | 'file' | 'history';
  readonly name: string;
  /** Columns of a table, in the order of its rows. */
  readonly columns?: readonly string[];
}

export interface SectionEnd {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface ArchiveWriter {
  section(header: SectionHeader, data: AsyncIterable<Buffer | string>): Promise<SectionEnd>;
  /** Writes the closing frame and flushes to disk. */
  close(): Promise<void>;
}

function frame(kind: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

const json = (kind: number, value: unknown): Buffer => frame(kind, Buffer.from(JSON.stringify(value)));

/** Creates a backup file, readable by us alone. @throws Error when the file exists */
export async function createArchive(path: string): Promise<ArchiveWriter> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const gzip = createGzip({ level: 1 });
  const failed = new Promise<never>((_, reject) => {
    file.once('error', reject);
    gzip.once('error', reject);
  });
  failed.catch(() => undefined);
  gzip.pipe(file);
  const write = async (bytes: Buffer | string): Promise<void> => {
    if (!gzip.write(bytes)) await Promise.race([once(gzip, 'drain'), failed]);
  };
  await write(MAGIC);
  return {
    section: async (header, data) => {
      await write(json(HEADER, header));
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const part of data) {
        const chunk = typeof part === 'string' ? Buffer.from(part) : part;
        if (chunk.length === 0) continue;
        hash.update(chunk);
        bytes += chunk.length;
        await write(frame(DATA, chunk));
      }
      const end = { bytes, sha256: hash.digest('hex') };
      await write(json(END, end));
      return end;
    },
    close: async () => {
      await write(frame(CLOSE, Buffer.alloc(0)));
      const closed = once(file, 'close');
      gzip.end();
      await Promise.race([closed, failed]);
      const handle = await open(path, 'r+');
      await handle.sync();
      await handle.close();
    },
  };
}

/** What is wrong with a backup file. */
export class DamagedArchive extends Error {
  override name = 'DamagedArchive';
}

/** Takes bytes from a stream in the sizes asked for. */
class Bytes {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }
  async take(count: number): Promise<Buffer> {
    const parts = [this.#held];
    let have = this.#held.length;
    while (have < count) {
      const next = await this.#source.next().catch((error: unknown) => {
        throw new DamagedArchive('the backup is damaged or cut short', { cause: error });
      });
      if (next.done === true) throw new DamagedArchive('the backup is cut short');
      parts.push(next.value);
      have += next.value.length;
    }
    const all = parts.length === 1 ? this.#held : Buffer.concat(parts);
    this.#held = all.subarray(count);
    return all.subarray(0, count);
  }
  async frame(): Promise<{ kind: number; payload: Buffer }> {
    const head = await this.take(HEAD_BYTES);
    const length = head.readUInt32BE(1);
    if (length > FRAME_BYTES_MAX) throw new DamagedArchive('the backup is damaged: a frame too long');
    return { kind: head.readUInt8(0), payload: await this.take(length) };
  }
  /** @throws DamagedArchive when more follows, or the compressed stream has no proper end */
  async end(): Promise<void> {
    const next = await this.#source.next().catch((error: unknown) => {
      throw new DamagedArchive('the backup is cut short', { cause: error });
    });
    if (next.done !== true || this.#held.length > 0) throw new DamagedArchive('the backup goes on after its end');
  }
}

export interface Section {
  readonly header: SectionHeader;
  /** Its data; must be read to its end before the next section. Checked on the way. @throws DamagedArchive */
  readonly data: AsyncIterable<Buffer>;
}

async function* dataOf(bytes: Bytes, name: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let size = 0;
  for (;;) {
    const { kind, payload } = await bytes.frame();
    if (kind === END) {
      const end = JSON.parse(payload.toString()) as SectionEnd;
      if (end.bytes !== size || end.sha256 !== hash.digest('hex')) {
        throw new DamagedArchive(`the backup is damaged in ${name}`);
      }
      return;
    }
    if (kind !== DATA) throw new DamagedArchive(`the backup is damaged in ${name}: a frame out of place`);
    hash.update(payload);
    size += payload.length;
    yield payload;
  }
}

/** Reads a backup section by section. @throws DamagedArchive when it is none, cut short, or a checksum is wrong */
export async function* readArchive(path: string): AsyncGenerator<Section> {
  const stream = createReadStream(path).pipe(createGunzip());
  const bytes = new Bytes(stream);
  try {
    if ((await bytes.take(MAGIC.length)).toString() !== MAGIC) throw new DamagedArchive(`${path} is no backup`);
    for (;;) {
      const { kind, payload } = await bytes.frame();
      if (kind === CLOSE) return await bytes.end();
      if (kind !== HEADER) throw new DamagedArchive('the backup is damaged: a frame out of place');
      const header = JSON.parse(payload.toString()) as SectionHeader;
      yield { header, data: dataOf(bytes, header.name) };
    }
  } finally {
    stream.destroy();
  }
}
