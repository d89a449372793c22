// A real browser for the screens: whichever Chromium this machine has, Chinese first.
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { onCleanup } from './cleanup.ts';
import { requirePart } from './parts.ts';

/** Starts the browser; it is closed after the test file. */
export async function launchBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: requirePart('chromium'),
    headless: true,
    // The sandbox needs rights that containers and root don't have; tests open only our own pages.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
  });
  onCleanup(() => browser.close());
  return browser;
}

/** A page as a control room in China sees it; `options` may make it a phone or English. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 1920, height: 1080 },
    ...options,
  });
  return context.newPage();
}
