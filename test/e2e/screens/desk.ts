// What browser tests of screens share: a signed-in page on the small compound, errors collected, accessibility looked at.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openPage } from '../../helpers/chromium.ts';
import { PASSWORD } from '../compound.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Desk {
  readonly page: Page;
  /** Uncaught errors and what the content security policy refused. */
  readonly errors: string[];
}

export async function openDesk(
  browser: Browser,
  /** Where the hub is. */
  compound: { readonly url: string },
  username: string,
  path = '/',
  options: BrowserContextOptions = {},
): Promise<Desk> {
  const page = await openPage(browser, { reducedMotion: 'reduce', ...options });
  // Below the test's own deadline, so that a failure names the element that did not come.
  page.setDefaultTimeout(20_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) errors.push(message.text());
  });
  await page.context().request.post(`${compound.url}/api/session`, { data: { username, password: PASSWORD } });
  await page.goto(compound.url + path);
  return { page, errors };
}

/** Breaches of WCAG 2.1 A and AA that axe finds on the page as it is, each with its weight. */
async function found(page: Page): Promise<readonly { readonly impact: string; readonly text: string }[]> {
  // A script element would be refused by the page's own policy; evaluation by the debugger is not.
  await page.evaluate(`if (typeof axe === 'undefined') { ${AXE} }`);
  return page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] })
      .then(({ violations }) => violations.map((v) => ({
        impact: v.impact,
        text: v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(', '),
      })))`,
  );
}

/** All of them, whatever their weight. */
export const breaches = async (page: Page): Promise<readonly string[]> => (await found(page)).map(({ text }) => text);

/** The serious and critical ones. */
export const seriousBreaches = async (page: Page): Promise<readonly string[]> =>
  (await found(page)).filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ text }) => text);

/** A share of pixels that are this far apart (of 255) makes two pictures differ in greyscale by more than a shade. */
const [FAR, SHARE, SIDE] = [40, 0.04, 24];

/** Which of these pictures can't be told apart without colour, in pairs by name. */
export async function alikeInGrey(browser: Browser, pictures: ReadonlyMap<string, Buffer>): Promise<readonly string[]> {
  const page = await browser.newPage();
  const urls = JSON.stringify([...pictures.values()].map((png) => `data:image/png;base64,${png.toString('base64')}`));
  const alike: [number, number][] = await page.evaluate(`(async () => {
    const greys = [];
    for (const url of ${urls}) {
      const image = new Image();
      image.src = url;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = ${SIDE};
      const context = canvas.getContext('2d');
      context.filter = 'grayscale(1)';
      context.drawImage(image, 0, 0, ${SIDE}, ${SIDE});
      greys.push(context.getImageData(0, 0, ${SIDE}, ${SIDE}).data);
    }
    const alike = [];
    for (let a = 0; a < greys.length; a++) for (let b = a + 1; b < greys.length; b++) {
      let far = 0;
      for (let i = 0; i < ${SIDE * SIDE}; i++) if (Math.abs(greys[a][i * 4] - greys[b][i * 4]) > ${FAR}) far += 1;
      if (far / ${SIDE * SIDE} <= ${SHARE}) alike.push([a, b]);
    }
    return alike;
  })()`);
  await page.close();
  const names = [...pictures.keys()];
  return alike.map(([a, b]) => `${names[a] ?? ''} = ${names[b] ?? ''}`);
}
