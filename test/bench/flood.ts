// A flood of alarms on one community, by the real path: detectors behind a Modbus server go into alarm, and the control
// room is open in a real browser. What is measured is when the page has listed and counted the last of them, how long it
// keeps the operator's keys waiting, and its longest task. Clocks are the one of this machine, in ms.
import type { Page } from 'playwright-core';
import { cleanUp } from '../helpers/cleanup.ts';
import { launchBrowser, openPage } from '../helpers/chromium.ts';
import { FloodPanels } from '../helpers/flood-panels.ts';
import { percentile, round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import type { AlarmFrame } from '../../hub/live/contract.ts';
import { PASSWORD } from '../e2e/compound.ts';
import { Rig } from './rig.ts';
import { watchUsage } from './usage.ts';

const SECONDS = 10;
const STEP_MS = 100;
const LATE_MS = 120_000;
const KEY_EVERY_MS = 150;

interface Seen {
  /** When the heading of the list first told each number of open alarms. */
  readonly counted: readonly (readonly [at: number, all: number])[];
  readonly tasks: readonly number[];
  readonly inputs: readonly { readonly delay: number; readonly duration: number }[];
}

/** Watches the page from within: the count in the list's heading, long tasks, and how long inputs wait. */
const WATCH = `{
  const seen = (window.seen = { counted: [], tasks: [], inputs: [] });
  const heading = document.querySelector('.list h2');
  const look = () => {
    const all = Number(/(\\d+)\\D*$/.exec(heading.textContent)?.[1]);
    if (all !== seen.counted.at(-1)?.[1]) seen.counted.push([Date.now(), all]);
  };
  look();
  new MutationObserver(look).observe(heading, { characterData: true, childList: true, subtree: true });
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map((e) => e.duration)))
    .observe({ type: 'longtask', buffered: false });
  new PerformanceObserver((list) => {
    for (const e of list.getEntries())
      if (e.name === 'keydown') seen.inputs.push({ delay: e.processingStart - e.startTime, duration: e.duration });
  }).observe({ type: 'event', durationThreshold: 16 });
}`;

async function controlRoom(url: string): Promise<Page> {
  const page = await openPage(await launchBrowser());
  await page.context().request.post(`${url}/api/session`, { data: { username: 'operator', password: PASSWORD } });
  await page.goto(url);
  await page.locator('button.lamp.FIRE .count').filter({ hasText: '0' }).waitFor();
  await page.evaluate(WATCH);
  return page;
}

/** An operator who moves through the list all the while. Answers how many keys were pressed. */
async function type(page: Page, until: AbortSignal): Promise<number> {
  let keys = 0;
  for (; !until.aborted; keys++) {
    await page.keyboard.press(keys % 2 === 0 ? 'ArrowDown' : 'ArrowUp');
    await new Promise((resolve) => setTimeout(resolve, KEY_EVERY_MS));
  }
  return keys;
}

async function main(alarms: number): Promise<void> {
  const dir = tempDir('bench-flood');
  const { panels, links, devices } = await FloodPanels.start(dir, alarms);
  const rig = await Rig.start(dir, {
    meters: 0,
    registers: 1,
    pollMs: 1_000,
    metersPerLink: 1,
    changing: 0,
    links,
    devices,
  });
  const page = await controlRoom(rig.url);
  const atClient = new Set<string>();
  let lastAtClient = 0;
  const live = await rig.live(await rig.signIn('operator'));
  live.on('alarm', ({ items }: AlarmFrame) => {
    for (const { id, device } of items) if (device.includes('.panel-')) atClient.add(id);
    if (atClient.size >= alarms) lastAtClient ||= Date.now();
  });
  const { gateway, hub } = rig;
  const spent = watchUsage({ gateway: gateway.pid, hub: hub?.pid ?? 0 });
  await page.locator('.list').click({ position: { x: 40, y: 120 } });
  const typing = new AbortController();
  const typed = type(page, typing.signal);
  const began = Date.now();
  const steps = (SECONDS * 1_000) / STEP_MS;
  for (let k = 0; k < steps; k++) {
    panels.raise(Math.ceil(((k + 1) * alarms) / steps) - panels.raised);
    const next = began + (k + 1) * STEP_MS;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
  }
  const last = Date.now();
  const seen = await until(
    async () => {
      const now = (await page.evaluate('window.seen')) as Seen;
      return (now.counted.at(-1)?.[1] ?? 0) >= alarms ? now : undefined;
    },
    { ms: LATE_MS, what: 'the page lists every alarm', everyMs: 200 },
  );
  typing.abort();
  const keys = await typed;
  const { of, machineBusy } = spent();
  const listed = seen.counted.find(([, all]) => all >= alarms)?.[0] ?? Number.NaN;
  const delays = seen.inputs.map((i) => i.delay);
  const longest = Math.max(0, ...seen.tasks);
  console.log(
    JSON.stringify({
      bench: 'flood',
      case: 'alarms of one community in 10 s, from the registers to the list of a control room',
      alarms,
      listedAfterLastMs: listed - last,
      atClientAfterLastMs: lastAtClient - last,
      keys,
      keysSlowerThanAFrame: seen.inputs.length,
      inputDelayMax: round(Math.max(0, ...delays), 0),
      // Of all keys: those that were as fast as a frame are not told apart.
      inputDelayP99: round(percentile([...delays, ...Array.from({ length: keys - delays.length }, () => 0)], 0.99), 0),
      inputToPaintMax: round(Math.max(0, ...seen.inputs.map((i) => i.duration)), 0),
      longTasks: seen.tasks.length,
      longestTaskMs: round(longest, 0),
      processes: of,
      machineBusy,
    }),
  );
  await rig.stop();
}

try {
  await main(process.argv.includes('--quick') ? 2_000 : 10_000);
} finally {
  await cleanUp();
}
