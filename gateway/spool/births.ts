// Point indexes that spooled batches were encoded with, kept beside them so that any batch can be explained later.
import { mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../drivers/driver.ts';
import { errorCode, replaceFile, type Disk } from './files.ts';
import { birthTag } from './frame.ts';

const NAME = /^([0-9a-f]{8,64})\.cbor$/;

export class BirthStore {
  readonly #dir: string;
  readonly #disk: Disk;
  readonly #log: Logger;
  /** The running process's own, which must be answerable even when the disk did not take it. */
  readonly #memory = new Map<string, Buffer>();

  constructor(dir: string, disk: Disk, log: Logger) {
    this.#dir = dir;
    this.#disk = disk;
    this.#log = log;
  }

  /** Keeps an encoded birth (without snapshot) under its id; one that the disk refuses, as long as the process runs. */
  async keep(id: string, bytes: Buffer): Promise<void> {
    this.#memory.set(id, bytes);
    try {
      await mkdir(this.#dir, { recursive: true });
      const path = join(this.#dir, `${id}.cbor`);
      const stored = await this.#disk.read(path).catch(() => undefined);
      if (!stored?.equals(bytes)) await replaceFile(this.#disk, path, bytes);
    } catch (error) {
      this.#log.error({ error: errorCode(error) }, 'the point index could not be written beside the spool');
    }
  }

  /** The encoded birth, or undefined when it is not kept. */
  async read(id: string): Promise<Buffer | undefined> {
    const own = this.#memory.get(id);
    if (own || !NAME.test(`${id}.cbor`)) return own;
    try {
      return await this.#disk.read(join(this.#dir, `${id}.cbor`));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Deletes births whose tag no kept batch carries; one that can't be deleted stays until the next start. */
  async forgetAllBut(tags: ReadonlySet<number>): Promise<void> {
    const names = await readdir(this.#dir).catch(() => []);
    for (const name of names) {
      const id = NAME.exec(name)?.[1];
      if (!id || this.#memory.has(id) || tags.has(birthTag(id))) continue;
      await unlink(join(this.#dir, name)).catch(() => undefined);
    }
  }
}
