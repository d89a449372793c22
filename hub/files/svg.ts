// A drawing (SVG) rebuilt from what draws: known elements with known attributes. Whatever could run, load, embed or
// grow (scripts, handlers, foreign content, outside references, declarations) is not carried over.
import sax, { type QualifiedAttribute, type QualifiedTag, type SAXOptions, type SAXParser, type Tag } from 'sax';
import { SVG_LIMITS } from '../config.ts';
import { Malformed } from './picture.ts';
import { keptAttribute, keptStylesheet } from './svg-style.ts';

const SVG = 'http://www.w3.org/2000/svg';
const XLINK = 'http://www.w3.org/1999/xlink';

const ELEMENTS: ReadonlySet<string> = new Set(
  `svg g defs symbol use path rect circle ellipse line polyline polygon text tspan title desc style linearGradient
   radialGradient stop clipPath pattern marker`.split(/\s+/),
);
/** What they hold is drawn without them. */
const OPENED: ReadonlySet<string> = new Set(['a', 'switch']);
const SHAPES = new Set(['path', 'rect', 'circle', 'ellipse', 'line', 'polyline', 'polygon', 'text', 'use']);
const WITH_TEXT: ReadonlySet<string> = new Set(['text', 'tspan', 'title', 'desc']);

// The parser's own bound of one value would refuse a long outline.
Object.assign(sax, { MAX_BUFFER_LENGTH: SVG_LIMITS.valueCharsMax });

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (c) => ESCAPES[c] ?? c);
/** Characters that XML 1.0 does not know. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u;

export interface CleanDrawing {
  readonly bytes: Buffer;
  /** Names of parts that were left out, each once. */
  readonly removed: readonly string[];
}

/** An element that stays, for counting what is drawn in the end. */
interface Drawn {
  readonly references: readonly string[];
  readonly children: Drawn[];
}

type Open = { readonly name: string; readonly is: 'kept' | 'opened' | 'left-out'; readonly drawn: Drawn };

/** Whether bytes may be a drawing: text that begins with an angle. */
export const looksLikeXml = (bytes: Buffer): boolean => /^\uFEFF?\s*</.test(bytes.subarray(0, 256).toString('utf8'));

const isQualified = (tag: Tag | QualifiedTag): tag is QualifiedTag => 'uri' in tag;

/** Takes the parser's events and writes what stays. */
class Rebuilder {
  readonly #out: string[] = [];
  readonly #open: Open[] = [];
  readonly #removed = new Set<string>();
  readonly #ids = new Map<string, Drawn>();
  #root: Drawn | undefined;
  #elements = 0;
  #shapes = 0;
  #style = '';

  opened(tag: QualifiedTag): void {
    this.#elements += 1;
    if (this.#elements > SVG_LIMITS.elementsMax)
      throw new Malformed(`SVG: more than ${SVG_LIMITS.elementsMax} elements`);
    if (this.#open.length >= SVG_LIMITS.depthMax)
      throw new Malformed(`SVG: deeper than ${SVG_LIMITS.depthMax} elements`);
    const parent = this.#open.at(-1);
    const own = tag.uri === SVG;
    if (!parent && (!own || tag.local !== 'svg')) throw new Malformed(`SVG: expected <svg> of ${SVG}`);
    const above = parent?.drawn ?? { references: [], children: [] };
    if (parent?.is === 'left-out' || !own || !(ELEMENTS.has(tag.local) || OPENED.has(tag.local))) {
      if (parent?.is !== 'left-out') this.#leaveOut(tag.name);
      this.#open.push({ name: tag.local, is: 'left-out', drawn: above });
      return;
    }
    if (OPENED.has(tag.local)) {
      this.#leaveOut(tag.name);
      this.#open.push({ name: tag.local, is: 'opened', drawn: above });
      return;
    }
    this.#keep(tag, above, parent === undefined);
  }

  #keep(tag: QualifiedTag, above: Drawn, root: boolean): void {
    const references: string[] = [];
    const drawn: Drawn = { references, children: [] };
    above.children.push(drawn);
    if (root) this.#root = drawn;
    if (SHAPES.has(tag.local)) this.#shapes += 1;
    const attributes = new Map<string, string>();
    for (const attribute of Object.values(tag.attributes)) {
      const name = nameOf(attribute);
      if (name === null) continue;
      const kept = CONTROL.test(attribute.value) ? null : keptAttribute(tag.local, name, attribute.value);
      if (kept === null) {
        this.#leaveOut(attribute.name);
        continue;
      }
      references.push(...kept.references);
      attributes.set(name, kept.text);
      if (name === 'id') this.#ids.set(kept.text, drawn);
    }
    if (root) for (const [name, value] of viewOf(attributes)) attributes.set(name, value);
    const said = [...attributes].map(([name, value]) => ` ${name}="${escaped(value)}"`).join('');
    if (tag.local !== 'style') this.#out.push(`<${tag.local}${root ? ` xmlns="${SVG}"` : ''}${said}>`);
    this.#style = '';
    this.#open.push({ name: tag.local, is: 'kept', drawn });
  }

  text(text: string): void {
    const at = this.#open.at(-1);
    if (at?.is !== 'kept') return;
    if (CONTROL.test(text)) throw new Malformed('SVG: a control character');
    if (at.name === 'style') this.#style += text.length + this.#style.length > SVG_LIMITS.valueCharsMax ? '' : text;
    else if (WITH_TEXT.has(at.name)) this.#out.push(escaped(text));
  }

  closed(): void {
    const left = this.#open.pop();
    if (left?.is !== 'kept') return;
    if (left.name !== 'style') {
      this.#out.push(`</${left.name}>`);
      return;
    }
    const sheet = keptStylesheet(this.#style);
    if (sheet !== '') this.#out.push(`<style>${escaped(sheet)}</style>`);
    this.#style = '';
  }

  #leaveOut(name: string): void {
    if (this.#removed.size < SVG_LIMITS.toldMax) this.#removed.add(name.slice(0, 60));
  }

  result(): CleanDrawing {
    if (!this.#root) throw new Malformed('SVG: empty');
    if (this.#shapes === 0)
      throw new Malformed('SVG: nothing that draws; a picture belongs in a PNG or JPEG of its own');
    countDrawn(this.#root, this.#ids);
    return { bytes: Buffer.from(this.#out.join('')), removed: [...this.#removed] };
  }
}

/** The name under which an attribute would stay; null where it is a declaration of the file, not of the drawing. */
function nameOf({ prefix, local, uri, name }: QualifiedAttribute): string | null {
  if (prefix === 'xmlns' || name === 'xmlns' || prefix === 'xml') return null;
  if (uri === XLINK) return local === 'href' ? 'href' : `xlink:${local}`;
  // An attribute of another namespace only looks like one of ours.
  return prefix === '' ? local : name;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  mm: 96 / 25.4,
  cm: 96 / 2.54,
  in: 96,
  pt: 4 / 3,
  pc: 16,
};

/** A length in CSS pixels; undefined for a share of something or no length. */
function lengthOf(text: string | undefined): number | undefined {
  const [, figures, unit = ''] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*$/.exec(text ?? '') ?? [];
  const factor = UNITS[unit];
  return figures === undefined || factor === undefined ? undefined : Number(figures) * factor;
}

/** Side of the drawing as a picture, px: what a browser shows when nobody says how large. */
const PICTURE_SIDE = 1_000;

/** View box and size of the root, so that every screen agrees where the drawing ends. @throws Malformed without them */
function viewOf(attributes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const given = (attributes.get('viewBox') ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [width, height] = [lengthOf(attributes.get('width')), lengthOf(attributes.get('height'))];
  const box = given.length === 4 && given.every(Number.isFinite) ? given : [0, 0, width ?? NaN, height ?? NaN];
  const [x = 0, y = 0, w = NaN, h = NaN] = box;
  const fits = [w, h].every((side) => side > 0 && side <= SVG_LIMITS.sideMax);
  if (!fits) throw new Malformed(`SVG: needs a viewBox, or width and height, up to ${SVG_LIMITS.sideMax}`);
  const scale = PICTURE_SIDE / Math.max(w, h);
  const side = (length: number): string => String(Math.max(1, Math.round(length * scale)));
  return new Map([
    ['viewBox', [x, y, w, h].join(' ')],
    ['width', side(w)],
    ['height', side(h)],
  ]);
}

/** @throws Malformed when references go in a circle, or draw more than any plan needs (each use of a use doubles) */
function countDrawn(root: Drawn, ids: ReadonlyMap<string, Drawn>): void {
  const known = new Map<Drawn, number>();
  const under = new Set<Drawn>();
  const count = (drawn: Drawn, hops: number): number => {
    const before = known.get(drawn);
    if (before !== undefined) return before;
    if (under.has(drawn)) throw new Malformed('SVG: a reference leads back to itself');
    if (hops > SVG_LIMITS.referenceDepthMax) throw new Malformed('SVG: references lead too far');
    under.add(drawn);
    let sum = 1;
    for (const child of drawn.children) sum += count(child, hops);
    for (const id of drawn.references) {
      const target = ids.get(id);
      if (target) sum += count(target, hops + 1);
    }
    under.delete(drawn);
    if (sum > SVG_LIMITS.drawnMax) throw new Malformed(`SVG: draws more than ${SVG_LIMITS.drawnMax} elements`);
    known.set(drawn, sum);
    return sum;
  };
  count(root, 0);
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Malformed('SVG: expected UTF-8');
  }
}

/** Only XML's own five entities: no list of HTML's, no declared ones. */
const OPTIONS: SAXOptions & { readonly strictEntities: boolean } = { xmlns: true, strictEntities: true };

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * A drawing without anything that acts, its root with a view box and a size. Cleaning it again changes nothing.
 * @throws Malformed (also for declarations of entities, and beyond the named limits)
 */
export async function cleanSvg(bytes: Buffer): Promise<CleanDrawing> {
  if (bytes.length > SVG_LIMITS.bytesMax) throw new Malformed(`SVG: larger than ${SVG_LIMITS.bytesMax} bytes`);
  const text = textOf(bytes);
  const rebuilder = new Rebuilder();
  const parser = sax.parser(true, OPTIONS);
  const handlers: Partial<SAXParser> = {
    onerror: (error) => {
      throw new Malformed(`SVG: ${error.message.split('\n')[0] ?? ''} (line ${parser.line + 1})`);
    },
    ondoctype: (doctype) => {
      if (doctype.includes('[') || /<!entity/i.test(doctype)) throw new Malformed('SVG: declares entities');
    },
    onsgmldeclaration: () => {
      throw new Malformed('SVG: a declaration out of place');
    },
    onopentag: (tag) => {
      if (isQualified(tag)) rebuilder.opened(tag);
    },
    onclosetag: () => rebuilder.closed(),
    ontext: (t) => rebuilder.text(t),
    oncdata: (t) => rebuilder.text(t),
  };
  Object.assign(parser, handlers);
  for (let at = 0; at < text.length; at += SVG_LIMITS.sliceChars) {
    parser.write(text.slice(at, at + SVG_LIMITS.sliceChars));
    await nextTurn();
  }
  parser.close();
  return rebuilder.result();
}
