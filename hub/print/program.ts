// The process that draws: lines of JSON on its standard input, the PDF on its standard output. Alone, so that neither
// fonts nor thousands of rows ever make the hub wait.
import { createInterface } from 'node:readline';
import type { Block, PrintLine } from './document.ts';
import { Drawing } from './draw.ts';
import { Paper } from './page.ts';
import { pictureOf } from './vector.ts';

/** A drawing becomes a picture; one that can't be drawn is named, and the rest of the document comes out. */
async function onPaper(block: Block): Promise<Block> {
  if (block.block !== 'picture' || block.drawing !== true) return block;
  try {
    const png = await pictureOf(Buffer.from(block.base64, 'base64'));
    return { ...block, base64: png.toString('base64') };
  } catch (error) {
    return {
      block: 'text',
      text: `${block.caption} ✕ ${error instanceof Error ? error.message : String(error)}`,
      quiet: true,
    };
  }
}

async function main(): Promise<void> {
  let paper: Paper | undefined;
  let drawing: Drawing | undefined;
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const said = JSON.parse(text) as PrintLine;
    if (said.line === 'head') {
      paper = new Paper(said.head);
      drawing = new Drawing(paper);
    } else if (paper === undefined || drawing === undefined) throw new Error('the head comes first');
    else if (said.line === 'block') drawing.draw(await onPaper(said.block));
    else {
      drawing.end();
      paper.pdf.pipe(process.stdout);
      paper.finish(said.sha256);
      return;
    }
  }
  throw new Error('cut short');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`, () => process.exit(1));
});
