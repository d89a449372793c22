// Makes PDFs: hands a document line by line to a process that draws, hashes what it says on the way, and gives back the
// stream of the file. Bounded in number, rows, memory and time.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { PassThrough, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { canonicalJson } from '../canonical.ts';
import { RefusalError } from '../http/problem.ts';
import type { Block, PrintDocument, PrintHead, PrintLine } from './document.ts';
import { PRINT_LIMITS } from './limits.ts';

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url));

/** SHA-256 over the canonical form of what a document says, whoever printed it and when. */
export class ContentHash {
  readonly #hash = createHash('sha256');
  constructor({ title, community, language, subtitle = [] }: PrintHead) {
    this.#hash.update(`${canonicalJson({ title, community, language, subtitle })}\n`);
  }
  add(block: Block): void {
    this.#hash.update(`${canonicalJson(block)}\n`);
  }
  /** Hex. */
  get text(): string {
    return this.#hash.copy().digest('hex');
  }
}

export interface Made {
  /** Of the content, as it stands on every page. Hex. */
  readonly sha256: string;
  readonly rows: number;
  /** The file. */
  readonly pdf: Readable;
}

export interface Printer {
  /**
   * Makes a PDF. Answers when all of the content has been taken; the file follows as a stream.
   * @throws RefusalError `unavailable` when too many wait, `too-large` when there are too many rows
   */
  print(document: PrintDocument): Promise<Made>;
  counters(): Readonly<{ made: number; failed: number; refused: number; waiting: number; running: number }>;
  stop(): void;
}

/** Writes lines with the pace of the reader. */
async function feed(
  child: ChildProcess,
  { head, blocks }: PrintDocument,
  rowsMax: number,
): Promise<{ sha256: string; rows: number }> {
  const { stdin } = child;
  if (stdin === null) throw new Error('the process has no input');
  const say = async (line: PrintLine): Promise<void> => {
    if (!stdin.write(`${JSON.stringify(line)}\n`)) await once(stdin, 'drain');
  };
  const hash = new ContentHash(head);
  let rows = 0;
  await say({ line: 'head', head });
  for await (const block of blocks) {
    if (block.block === 'row') rows += 1;
    if (rows > rowsMax) throw new RefusalError('too-large', `> ${rowsMax}`);
    hash.add(block);
    await say({ line: 'block', block });
  }
  const sha256 = hash.text;
  await say({ line: 'end', sha256 });
  stdin.end();
  return { sha256, rows };
}

function startProgram(): ChildProcess {
  const loader = createRequire(import.meta.url).resolve('tsx');
  const memory = `--max-old-space-size=${PRINT_LIMITS.memoryMiB}`;
  return spawn(process.execPath, [memory, '--import', loader, PROGRAM], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Nothing of the hub's secrets goes along.
    env: { PATH: process.env['PATH'] ?? '', ...(process.env['TMPDIR'] ? { TMPDIR: process.env['TMPDIR'] } : {}) },
  });
}

/** Runs one document in its process. `over` resolves when the process has ended, however. */
async function make(
  child: ChildProcess,
  document: PrintDocument,
  rowsMax: number,
): Promise<Made & { over: Promise<boolean> }> {
  const pdf = new PassThrough();
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-PRINT_LIMITS.complaintCharsMax);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PRINT_LIMITS.makeMsMax);
  const failed = (why: string): Error => new Error(`printing failed: ${why} ${complaint.trim()}`.trim());
  const over = new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      pdf.destroy(error);
      resolve(false);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) pdf.end();
      else pdf.destroy(failed(String(code ?? signal)));
      resolve(code === 0);
    });
  });
  // A reader that went away has no use for the rest.
  pdf.once('close', () => child.kill('SIGKILL'));
  child.stdout?.pipe(pdf, { end: false });
  child.stdin?.on('error', () => undefined);
  // Who never reads must not bring the hub down by its error.
  pdf.on('error', () => undefined);
  const gone = over.then((well) => {
    if (!well) throw new Error('the process ended');
    return new Promise<never>(() => undefined);
  });
  gone.catch(() => undefined);
  try {
    const fed = await Promise.race([feed(child, document, rowsMax), gone]);
    return { ...fed, pdf, over };
  } catch (error) {
    pdf.destroy();
    child.kill('SIGKILL');
    if (error instanceof RefusalError) throw error;
    // What the process said last tells more than the pipe that broke.
    await over;
    throw failed(error instanceof Error ? error.message : String(error));
  }
}

/** @param rowsMax rows of all tables of one document */
export function makePrinter(rowsMax: number = PRINT_LIMITS.rowsMax): Printer {
  const counters = { made: 0, failed: 0, refused: 0, waiting: 0, running: 0 };
  const turns: (() => void)[] = [];
  const children = new Set<ChildProcess>();
  let stopped = false;
  const turn = async (): Promise<void> => {
    if (counters.running < PRINT_LIMITS.atOnce) {
      counters.running += 1;
      return;
    }
    if (counters.waiting >= PRINT_LIMITS.waitingMax) {
      counters.refused += 1;
      throw new RefusalError('unavailable', 'print');
    }
    counters.waiting += 1;
    await new Promise<void>((resolve) => turns.push(resolve));
    counters.waiting -= 1;
  };
  const done = (): void => {
    const next = turns.shift();
    // The place goes to who waited longest.
    if (next === undefined) counters.running -= 1;
    else next();
  };
  return {
    print: async (document) => {
      await turn();
      if (stopped) {
        done();
        throw new RefusalError('unavailable', 'print');
      }
      const child = startProgram();
      children.add(child);
      child.once('close', () => {
        children.delete(child);
        done();
      });
      try {
        const { over, ...made } = await make(child, document, rowsMax);
        void over.then((well) => (well ? (counters.made += 1) : (counters.failed += 1)));
        return made;
      } catch (error) {
        counters.failed += 1;
        throw error;
      }
    },
    counters: () => counters,
    stop: () => {
      stopped = true;
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
