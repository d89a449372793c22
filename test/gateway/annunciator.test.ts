// What the gateway's own page shows: what is active now, what is no longer known, and never a name as markup.
import { beforeEach, describe, expect, test } from 'vitest';
import { Annunciator } from '../../gateway/annunciator.ts';
import { annunciatorPage } from '../../gateway/annunciator-page.ts';
import type { Reading } from '../../gateway/drivers/driver.ts';
import { ReportTable } from '../../gateway/report.ts';
import { device, model, point, signal } from './site-rig.ts';

const fire = signal('fire', 'f', { class: 'FIRE', text: { zh: '火警', en: 'Smoke' } });
const low = signal('low', 'p', { class: 'PROCESS', when: { lt: 10, hyst: 2 } });
const reset = signal('reset', 'f', { class: 'RESET' });
const panel = device(
  'panel',
  model([point('f', { lane: 'safety' }), point('p', { lane: 'safety' })], { signals: [fire, low, reset] }),
  { name: { zh: '<b>主机</b>', en: 'Panel & co' }, building: 'B1', floor: 3 },
);

let n = 0;
let table: ReportTable;
let annunciator: Annunciator;
beforeEach(() => {
  n = 0;
  table = new ReportTable([panel], () => ++n);
  annunciator = new Annunciator([panel], table);
  table.online(panel, true, '', { wall: 1_000, mono: 0 });
});

const hear = (on: number, value: number, wall: number, more: Partial<Reading> = {}): void => {
  const { safety } = table.take(panel, [{ point: on, value, quality: 'good', reason: '', ...more }], wall, wall);
  annunciator.take(safety);
};
const shown = () => annunciator.active().map((a) => [a.alarmClass, a.since, a.unknown]);

describe('active signals', () => {
  test('appear and go with their condition, the gravest first', () => {
    hear(2, 5, 1_000);
    hear(1, 1, 2_000);
    expect(shown()).toEqual([
      ['FIRE', 2_000, false],
      ['PROCESS', 1_000, false],
    ]);
    hear(1, 0, 3_000);
    expect(shown()).toEqual([['PROCESS', 1_000, false]]);
  });

  test('hold through hysteresis and keep the time since which they stand', () => {
    hear(2, 5, 1_000);
    hear(2, 11, 2_000);
    expect(shown()).toEqual([['PROCESS', 1_000, false]]);
    hear(2, 12, 3_000);
    expect(shown()).toEqual([]);
  });

  test('stay when nothing is known any more, and say so', () => {
    hear(1, 1, 1_000);
    table.online(panel, false, 'timeout', { wall: 2_000, mono: 2_000 });
    expect(shown()).toEqual([['FIRE', 1_000, true]]);
  });

  test('are not made by what a device remembered', () => {
    hear(1, 1, 1_000, { historical: true });
    expect(shown()).toEqual([]);
  });
});

describe('the page', () => {
  const page = (more = {}): string =>
    annunciatorPage({
      gateway: 'gw-1',
      now: 0,
      active: annunciator.active(),
      diskFault: '',
      hubFault: '',
      offlineDevices: 0,
      ...more,
    });

  test('shows names as text, never as markup', () => {
    hear(1, 1, 1_000);
    expect(page()).toContain('&lt;b&gt;主机&lt;/b&gt; · Panel &amp; co');
    expect(page()).not.toContain('<b>主机');
    expect(page()).toContain('B1 3F');
  });

  test('says what is wrong with the gateway itself, and does not call silence safety', () => {
    const text = page({ diskFault: 'ENOSPC', hubFault: 'no answer', offlineDevices: 2 });
    for (const part of ['ENOSPC', 'no answer', '2 台设备无应答', '不代替消防控制器']) expect(text).toContain(part);
    expect(page()).toContain('No signal is known to be active');
    expect(page()).not.toMatch(/正常|normal/i);
  });
});
