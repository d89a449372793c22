// Draws the blocks of a document on paper, one after the other.
import type { Block, Column } from './document.ts';
import { LEADING, SIZES, type Paper } from './page.ts';

const CELL = { side: 3, top: 2.5 } as const;
const GAP = 6;
const CHART = { height: 150, left: 46, bottom: 16, top: 18, lines: 4 } as const;
const PICTURE = { height: 300, gap: 8 } as const;
const SIGN = { height: 34, perRow: 3 } as const;
const FACTS = { columns: 2, label: 0.34 } as const;

type Of<K extends Block['block']> = Extract<Block, { block: K }>;

interface Table {
  readonly columns: readonly Column[];
  readonly breadths: readonly number[];
}

/** Draws blocks in the order in which they come. */
export class Drawing {
  readonly #paper: Paper;
  #table: Table | undefined;
  /** Where the page of contents stands, and the pages of headings that it lists. */
  #contents: { readonly page: number; readonly y: number; readonly of: Of<'contents'> } | undefined;
  readonly #found: number[] = [];
  /** Pieces of the attachment that is coming in. */
  #pieces: Buffer[] = [];

  constructor(paper: Paper) {
    this.#paper = paper;
    const { title, subtitle = [] } = paper.head;
    paper.paragraph(title, 'bold', SIZES.title);
    for (const line of subtitle) paper.paragraph(line, 'regular', SIZES.body, true);
    paper.y += GAP;
  }

  draw(block: Block): void {
    if (block.block === 'row') {
      this.#row(block.cells, 'regular');
      return;
    }
    if (this.#table !== undefined) this.#paper.y += GAP;
    this.#table = undefined;
    this.#drawOne(block);
  }

  #drawOne(block: Exclude<Block, Of<'row'>>): void {
    const paper = this.#paper;
    if (block.block === 'heading') this.#heading(block);
    else if (block.block === 'text') {
      paper.paragraph(block.text, 'regular', SIZES.body, block.quiet);
      paper.y += GAP / 2;
    } else if (block.block === 'facts') this.#facts(block);
    else if (block.block === 'table') this.#begin(block);
    else if (block.block === 'picture') this.#picture(block);
    else if (block.block === 'chart') this.#chart(block);
    else if (block.block === 'signatures') this.#signatures(block);
    else if (block.block === 'page') paper.newPage();
    else if (block.block === 'attachment') this.#attach(block);
    else this.#reserveContents(block);
  }

  /** Writes the page numbers of the contents; call before the paper is finished. */
  end(): void {
    if (this.#contents === undefined) return;
    const { page, y, of } = this.#contents;
    const paper = this.#paper;
    const height = SIZES.body * LEADING * 1.2;
    let at = { page, y };
    of.headings.forEach((heading, i) => {
      if (at.y + height > paper.bottom) at = { page: at.page + 1, y: paper.top };
      paper.pdf.switchToPage(at.page - 1);
      const number = this.#found[i] === undefined ? '—' : String(this.#found[i]);
      paper.line(heading, paper.left, at.y);
      paper.line(number, paper.left + paper.breadth - 24, at.y);
      paper.rule(at.y + height - 3);
      at = { page: at.page, y: at.y + height };
    });
  }

  #attach({ name, type, base64, last }: Of<'attachment'>): void {
    this.#pieces.push(Buffer.from(base64, 'base64'));
    if (!last) return;
    this.#paper.pdf.file(Buffer.concat(this.#pieces), { name, type, hidden: false });
    this.#pieces = [];
  }

  #reserveContents(of: Of<'contents'>): void {
    const paper = this.#paper;
    paper.paragraph(of.title, 'bold', SIZES.heading1);
    paper.y += GAP;
    this.#contents = { page: paper.pages, y: paper.y, of };
    const height = SIZES.body * LEADING * 1.2;
    for (const _heading of of.headings) {
      if (paper.y + height > paper.bottom) paper.newPage();
      paper.y += height;
    }
    paper.newPage();
  }

  #heading({ text, level, contents }: Of<'heading'>): void {
    const paper = this.#paper;
    const size = level === 1 ? SIZES.heading1 : SIZES.heading2;
    // A heading does not stand alone at the foot of a page.
    paper.need(size * LEADING * 3);
    paper.y += GAP / 2;
    if (contents === true) this.#found.push(paper.pages);
    paper.paragraph(text, 'bold', size);
    paper.y += GAP / 2;
  }

  #facts({ facts }: Of<'facts'>): void {
    const paper = this.#paper;
    const breadth = paper.breadth / FACTS.columns;
    const label = breadth * FACTS.label;
    const leading = SIZES.body * LEADING;
    for (let i = 0; i < facts.length; i += FACTS.columns) {
      const cells = facts.slice(i, i + FACTS.columns).map(([name, value]) => ({
        names: paper.linesOf(name, label - GAP, 'bold', SIZES.body),
        values: paper.linesOf(value, breadth - label - GAP, 'regular', SIZES.body),
      }));
      const height = Math.max(...cells.map((c) => Math.max(c.names.length, c.values.length))) * leading;
      paper.need(height);
      cells.forEach(({ names, values }, column) => {
        const x = paper.left + column * breadth;
        names.forEach((line, k) => paper.line(line, x, paper.y + k * leading, 'bold'));
        values.forEach((line, k) => paper.line(line, x + label, paper.y + k * leading));
      });
      paper.y += height + 2;
    }
    paper.y += GAP / 2;
  }

  #begin({ columns }: Of<'table'>): void {
    const all = columns.reduce((sum, c) => sum + c.share, 0);
    this.#table = { columns, breadths: columns.map((c) => (c.share / all) * this.#paper.breadth) };
    this.#row(
      columns.map((c) => c.title),
      'bold',
    );
  }

  /** A row; one that is higher than what is left of the page goes on over pages, under the repeated head. */
  #row(cells: readonly string[], face: 'regular' | 'bold'): void {
    const table = this.#table;
    if (table === undefined) throw new Error('a row needs a table before it');
    const paper = this.#paper;
    const leading = SIZES.body * LEADING;
    const lines = table.breadths.map((breadth, i) =>
      paper.linesOf(cells[i] ?? '', breadth - 2 * CELL.side, face, SIZES.body),
    );
    const count = Math.max(...lines.map((l) => l.length));
    const padding = 2 * CELL.top;
    let from = 0;
    while (from < count) {
      const whole = (count - from) * leading + padding;
      const fits = paper.y + whole <= paper.bottom;
      // Short rows stay whole; only one that no page could hold is parted.
      if (!fits && paper.y > paper.top + leading * 4) {
        paper.newPage();
        if (face === 'regular') this.#repeatHead(table);
      }
      const room = Math.max(1, Math.floor((paper.bottom - paper.y - padding) / leading));
      const to = Math.min(count, from + room);
      this.#cells(table, lines, { from, to, face });
      from = to;
      if (from < count) {
        paper.newPage();
        if (face === 'regular') this.#repeatHead(table);
      }
    }
  }

  #repeatHead({ columns, breadths }: Table): void {
    const lines = columns.map((c, i) =>
      this.#paper.linesOf(c.title, (breadths[i] ?? 0) - 2 * CELL.side, 'bold', SIZES.body),
    );
    const to = Math.max(...lines.map((l) => l.length));
    this.#cells({ columns, breadths }, lines, { from: 0, to, face: 'bold' });
  }

  #cells(
    { breadths }: Table,
    lines: readonly (readonly string[])[],
    { from, to, face }: { readonly from: number; readonly to: number; readonly face: 'regular' | 'bold' },
  ): void {
    const paper = this.#paper;
    const leading = SIZES.body * LEADING;
    let x = paper.left;
    lines.forEach((cell, i) => {
      cell.slice(from, to).forEach((line, k) => {
        paper.line(line, x + CELL.side, paper.y + CELL.top + k * leading, face);
      });
      x += breadths[i] ?? 0;
    });
    paper.y += (to - from) * leading + 2 * CELL.top;
    paper.rule(paper.y);
  }

  #picture({ base64, caption, drawing }: Of<'picture'>): void {
    const paper = this.#paper;
    const bytes = Buffer.from(base64, 'base64');
    // Of a drawing the smallest print counts: it has a page of its own.
    const height = drawing ? paper.bottom - paper.top - SIZES.body * LEADING * 3 : PICTURE.height;
    paper.need(height + SIZES.body * LEADING);
    try {
      // Bounded by the box, whatever the picture's own size.
      paper.pdf.image(bytes, paper.left, paper.y, { fit: [paper.breadth, height] });
      paper.y += height + PICTURE.gap / 2;
      paper.paragraph(caption, 'regular', SIZES.body, true);
    } catch (error) {
      // One damaged picture does not cost the document.
      paper.paragraph(`${caption} — ${error instanceof Error ? error.message : String(error)}`, 'regular', SIZES.body);
    }
    paper.y += PICTURE.gap;
  }

  #signatures({ labels }: Of<'signatures'>): void {
    const paper = this.#paper;
    const breadth = paper.breadth / SIGN.perRow;
    for (let i = 0; i < labels.length; i += SIGN.perRow) {
      paper.need(SIGN.height);
      paper.y += SIGN.height - SIZES.body * LEADING;
      labels.slice(i, i + SIGN.perRow).forEach((label, k) => {
        const x = paper.left + k * breadth;
        paper.line(label, x, paper.y);
        const from = x + [...label].reduce((sum, c) => sum + paper.breadthOf(c, 'regular', SIZES.body), 0) + 4;
        paper.rule(paper.y + SIZES.body * 1.2, from, x + breadth - 12);
      });
      paper.y += SIZES.body * LEADING + GAP;
    }
  }

  /** Steps, because a value stands until the next one is told. */
  #chart({ title, series, from, to, fromText, toText, marks }: Of<'chart'>): void {
    const paper = this.#paper;
    paper.need(CHART.height + SIZES.body * LEADING);
    const { pdf } = paper;
    const [x0, y0] = [paper.left + CHART.left, paper.y + CHART.top];
    const [breadth, height] = [paper.breadth - CHART.left, CHART.height - CHART.top - CHART.bottom];
    paper.line(`${title}${series.unit === '' ? '' : ` (${series.unit})`}`, paper.left, paper.y, 'bold');
    const values = series.points.map(([, v]) => v);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const span = high - low || 1;
    const xOf = (t: number): number => x0 + Math.min(1, Math.max(0, (t - from) / (to - from || 1))) * breadth;
    const yOf = (v: number): number => y0 + height - ((v - low) / span) * height;
    for (let k = 0; k <= CHART.lines; k += 1) {
      const v = low + (span * k) / CHART.lines;
      paper.rule(yOf(v), x0, x0 + breadth);
      paper.line(
        String(Number(v.toPrecision(4))),
        paper.left,
        yOf(v) - SIZES.small * 0.7,
        'regular',
        SIZES.small,
        true,
      );
    }
    let last: number | undefined;
    for (const [t, v] of series.points) {
      if (last === undefined) pdf.moveTo(xOf(t), yOf(v));
      else pdf.lineTo(xOf(t), yOf(last)).lineTo(xOf(t), yOf(v));
      last = v;
    }
    if (last !== undefined) pdf.lineTo(xOf(to), yOf(last)).lineWidth(1).strokeColor('#0b4f8a').stroke();
    for (const { at, text } of marks) {
      pdf
        .moveTo(xOf(at), y0)
        .lineTo(xOf(at), y0 + height)
        .lineWidth(0.7)
        .dash(2, { space: 2 })
        .strokeColor('#b00020')
        .stroke()
        .undash();
      paper.line(text, Math.min(xOf(at) + 2, x0 + breadth - 60), y0 - SIZES.small, 'regular', SIZES.small);
    }
    paper.line(fromText, x0, y0 + height + 3, 'regular', SIZES.small, true);
    paper.line(toText, x0 + breadth - 90, y0 + height + 3, 'regular', SIZES.small, true);
    paper.y += CHART.height + GAP;
  }
}
