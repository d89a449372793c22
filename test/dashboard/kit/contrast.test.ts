// WCAG AA, computed: every pair of text and ground that the components use, in both themes, from tokens.css itself.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const css = readFileSync(fileURLToPath(new URL('../../../dashboard/src/kit/tokens.css', import.meta.url)), 'utf8');

function tokens(selector: string): Map<string, string> {
  const from = css.indexOf(`${selector} {`);
  const block = css.slice(from, css.indexOf('\n}', from));
  return new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
}
const light = tokens(':root');
const THEMES = { light, dark: new Map([...light, ...tokens("[data-theme='dark']")]) };

function luminance(hex: string): number {
  const channel = (at: number): number => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}
function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m);
  return ((x ?? 0) + 0.05) / ((y ?? 0) + 0.05);
}

const TEXT = 4.5;
const LARGE_OR_SHAPE = 3;
/** [text or shape, grounds, least contrast] */
const PAIRS: readonly (readonly [string, readonly string[], number])[] = [
  ['ink', ['page', 'panel', 'raise', 'off', 'fire-tint', 'trap-tint', 'yellow-tint'], TEXT],
  ['ink-2', ['page', 'panel', 'raise', 'fire-tint', 'trap-tint'], TEXT],
  ['ink-3', ['page', 'panel', 'raise'], TEXT],
  ['quiet', ['panel'], LARGE_OR_SHAPE],
  ['on-act', ['act'], TEXT],
  ['on-act-2', ['act'], TEXT],
  ['on-fire', ['fire'], TEXT],
  ['fire-ink', ['panel', 'raise'], TEXT],
  ['on-trap', ['trap'], TEXT],
  ['trap', ['panel', 'page'], LARGE_OR_SHAPE],
  ['fire', ['panel', 'page'], LARGE_OR_SHAPE],
  ['amber-ink', ['amber-tint', 'panel'], TEXT],
  ['on-yellow', ['yellow'], TEXT],
  ['yellow-ink', ['yellow-tint', 'panel', 'page'], TEXT],
  ['yellow-edge', ['panel', 'page'], LARGE_OR_SHAPE],
  ['green', ['panel', 'raise'], TEXT],
  ['on-green', ['green'], TEXT],
  ['line-strong', ['panel', 'raise'], LARGE_OR_SHAPE],
  ['focus', ['page', 'panel', 'raise'], LARGE_OR_SHAPE],
];

describe.each(Object.entries(THEMES))('%s', (_, theme) => {
  const cases = PAIRS.flatMap(([ink, grounds, least]) => grounds.map((ground) => [ink, ground, least] as const));
  test.each(cases)('%s on %s is at least %d', (ink, ground, least) => {
    const [a, b] = [theme.get(ink), theme.get(ground)];
    if (a === undefined || b === undefined) throw new Error(`no token ${a === undefined ? ink : ground}`);
    expect(contrast(a, b)).toBeGreaterThanOrEqual(least);
  });

  test('no pure black and no pure white', () => {
    expect([...theme.values()]).not.toContain('#000000');
    expect([...theme.values()]).not.toContain('#ffffff');
  });
});
