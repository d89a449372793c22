// What browser tests of screens on the demo share: its hub alone, as a process, and a photo as a camera gives it.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { REPO, startNode, type RunningProcess } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { PASSWORD } from '../compound.ts';

export interface DemoHub {
  readonly url: string;
  readonly process: RunningProcess;
}

/** The hub with the demo's buildings and people, without devices. The caller stops it. */
export async function startDemoHub(name: string): Promise<DemoHub> {
  const process = await startNode('hub/main.ts', [], {
    env: {
      HTTP_PORT: '0',
      MQTT_PORT: '0',
      FENGSUI_DATA: join(tempDir(name), 'hub'),
      FENGSUI_DEMO_PASSWORD: PASSWORD,
      FENGSUI_DEMO_COMMUNITY: join(REPO, 'simulators/demo-community/xingfuli.yaml'),
      LOG_LEVEL: 'warn',
    },
    ms: 120_000,
  });
  return { url: (process.ready as { url: string }).url, process };
}

/** A photo as a camera would give it, drawn by the browser itself. */
export async function photograph(
  page: Page,
  colour = '#884422',
  { width, height } = { width: 640, height: 480 },
): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const url: unknown = await page.evaluate(
    `(() => { const c = document.createElement('canvas'); c.width = ${width}; c.height = ${height};
      const x = c.getContext('2d'); x.fillStyle = '${colour}'; x.fillRect(0, 0, ${width}, ${height});
      return c.toDataURL('image/jpeg'); })()`,
  );
  return { name: 'p.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(String(url).split(',')[1] ?? '', 'base64') };
}
