// What a drawing (SVG) may say about looks: the attributes, properties and values that are kept. Pure.
import { SVG_LIMITS } from '../config.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Presentation attributes, also as properties of `style` (SVG 2 §6). None of them loads or runs anything. */
const PROPERTIES = words(`
  fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit
  stroke-dasharray stroke-dashoffset opacity color display visibility overflow font-family font-size font-weight
  font-style font-variant font-stretch text-anchor dominant-baseline alignment-baseline baseline-shift letter-spacing
  word-spacing text-decoration writing-mode clip-path clip-rule marker marker-start marker-mid marker-end stop-color
  stop-opacity vector-effect paint-order shape-rendering text-rendering color-interpolation transform`);

/** Geometry and the like. */
const GEOMETRY = words(`
  x y x1 y1 x2 y2 cx cy r rx ry dx dy fx fy fr width height d points viewBox preserveAspectRatio transform rotate
  textLength lengthAdjust pathLength offset gradientUnits gradientTransform spreadMethod patternUnits
  patternContentUnits patternTransform clipPathUnits markerUnits markerWidth markerHeight refX refY orient`);

/** Functions of values: colours, transforms, sums. `url` is looked at by itself. */
const FUNCTIONS = words(`
  rgb rgba hsl hsla calc matrix translate translatex translatey scale scalex scaley rotate skewx skewy`);

const NAME = String.raw`[\p{L}_][\p{L}\p{N}._-]{0,200}`;
const ID = new RegExp(`^${NAME}$`, 'u');
const OWN_URL = new RegExp(`url\\(\\s*(["']?)#(${NAME})\\1\\s*\\)`, 'giu');
/** No backslash, angle, at, brace, colon or semicolon: nothing that could begin another language. */
const CHARACTERS = /^[\p{L}\p{N}\s.,#%()+\-*/'"!_]*$/u;
const HIDDEN = new Set(['title', 'desc']);

export interface Kept {
  readonly text: string;
  /** Ids of the same drawing that it refers to. */
  readonly references: readonly string[];
}

/** A value as it may stay, or null. Of references only those into the drawing itself stay. */
export function keptValue(text: string): Kept | null {
  if (text.length > SVG_LIMITS.valueCharsMax) return null;
  const references: string[] = [];
  const rest = text.replace(OWN_URL, (_whole, _quote: string, id: string) => {
    references.push(id);
    return '';
  });
  if (!CHARACTERS.test(rest)) return null;
  for (const [, name = ''] of rest.matchAll(/([\p{L}_-][\p{L}\p{N}_-]*)\s*\(/gu))
    if (!FUNCTIONS.has(name.toLowerCase())) return null;
  return { text, references };
}

/** Declarations as they may stay: known properties with values that may. */
export function keptDeclarations(text: string, referencesToo: boolean): Kept {
  const references: string[] = [];
  const kept = text.split(';').flatMap((declaration) => {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = keptValue(declaration.slice(colon + 1).trim());
    if (!PROPERTIES.has(property) || value === null || value.text === '') return [];
    if (value.references.length > 0 && !referencesToo) return [];
    references.push(...value.references);
    return [`${property}:${value.text}`];
  });
  return { text: kept.join(';'), references };
}

/** Selectors of elements, classes and ids, and their combinations. */
const SELECTOR = /^[\p{L}\p{N}\s.#,*>+_-]+$/u;

/**
 * A stylesheet as it may stay: flat rules of plain selectors. At-rules (`@import`, `@font-face` …) and whatever else
 * is not such a rule are left out. References are left out too: how often a rule applies is not known here.
 */
export function keptStylesheet(text: string): string {
  if (text.length > SVG_LIMITS.valueCharsMax || text.includes('\\')) return '';
  const bare = text.replaceAll(/\/\*[^]*?(?:\*\/|$)/g, ' ').replaceAll(/<!--|-->/g, ' ');
  return bare
    .split('}')
    .flatMap((rule) => {
      const parts = rule.split('{');
      const selector = (parts[0] ?? '').trim();
      if (parts.length !== 2 || !SELECTOR.test(selector)) return [];
      const { text: kept } = keptDeclarations(parts[1] ?? '', false);
      return kept === '' ? [] : [`${selector}{${kept}}`];
    })
    .join('');
}

/** An attribute of a kept element as it may stay, or null. @param name local name, without namespace or XLink's */
export function keptAttribute(element: string, name: string, value: string): Kept | null {
  if (HIDDEN.has(element)) return null;
  if (name === 'id') return ID.test(value) ? { text: value, references: [] } : null;
  if (name === 'class') return SELECTOR.test(value) ? { text: value, references: [] } : null;
  if (name === 'style') {
    const kept = keptDeclarations(value, true);
    return kept.text === '' ? null : kept;
  }
  if (name === 'href') {
    const id = value.startsWith('#') ? value.slice(1) : '';
    return ID.test(id) ? { text: value, references: [id] } : null;
  }
  if (!PROPERTIES.has(name) && !GEOMETRY.has(name)) return null;
  return keptValue(value);
}
