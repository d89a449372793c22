// Reads a PDF by programs of other authors (poppler): its text, its fonts, its number of pages.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirePart } from './parts.ts';
import { tempDir } from './temp.ts';

export interface ReadPdf {
  /** In reading order, as it lies on the page. */
  readonly text: string;
  readonly pages: readonly string[];
  readonly fonts: readonly { readonly name: string; readonly embedded: boolean; readonly subset: boolean }[];
}

export function readPdf(bytes: Buffer): ReadPdf {
  const file = join(tempDir('pdf'), 'made.pdf');
  writeFileSync(file, bytes);
  const pdftotext = requirePart('poppler');
  const run = (program: string, args: readonly string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  const text = run(pdftotext, ['-layout', file, '-']);
  const fonts = run(join(pdftotext, '../pdffonts'), [file])
    .split('\n')
    .slice(2)
    .filter((line) => line !== '')
    .map((line) => {
      const flags = /(yes|no) +(yes|no) +(yes|no) +\d+ +\d+$/.exec(line);
      return { name: line.split(' ')[0] ?? '', embedded: flags?.[1] === 'yes', subset: flags?.[2] === 'yes' };
    });
  // Each page ends with a form feed.
  return { text, pages: text.split('\f').slice(0, -1), fonts };
}
