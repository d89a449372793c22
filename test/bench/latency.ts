// From the flip of a register to the screen of a real browser, beside other changes: a detector of a fire panel goes into
// fire at a random moment, and what is measured is when the lamp in the page has counted it. Beside it, when the same
// alarm arrived at a client without a screen. Clocks are the one of this machine, in ms.
import { onCleanup, cleanUp } from '../helpers/cleanup.ts';
import { launchBrowser, openPage } from '../helpers/chromium.ts';
import { percentile, round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { ModbusServer } from '../../simulators/modbus-server.ts';
import type { AlarmFrame } from '../../hub/live/contract.ts';
import { PASSWORD } from '../e2e/compound.ts';
import { behind, Rig } from './rig.ts';
import { watchUsage } from './usage.ts';

const BACKGROUND = { registers: 100, pollMs: 1_000, metersPerLink: 10, changing: 'all' } as const;
const CHANGES_PER_SECOND = 5_000;
/** The poll class of a fire panel (DESIGN 5), ms. */
const POLL_MS = 200;
/** Least and most pause between two flips, ms: never in step with polls. */
const PAUSE_MS = { least: 300, most: 700 } as const;
const LATE_MS = 30_000;
/** Printed 40031; two bits a device, device 1 in slot 2, high bits first; 1 is fire. */
const SHEET = 30;

/** A panel whose detectors go into fire one after the other, and when each did. */
class Panel {
  readonly flippedAt: number[] = [];
  readonly #words = new Map<number, number>();
  readonly server = new ModbusServer({
    host: '127.0.0.1',
    port: 0,
    framing: 'tcp',
    missingUnit: 'silent',
    units: new Map([
      [
        1,
        {
          read: (_: unknown, address: number, n: number) =>
            Array.from({ length: n }, (_v, k) => this.#word(address + k)),
        },
      ],
    ]),
  });

  #word(address: number): number {
    return this.#words.get(address) ?? 0;
  }

  flip(): void {
    const slot = this.flippedAt.length + 2;
    const address = SHEET + (slot >> 3);
    this.#words.set(address, this.#word(address) | (1 << (14 - 2 * (slot & 7))));
    this.flippedAt.push(Date.now());
  }
}

interface Look {
  /** When the page first showed at least k + 1 fires. */
  seen(): Promise<number[]>;
}

/** Opens the control room and notes, in the page, when its FIRE lamp has changed to which number. */
async function controlRoom(url: string): Promise<Look> {
  const page = await openPage(await launchBrowser(), { reducedMotion: 'reduce' });
  await page.context().request.post(`${url}/api/session`, { data: { username: 'operator', password: PASSWORD } });
  await page.goto(url);
  await page.locator('button.lamp.FIRE .count').filter({ hasText: '0' }).waitFor();
  await page.evaluate(`{
    const lamp = document.querySelector('button.lamp.FIRE .count');
    window.seen = [];
    new MutationObserver(() => {
      const count = Number(lamp.textContent);
      while (window.seen.length < count) window.seen.push(Date.now());
    }).observe(lamp, { characterData: true, childList: true, subtree: true });
  }`);
  return { seen: () => page.evaluate('window.seen') };
}

function summary(flipped: readonly number[], arrived: readonly number[]): Record<string, number> {
  const late = arrived.map((at, k) => at - (flipped[k] ?? Number.NaN));
  return { p50: percentile(late, 0.5), p99: percentile(late, 0.99), max: percentile(late, 1) };
}

async function main(flips: number): Promise<void> {
  const panel = new Panel();
  const port = await panel.server.start();
  onCleanup(() => panel.server.stop());
  const points = Array.from({ length: flips }, (_, k) => `{ point: dev-${String(k + 1).padStart(4, '0')} }`);
  const meters = Math.round((CHANGES_PER_SECOND * BACKGROUND.pollMs) / 1_000 / BACKGROUND.registers);
  const rig = await Rig.start(tempDir('bench-latency'), {
    ...BACKGROUND,
    meters,
    links: [`  - { id: panel, type: modbus-tcp, host: 127.0.0.1, port: ${port} }`],
    devices: [
      `  - { id: panel, profile: gst-modbus-sheet, link: panel, unit: 1, building: b1, poll: { safety: ${POLL_MS} }, points: [${points.join(', ')}] }`,
    ],
  });
  const atClient: number[] = [];
  const live = await rig.live(await rig.signIn('operator'));
  live.on('alarm', ({ items }: AlarmFrame) => {
    for (const alarm of items) if (alarm.class === 'FIRE' && alarm.recurrences === 0) take(alarm.point);
  });
  const take = (point: string): void => void (atClient[Number(point.slice('dev-'.length)) - 1] ??= Date.now());
  const room = await controlRoom(rig.url);
  await until(async () => behind(await rig.metrics()) <= 2 * CHANGES_PER_SECOND, {
    ms: LATE_MS,
    what: 'the hub keeps up',
  });

  const { gateway, hub, field } = rig;
  const spent = watchUsage({ gateway: gateway.pid, hub: hub?.pid ?? 0, field: field.pid });
  for (let k = 0; k < flips; k++) {
    const pause = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least);
    await new Promise((resolve) => setTimeout(resolve, pause));
    panel.flip();
  }
  const inPage = await until(async () => [await room.seen()].find((seen) => seen.length === flips), {
    ms: LATE_MS,
    what: 'the page has counted every fire',
    everyMs: 100,
  });
  const { of, machineBusy } = spent();
  const page = summary(panel.flippedAt, inPage);
  const client = summary(panel.flippedAt, atClient);
  console.log(
    JSON.stringify({
      bench: 'latency',
      case: 'register flip to the page of a browser, ms',
      flips,
      pollMs: POLL_MS,
      changesPerSecondBeside: CHANGES_PER_SECOND,
      page,
      client,
      pageP99OverPoll: round((page['p99'] ?? 0) - POLL_MS, 0),
      ratio: round((page['p99'] ?? 0) / POLL_MS),
      processes: of,
      machineBusy,
    }),
  );
  await rig.stop();
}

try {
  await main(process.argv.includes('--quick') ? 40 : 250);
} finally {
  await cleanUp();
}
