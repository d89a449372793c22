// Drawings (SVG) as pictures for paper, in the process that draws: resvg (MPL-2.0) as WebAssembly runs alike on every
// platform, needs no browser, and reads nothing but what it is given. Rejected: the native build (a binary for each platform
// in the lockfile), svg-to-pdfkit (not kept up).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { PRINT_LIMITS } from './limits.ts';

const { resolve } = createRequire(import.meta.url);
const FONT = join(dirname(resolve('@embedpdf/fonts-sc')), '../fonts/NotoSansHans-Regular.otf');
const FAMILY = 'Noto Sans Hans';

let font: Buffer | undefined;

/** A drawing as PNG, as broad as fine print needs. @throws Error when it is no SVG */
export async function pictureOf(svg: Buffer): Promise<Buffer> {
  if (font === undefined) {
    await initWasm(readFileSync(resolve('@resvg/resvg-wasm/index_bg.wasm')));
    font = readFileSync(FONT);
  }
  const drawing = new Resvg(svg.toString('utf8'), {
    background: '#ffffff',
    fitTo: { mode: 'width', value: PRINT_LIMITS.drawingPixels },
    font: {
      fontBuffers: [font],
      defaultFontFamily: FAMILY,
      sansSerifFamily: FAMILY,
      serifFamily: FAMILY,
      monospaceFamily: FAMILY,
    },
  });
  const picture = drawing.render();
  const png = Buffer.from(picture.asPng());
  picture.free();
  drawing.free();
  return png;
}
