// Every screen, the wall included, in both themes and both languages: axe finds no breach of WCAG 2.1 A or AA, whatever its
// weight, and nothing of the page is refused by its own security policy.
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sees } from '../../../dashboard/src/app/abilities.ts';
import { ROUTES, type RouteName } from '../../../dashboard/src/routes.ts';
import { ALARM_CLASSES } from '../../../device-profiles/contract/signal.ts';
import { Rig } from '../../bench/rig.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { ClassPanel } from '../../helpers/class-panel.ts';
import { describeWith } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { openAlarms } from '../compound.ts';
import { breaches, openDesk, type Desk } from './desk.ts';

const GATEWAY = 'gw-bench';
/** What stands for the parts of an address that name a thing. */
const PARTS: Readonly<Partial<Record<RouteName, readonly [string, string][]>>> = {
  device: [[':id', `${GATEWAY}.every`]],
  gateway: [[':id', GATEWAY]],
  plan: [
    [':building', 'b1'],
    [':floor', '3'],
  ],
  rule: [[':id', 'alarms.escalation']],
};
/** Whoever of these sees a screen first, looks at it. */
const LOOKERS = ['operator', 'admin', 'supervisor', 'manager'] as const;

/** Screens of what must first be made are left to their own tests. */
const screens = (Object.keys(ROUTES) as RouteName[]).flatMap((name): [RouteName, string, string][] => {
  const path = (PARTS[name] ?? []).reduce((way, [part, is]) => way.replace(part, is), ROUTES[name] as string);
  const looker = LOOKERS.find((role) => sees(name, role));
  return path.includes(':') || looker === undefined || name === 'password' ? [] : [[name, path, looker]];
});

describeWith(['chromium'], 'accessibility', () => {
  let rig: Rig;
  let browser: Browser;

  beforeAll(async () => {
    const dir = join(tempDir('accessibility'), 'site');
    const { panel, links, devices } = await ClassPanel.start(dir);
    rig = await Rig.start(dir, {
      meters: 0,
      registers: 1,
      pollMs: 1_000,
      metersPerLink: 1,
      changing: 0,
      links,
      devices,
    });
    for (const c of ALARM_CLASSES) panel.set(c, true);
    const operator = await rig.signIn('operator');
    await openAlarms(operator, `device=${GATEWAY}.every`, ALARM_CLASSES.length, 'one alarm of each class');
    browser = await launchBrowser();
  }, 240_000);

  afterAll(async () => {
    await rig?.stop();
  });

  /** One signed-in page a person and language: signing in again for each screen took longer than looking at it. */
  const desks = new Map<string, Promise<Desk>>();
  const desk = (looker: string, language: string, colorScheme: 'light' | 'dark'): Promise<Desk> => {
    const key = `${looker} ${language}`;
    const known = desks.get(key);
    if (known) return known;
    const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
    const opened = openDesk(browser, rig, looker, '/', { colorScheme, locale }).then(async (one) => {
      await one.page.evaluate(`localStorage.setItem('fengsui.language', '${language}')`);
      return one;
    });
    desks.set(key, opened);
    return opened;
  };

  it.each(screens)(
    '%s (%s), seen by %s, has no breach of WCAG A and AA, in Chinese by day and in English by night',
    async (_name, path, looker) => {
      for (const [language, colorScheme] of [
        ['zh', 'light'],
        ['en', 'dark'],
      ] as const) {
        const { page, errors } = await desk(looker, language, colorScheme);
        const before = errors.length;
        await page.goto(rig.url + path);
        await page.locator(`html[lang^=${language}] main :is(h1, h2)`).first().waitFor({ state: 'attached' });
        await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });
        expect([language, await breaches(page)]).toEqual([language, []]);
        expect(errors.slice(before)).toEqual([]);
      }
    },
    60_000,
  );
});
