// The history writer against a real InfluxDB 1.x: everything arrives once, whatever happens to the server in between.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HISTORY } from '../../device-profiles/contract/history-line.ts';
import type { Sample } from '../../device-profiles/contract/wire.ts';
import type { PointIndex } from '../../gateway/birth.ts';
import { HISTORY_CONSUMER, HistoryWriter } from '../../gateway/history.ts';
import type { Spool } from '../../gateway/spool.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { startInfluxd, type Influxd } from '../helpers/influxd.ts';
import { describeWith } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { BIRTH, open, readAll, sample, silent, systemClock } from './spool/rig.ts';

const name = { zh: '压力', en: 'Pressure' };
const INDEX: PointIndex = {
  id: BIRTH.id,
  devices: [
    {
      id: 'main-1',
      kind: 'water-main',
      profile: 'p',
      model: 'm',
      link: 'l',
      building: 'B 1',
      points: [
        { i: 0, id: 'online', name, type: 'bool', lane: 'safety' },
        { i: 1, id: 'pressure', name, type: 'float32', lane: 'telemetry' },
      ],
    },
  ],
  models: [],
};

async function rig(url: string, more: { dir?: string; bucket?: string } = {}) {
  const dir = more.dir ?? tempDir('history');
  const spool = await open(join(dir, 'spool'), { consumers: ['uplink', HISTORY_CONSUMER] });
  const writer = new HistoryWriter({
    target: { url, bucket: more.bucket },
    gateway: 'gw-1',
    community: 'xingfuli',
    index: INDEX,
    spool,
    dir,
    clock: systemClock,
    log: silent,
    limits: { gatherMs: 5, retryFirstMs: 20, retryLastMs: 200 },
  });
  const stop = async (): Promise<void> => {
    await writer.stop();
    await spool.close();
  };
  onCleanup(stop);
  writer.start();
  return { dir, spool, writer, stop };
}

async function rows(influx: Influxd, q: string): Promise<unknown[][]> {
  const reply = (await influx.query(q)) as { results: { series?: { values: unknown[][] }[] }[] };
  return reply.results[0]?.series?.[0]?.values ?? [];
}

const allNums = (influx: Influxd): Promise<unknown[][]> => rows(influx, 'SELECT num FROM "water-main"');

async function fill(spool: Spool, from: number, to: number): Promise<Sample[]> {
  const samples = Array.from({ length: to - from + 1 }, (_, k) => sample(spool, from + k));
  for (const s of samples) await spool.append('telemetry', [s]).done;
  return samples;
}

const stored = (writer: HistoryWriter, spool: Spool) =>
  until(() => writer.position().telemetry === spool.head().telemetry, {
    what: () => `all is stored: ${JSON.stringify(writer.stats())} of ${JSON.stringify(spool.head())}`,
    ms: 20_000,
  });

describeWith(['influxdb'], 'on InfluxDB 1.x', () => {
  test('[S1] samples arrive with their names, values, quality and unique times', async () => {
    const influx = await startInfluxd();
    const { spool, writer } = await rig(influx.url, { bucket: influx.database });
    const at = 1_700_000_000_123;
    const times = { sourceTime: at, receivedTime: at };
    await spool.append('telemetry', [
      sample(spool, 1.25, times),
      sample(spool, 'text "quoted"', times),
      { ...sample(spool, 0, times), value: null, quality: 'bad', reason: 'timeout' },
    ]).done;
    await stored(writer, spool);
    const got = await rows(influx, 'SELECT num, quality, text, building, community, device, point FROM "water-main"');
    expect(got.map((r) => r.slice(1))).toEqual([
      [1.25, 0, null, 'B 1', 'xingfuli', 'gw-1.main-1', 'pressure'],
      [null, 0, 'text "quoted"', 'B 1', 'xingfuli', 'gw-1.main-1', 'pressure'],
      [null, 2, null, 'B 1', 'xingfuli', 'gw-1.main-1', 'pressure'],
    ]);
    expect(new Set(got.map((r) => r[0])).size).toBe(3);
    expect(HISTORY.measurements).toContain('water-main');
  });

  test('the database is made when it is missing, and `?db=` names it', async () => {
    const influx = await startInfluxd();
    await influx.query('DROP DATABASE "fengsui"');
    const { spool, writer } = await rig(`${influx.url}/?db=fengsui`);
    await fill(spool, 1, 3);
    await stored(writer, spool);
    expect(await allNums(influx)).toHaveLength(3);
  });

  test('a server that is killed and comes back: nothing missing, nothing double', async () => {
    const influx = await startInfluxd();
    const { spool, writer } = await rig(influx.url, { bucket: influx.database });
    await fill(spool, 1, 50);
    await stored(writer, spool);
    await influx.kill();
    await fill(spool, 51, 150);
    await until(() => writer.stats().fault !== '', { what: 'the fault is visible' });
    expect(writer.position().telemetry).toBe(50);
    await influx.restart();
    await fill(spool, 151, 200);
    await stored(writer, spool);
    const values = (await allNums(influx)).map((r) => r[1]);
    expect(values).toEqual(Array.from({ length: 200 }, (_, k) => k + 1));
    expect(writer.stats().fault).toBe('');
  });

  test('a restart that writes the same again doubles nothing', async () => {
    const influx = await startInfluxd();
    const { dir, spool, writer, stop } = await rig(influx.url, { bucket: influx.database });
    await fill(spool, 1, 20);
    await stored(writer, spool);
    spool.consumer(HISTORY_CONSUMER).commit('telemetry', 5, spool.epoch);
    await stop();
    const again = await rig(influx.url, { bucket: influx.database, dir });
    await stored(again.writer, again.spool);
    expect(await allNums(influx)).toHaveLength(20);
  });

  test('a line that the server refuses is put aside, counted and noted; the others arrive', async () => {
    const influx = await startInfluxd();
    // The field is an integer already, so that a float for it is a conflict for ever.
    await influx.write([`water-main,community=xingfuli,device=gw-1.main-1,point=pressure num=1i ${Date.now()}000000`]);
    const { dir, spool, writer } = await rig(influx.url, { bucket: influx.database });
    const refusedValue = sample(spool, 7);
    const text = (k: number) => sample(spool, `value ${k}`);
    await spool.append('telemetry', [text(1), text(2), refusedValue, text(3), text(4)]).done;
    await stored(writer, spool);
    expect((await rows(influx, 'SELECT text FROM "water-main"')).map((r) => r[1])).toEqual([
      'value 1',
      'value 2',
      'value 3',
      'value 4',
    ]);
    expect(writer.stats().linesRefused).toBe(1);
    expect(readFileSync(join(dir, 'refused-lines.txt'), 'utf8')).toContain('num=7');
    await spool.flush();
    const { notes } = await readAll(spool.consumer('uplink'), 'safety', 0);
    expect(notes).toMatchObject([{ kind: 'refused-history', count: 1 }]);
  });
});

test('without a server everything waits in the spool', async () => {
  const { spool, writer } = await rig('http://127.0.0.1:9');
  await fill(spool, 1, 5);
  await until(() => writer.stats().requestsFailed > 1, { what: 'it has tried' });
  expect(writer.position().telemetry).toBe(0);
  expect((await readAll(spool.consumer(HISTORY_CONSUMER), 'telemetry')).values).toHaveLength(5);
});
