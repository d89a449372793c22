// What is kept of a drawing: what draws. What could run, load, embed or grow is left out or refused.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SVG_LIMITS } from '../../../hub/config.ts';
import { examineUpload } from '../../../hub/files/media.ts';
import { cleanSvg } from '../../../hub/files/svg.ts';

const NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
const wrap = (inside: string, root = 'viewBox="0 0 400 200"'): string => `<svg ${NS} ${root}>${inside}</svg>`;
const RECT = '<rect x="1" y="2" width="30" height="40" fill="#ccc"/>';
const clean = async (text: string): Promise<string> => (await cleanSvg(Buffer.from(text))).bytes.toString();
/** What stays inside of the root. */
const inside = async (text: string, root?: string): Promise<string> =>
  (await clean(wrap(text, root))).replace(/^<svg[^>]*>/, '').replace(/<\/svg>$/, '');
const KEPT_RECT = '<rect x="1" y="2" width="30" height="40" fill="#ccc"></rect>';

describe('a drawing', () => {
  test('keeps what draws: shapes, groups, transforms, text, gradients, uses of its own symbols, plain styles', async () => {
    const drawing =
      '<style>.wall{stroke:#333;stroke-width:2} path,.x > g{fill:none}</style>' +
      '<defs><linearGradient id="g"><stop offset="0" stop-color="red"></stop></linearGradient>' +
      '<symbol id="door" viewBox="0 0 9 9"><path class="wall" d="M0 0L9 9"></path></symbol></defs>' +
      '<g transform="translate(3,4) rotate(90)"><use href="#door" x="4"></use>' +
      '<rect width="4" height="4" fill="url(#g)" style="stroke:#000;opacity:.5"></rect>' +
      '<text x="1" y="9" font-family="Noto Sans SC">电梯厅 &amp; 走道 &lt;1&gt;</text></g>';
    expect(await inside(drawing)).toBe(
      drawing.replace('path,.x > g{fill', 'path,.x &gt; g{fill').replace('2} path', '2}path'),
    );
  });

  test('gets a view box and a size, from whichever of them it has', async () => {
    expect(await clean(wrap(RECT))).toMatch(/^<svg xmlns="[^"]+" viewBox="0 0 400 200" width="1000" height="500">/);
    expect(await clean(wrap(RECT, 'width="210mm" height="297mm"'))).toMatch(/viewBox="0 0 793\.7\d* 1122\.5\d*"/);
    for (const root of [
      '',
      'width="100%" height="100%"',
      'viewBox="0 0 0 5"',
      'viewBox="0 0 5"',
      'viewBox="0 0 9e9 5"',
    ])
      await expect(cleanSvg(Buffer.from(wrap(RECT, root)))).rejects.toThrow(/viewBox/);
  });

  test('is the same after being cleaned twice, whatever stood in it', async () => {
    const attribute = fc.constantFrom(
      'fill="url(#a)"',
      'onload="x()"',
      'style="fill:red;x:y"',
      'class="a b"',
      'd="M0 0"',
    );
    const name = fc.constantFrom('g', 'rect', 'path', 'script', 'a', 'text', 'image', 'style', 'metadata');
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc
        .tuple(
          name,
          fc.option(attribute),
          fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('node'), { maxLength: 3 })),
        )
        .map(([n, a, children]) => `<${n} ${a ?? ''}>${children.join('')}</${n}>`),
    }));
    await fc.assert(
      fc.asyncProperty(node, async (text) => {
        const once = await clean(wrap(text + RECT));
        expect(await clean(once)).toBe(once);
        expect(once).not.toMatch(/script|onload|image|x\(\)/);
      }),
      { numRuns: 50 },
    );
  });
});

describe('left out, with the rest kept', () => {
  test.each([
    ['a script', '<script>alert(1)</script>'],
    ['a script under another prefix', '<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'],
    ['a script in CDATA', '<script><![CDATA[alert(1)]]></script>'],
    ['HTML', '<html:iframe xmlns:html="http://www.w3.org/1999/xhtml" src="https://evil.example"/>'],
    [
      'foreign content',
      '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="alert(1)"/></foreignObject>',
    ],
    ['an animation that sets an address', '<animate attributeName="href" to="javascript:alert(1)"/>'],
    ['a setter', '<set attributeName="onload" to="alert(1)"/>'],
    ['an embedded picture', '<image href="data:text/html;base64,PHNjcmlwdD4="/>'],
    ['a picture from elsewhere', '<image xlink:href="https://evil.example/a.png" width="9" height="9"/>'],
    ['a filter', '<filter id="f"><feImage href="https://evil.example/a.png"/></filter>'],
    ['a handler element', '<handler type="application/ecmascript">alert(1)</handler>'],
    ['a stylesheet that imports', '<style>@import url(https://evil.example/a.css);</style>'],
    ['a font from elsewhere', '<style>@font-face{font-family:x;src:url(https://evil.example/f)}</style>'],
    ['an escaped stylesheet', '<style>\\40 import "https://evil.example/a.css"; g{fill:red}</style>'],
    ['a processing instruction', '<?xml-stylesheet href="https://evil.example/a.css"?>'],
    ['a comment', '<!-- <script>alert(1)</script> -->'],
    ['metadata', '<metadata><x:author xmlns:x="urn:x">someone</x:author></metadata>'],
  ])('%s', async (_what, part) => {
    expect(await inside(part + RECT)).toBe(KEPT_RECT);
  });

  test.each([
    ['a handler', 'onload="alert(1)"'],
    ['a handler in capitals', 'ONCLICK="alert(1)"'],
    ['a handler of another namespace', 'xmlns:e="http://www.w3.org/2001/xml-events" e:onclick="alert(1)"'],
    ['an address that runs', 'href="javascript:alert(1)"'],
    ['an address that runs, in disguise', 'xlink:href="java&#10;script:alert(1)"'],
    ['an address elsewhere', 'xlink:href="https://evil.example/a.svg#x"'],
    ['a paint from elsewhere', 'stroke="url(https://evil.example/a.svg#p)"'],
    ['a paint from data', 'style="fill:url(\'data:image/svg+xml,evil\')"'],
    ['an escaped url', 'style="fill:u\\72l(https://evil.example)"'],
    ['a picture set', 'style="fill:image-set(&quot;a.png&quot; 1x)"'],
    ['a custom property', 'style="--x:1;fill:var(--x)"'],
    ['a base', 'xml:base="https://evil.example/"'],
  ])('%s', async (_what, attribute) => {
    expect(await inside(RECT.replace('<rect ', `<rect ${attribute} `))).toBe(KEPT_RECT);
  });

  test('what a link or a switch holds stays, without the link; a nested drawing is cleaned like the outer one', async () => {
    expect(await inside(`<a href="javascript:alert(1)"><switch>${RECT}</switch></a>`)).toBe(KEPT_RECT);
    expect(await inside(`<svg onload="alert(1)" x="5"><script>alert(1)</script>${RECT}</svg>`)).toBe(
      `<svg x="5">${KEPT_RECT}</svg>`,
    );
  });

  test('is told by name', async () => {
    const { removed } = await cleanSvg(Buffer.from(wrap(`<script/><image onload="x"/>${RECT}<g onclick="x"/>`)));
    expect(removed).toEqual(['script', 'image', 'onclick']);
  });
});

describe('refused', () => {
  const bomb = Array.from({ length: 20 }, (_, i) => `<g id="l${i + 1}"><use href="#l${i}"/><use href="#l${i}"/></g>`);
  test.each([
    ['entities', `<!DOCTYPE svg [<!ENTITY a "b">]>${wrap('<text>&a;</text>')}`, /declares entities/],
    ['outside entities', `<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>${wrap(RECT)}`, /declares entities/],
    ['an entity nobody declared', wrap('<text>&nbsp;</text>'), /line 1/],
    ['uses that double', wrap(`<rect id="l0"/>${bomb.join('')}`), /references lead too far|draws more/],
    [
      'a few levels of many uses',
      wrap(
        `<g id="a">${RECT.repeat(99)}</g><g id="b">${'<use href="#a"/>'.repeat(99)}</g><g id="c">${'<use href="#b"/>'.repeat(99)}</g>`,
      ),
      /draws more/,
    ],
    ['a use of itself', wrap('<g id="a"><use href="#a"/></g>'), /back to itself/],
    [
      'a pattern of itself',
      wrap('<pattern id="p"><rect fill="url(#p)"/></pattern><rect fill="url(#p)"/>'),
      /back to itself/,
    ],
    ['too deep', wrap('<g>'.repeat(70) + RECT + '</g>'.repeat(70)), /deeper/],
    ['too many', wrap('<g/>'.repeat(SVG_LIMITS.elementsMax) + RECT), /more than 60000 elements/],
    ['nothing that draws', wrap('<image href="data:image/png;base64,AA=="/>'), /nothing that draws/],
    ['torn', wrap(RECT).slice(0, -4), /line 1/],
    ['not well formed', wrap('<rect a=1/>'), /line 1/],
    ['no drawing', '<html xmlns="http://www.w3.org/1999/xhtml"/>', /expected <svg>/],
    ['no namespace', '<svg onload="alert(1)"/>', /expected <svg>/],
    ['a control character', wrap('<text>a\u0001b</text>'), /control character/],
  ])('%s', async (_what, text, message) => {
    await expect(cleanSvg(Buffer.from(text))).rejects.toThrow(message);
  });

  test('too large, and another encoding', async () => {
    expect(await examineUpload(Buffer.from(wrap(`<g/>${' '.repeat(SVG_LIMITS.bytesMax)}`)))).toMatchObject({
      code: 'bad-request',
      detail: expect.stringMatching(/larger than/),
    });
    expect(await examineUpload(Buffer.from([0x3c, 0x73, 0xff, 0xfe]))).toMatchObject({
      detail: 'file: SVG: expected UTF-8',
    });
  });
});
