// Publishes the chain's heads outside the database: lines appended to a file a community and month, flushed to disk.
import { appendFile, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Head } from './chain.ts';

export interface HeadsLog {
  /** Resolves when the heads are on disk. @throws when they can't be written */
  publish(heads: readonly Head[]): Promise<void>;
  /** Every published head of a community, oldest first. A torn last line (the machine lost power) is left out. */
  published(community: string): Promise<Head[]>;
}

const month = (at: number): string => new Date(at).toISOString().slice(0, 7);
const LINE = /^\{.*\}$/;

function parse(text: string): Head[] {
  return text
    .split('\n')
    .filter((line) => LINE.test(line))
    .map((line) => JSON.parse(line) as Head);
}

/** Heads in `dir`: `<community>.<yyyy-mm>.jsonl`, never changed but at its end. */
export function makeHeadsLog(dir: string): HeadsLog {
  const write = async (head: Head): Promise<void> => {
    const path = join(dir, `${head.community}.${month(head.at)}.jsonl`);
    await appendFile(path, `${JSON.stringify(head)}\n`, { mode: 0o600 });
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  };
  return {
    publish: async (heads) => {
      await mkdir(dir, { recursive: true });
      for (const head of heads) await write(head);
    },
    published: async (community) => {
      const files = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      const mine = files.filter((f) => f.startsWith(`${community}.`) && f.endsWith('.jsonl')).toSorted();
      const texts = await Promise.all(mine.map((f) => readFile(join(dir, f), 'utf8')));
      return texts.flatMap(parse);
    },
  };
}
