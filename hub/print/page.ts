// The paper: A4 pages of a PDF with embedded Chinese fonts, a place that goes down the page, and what stands on every
// page once all pages are known.
//
// pdfkit (MIT, kept up) writes PDF as a stream and embeds only the glyphs that are used; Noto Sans Hans (SIL OFL 1.1) comes
// from @embedpdf/fonts-sc, whole fonts of 30,000 glyphs, so that rare characters in people's names are printed too. Rejected:
// @fontsource (each font in a hundred slices), @expo-google-fonts (nine weights, twice the size), the machine's own fonts.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Pdf from 'pdfkit';
import { breakLines } from './break-lines.ts';
import type { PrintHead } from './document.ts';
import { PRINT_LIMITS } from './limits.ts';

/** Beside the package's own entry point. */
const FONTS = join(dirname(createRequire(import.meta.url).resolve('@embedpdf/fonts-sc')), '../fonts');
const FONT_FILES = {
  regular: join(FONTS, 'NotoSansHans-Regular.otf'),
  bold: join(FONTS, 'NotoSansHans-Bold.otf'),
} as const;
export type Face = keyof typeof FONT_FILES;

/** Points (1/72 inch). */
export const SIZES = { body: 9, small: 7, heading1: 14, heading2: 11, title: 17 } as const;
const MARGIN = { side: 40, top: 62, bottom: 46 } as const;
/** Of a line, in sizes of its font. */
export const LEADING = 1.45;
const INK = { text: '#111111', quiet: '#555555', rule: '#999999' } as const;

const WORDS = {
  zh: {
    page: (n: number, of: number) => `第 ${n} 页 共 ${of} 页`,
    made: (at: string, by: string) => `打印时间 ${at}　打印人 ${by}`,
    hash: '内容 SHA-256',
  },
  en: {
    page: (n: number, of: number) => `Page ${n} of ${of}`,
    made: (at: string, by: string) => `Printed ${at} by ${by}`,
    hash: 'SHA-256 of contents',
  },
} as const;

/** What fonts have no glyph for, and what would move text about, is shown as a box: nothing is silently left out. */
const MISSING = '□';

export class Paper {
  readonly pdf: PDFKit.PDFDocument;
  readonly head: PrintHead;
  /** From the top of the page, points. */
  y: number;
  readonly #breadths: Record<Face, Map<string, number>> = { regular: new Map(), bold: new Map() };
  #pages = 1;

  constructor(head: PrintHead) {
    this.head = head;
    this.pdf = new Pdf({
      size: 'A4',
      layout: head.landscape ? 'landscape' : 'portrait',
      // Ours are kept here: pdfkit must not begin pages by itself.
      margin: 0,
      bufferPages: true,
      font: FONT_FILES.regular,
      info: {
        Title: head.title,
        Author: head.community,
        Creator: 'Fengsui',
        Producer: 'Fengsui',
        CreationDate: new Date(head.madeAt),
      },
      lang: head.language === 'zh' ? 'zh-CN' : 'en',
    });
    this.y = MARGIN.top;
  }

  get left(): number {
    return MARGIN.side;
  }
  get breadth(): number {
    return this.pdf.page.width - 2 * MARGIN.side;
  }
  get top(): number {
    return MARGIN.top;
  }
  get bottom(): number {
    return this.pdf.page.height - MARGIN.bottom;
  }
  /** Pages so far, the last being the one that is written. */
  get pages(): number {
    return this.#pages;
  }

  newPage(): void {
    this.pdf.addPage();
    this.#pages += 1;
    this.y = MARGIN.top;
  }

  /** Begins a page when less than `height` points are left. Answers whether it did. */
  need(height: number): boolean {
    if (this.y + height <= this.bottom) return false;
    if (this.y <= MARGIN.top) return false;
    this.newPage();
    return true;
  }

  /** Breadth of a character at a size. */
  breadthOf(character: string, face: Face, size: number): number {
    const known = this.#breadths[face];
    let breadth = known.get(character);
    if (breadth === undefined) {
      breadth = this.pdf.font(FONT_FILES[face]).fontSize(1000).widthOfString(character) / 1000;
      known.set(character, breadth);
    }
    return breadth * size;
  }

  linesOf(text: string, breadth: number, face: Face, size: number): string[] {
    return breakLines(printable(text), breadth, (c) => this.breadthOf(c, face, size), PRINT_LIMITS.cellCharsMax);
  }

  /** One line at a place; nothing moves. */
  line(text: string, x: number, y: number, face: Face = 'regular', size: number = SIZES.body, quiet = false): void {
    if (text === '') return;
    this.pdf
      // By path, never by a registered name: pdfkit would read the default font anew at each use of its other name.
      .font(FONT_FILES[face])
      .fontSize(size)
      .fillColor(quiet ? INK.quiet : INK.text)
      .text(text, x, y, { lineBreak: false });
  }

  /** A paragraph over the whole breadth, over pages where it must. */
  paragraph(text: string, face: Face, size: number, quiet = false): void {
    for (const line of this.linesOf(text, this.breadth, face, size)) {
      this.need(size * LEADING);
      this.line(line, this.left, this.y, face, size, quiet);
      this.y += size * LEADING;
    }
  }

  rule(y: number, from = this.left, to = this.left + this.breadth): void {
    this.pdf.moveTo(from, y).lineTo(to, y).lineWidth(0.5).strokeColor(INK.rule).stroke();
  }

  /** Heads and feet of all pages, then the end of the document. */
  finish(sha256: string): void {
    const { start, count } = this.pdf.bufferedPageRange();
    const { title, community, language, madeAtLocal, madeBy } = this.head;
    const words = WORDS[language];
    for (let page = start; page < start + count; page += 1) {
      this.pdf.switchToPage(page);
      const right = (text: string, y: number): void => {
        const breadth = [...text].reduce((sum, c) => sum + this.breadthOf(c, 'regular', SIZES.small), 0);
        this.line(text, this.left + this.breadth - breadth, y, 'regular', SIZES.small, true);
      };
      const top = MARGIN.top - 34;
      this.line(`${printable(community)}　${printable(title)}`, this.left, top, 'bold', SIZES.body);
      right(words.page(page - start + 1, count), top + 1);
      right(words.made(madeAtLocal, printable(madeBy)), top + 12);
      this.rule(MARGIN.top - 8);
      this.rule(this.bottom + 8);
      this.line(`${words.hash} ${sha256}`, this.left, this.bottom + 13, 'regular', SIZES.small, true);
    }
    this.pdf.end();
  }
}

/** Control characters (but line ends), marks of direction and lone surrogates must not act in a document. */
const UNPRINTABLE = /(?!\n|\r)[\p{Cc}\p{Cf}\p{Cs}]/gu;
const printable = (text: string): string => text.replaceAll('\t', ' ').replaceAll(UNPRINTABLE, MISSING);
