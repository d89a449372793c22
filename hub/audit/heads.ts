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

const COMMUNITY = /^[a-z0-9][a-z0-9-]{0,62}$/;

async function append(path: string, text: string): Promise<void> {
  await appendFile(path, text, { mode: 0o600 });
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Heads in `dir`: `<community>.<yyyy-mm>.jsonl`, never changed but at its end. */
export function makeHeadsLog(dir: string): HeadsLog {
  return {
    publish: async (heads) => {
      await mkdir(dir, { recursive: true });
      const files = new Map<string, string>();
      for (const head of heads) {
        if (!COMMUNITY.test(head.community)) throw new Error(`no file can be named after community ${head.community}`);
        const name = `${head.community}.${month(head.at)}.jsonl`;
        files.set(name, `${files.get(name) ?? ''}${JSON.stringify(head)}\n`);
      }
      for (const [name, text] of files) await append(join(dir, name), text);
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
