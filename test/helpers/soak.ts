// A shift of the control room faster than real time: a real page on a real hub while alarms come, are acknowledged and
// close without end, and each heartbeat is handed to the page many times over. What is measured is what must not grow:
// the page's heap after garbage collection, its nodes and listeners, and the time between two frames.
import type { Browser, CDPSession, Page } from 'playwright-core';
import { ALARM_CLASSES } from '../../device-profiles/contract/signal.ts';
import { PASSWORD, type Caller } from '../e2e/compound.ts';
import type { ClassPanel } from './class-panel.ts';
import { openPage } from './chromium.ts';
import { percentile, round } from './statistics.ts';
import { until } from './wait.ts';

export interface SoakOptions {
  readonly url: string;
  readonly panel: ClassPanel;
  readonly operator: Caller;
  /** Beats that the page is to hear: one is a second of the shift. */
  readonly beats: number;
  /** How often each beat is handed to the page. */
  readonly times: number;
  /** Looks at the page, evenly over the beats; the first is after as many as any other, when it has warmed up. */
  readonly looks: number;
}

export interface Look {
  readonly beats: number;
  readonly heapMb: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly frameP50Ms: number;
  readonly frameP99Ms: number;
}

const CHANGE_EVERY_MS = 150;
/** Beats may come so many times later than they should: only a hub that is gone is not waited for. */
const PATIENCE = 10;
const FRAMES = `{
  window.frames = [];
  let before = performance.now();
  const frame = (now) => {
    window.frames.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}`;

async function look(page: Page, cdp: CDPSession, beats: number): Promise<Look> {
  const frames: number[] = await page.evaluate('window.frames.splice(0)');
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name: string): number => metrics.find((m) => m.name === name)?.value ?? Number.NaN;
  return {
    beats,
    heapMb: round(of('JSHeapUsedSize') / 2 ** 20, 1),
    nodes: of('Nodes'),
    listeners: of('JSEventListeners'),
    frameP50Ms: round(percentile(frames, 0.5), 1),
    frameP99Ms: round(percentile(frames, 0.99), 1),
  };
}

/** Alarms of every class come and go, and are acknowledged, until told to stop. @returns how often one changed */
async function churn({ panel, operator }: SoakOptions, ended: AbortSignal): Promise<number> {
  let changes = 0;
  for (; !ended.aborted; changes++) {
    const c = ALARM_CLASSES[changes % ALARM_CLASSES.length] ?? 'FAULT';
    // On in one round, off in the next: each round a new episode of each class.
    panel.set(c, Math.floor(changes / ALARM_CLASSES.length) % 2 === 0);
    if (changes % ALARM_CLASSES.length === 0)
      for (const { id, state } of await operator.items<{ id: string; state: string }>('/api/alarms?state=open'))
        if (!ended.aborted && state.includes('unacked')) await operator.ask('POST', `/api/alarms/${id}/ack`, {});
    await new Promise((resolve) => setTimeout(resolve, CHANGE_EVERY_MS));
  }
  return changes;
}

/** Runs the shift. The first look of the answer is of the warm page, the last of the page at the end. */
export async function soak(browser: Browser, options: SoakOptions): Promise<{ looks: Look[]; changes: number }> {
  const { url, beats, times, looks } = options;
  const page = await openPage(browser);
  let heard = 0;
  await page.routeWebSocket(/socket\.io/, (socket) => {
    const hub = socket.connectToServer();
    hub.onMessage((message) => {
      const isBeat = String(message).startsWith('42["beat"');
      for (let k = 0; k < (isBeat ? times : 1); k++) socket.send(message);
      if (isBeat) heard += times;
    });
  });
  await page.context().request.post(`${url}/api/session`, { data: { username: 'operator', password: PASSWORD } });
  await page.goto(url);
  await page.locator('.lamps').waitFor();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.evaluate(FRAMES);
  const ended = new AbortController();
  const churned = churn(options, ended.signal);
  const seen: Look[] = [];
  while (seen.length < looks) {
    const due = ((seen.length + 1) * beats) / looks;
    await until(() => heard >= due, {
      ms: (PATIENCE * (1_000 * beats)) / times,
      what: `beat ${due} is heard`,
      everyMs: 200,
    });
    seen.push(await look(page, cdp, heard));
  }
  ended.abort();
  const changes = await churned;
  await page.context().close();
  return { looks: seen, changes };
}
