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

/** Serious and critical breaches of WCAG 2.1 A and AA that axe finds on the page as it is. */
export async function seriousBreaches(page: Page): Promise<readonly string[]> {
  // A script element would be refused by the page's own policy; evaluation by the debugger is not.
  await page.evaluate(AXE);
  const found: unknown = await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(({ violations }) => violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(', ')))`,
  );
  return Array.isArray(found) ? found.map(String) : ['axe gave no answer'];
}
