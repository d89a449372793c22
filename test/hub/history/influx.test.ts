// History in a real InfluxDB 1.x, written by the gateway's own line builder: the common suite and the server's failures.
import { describe, expect, test } from 'vitest';
import { historyLine, historyPrefix } from '../../../device-profiles/contract/history-line.ts';
import { InfluxHistory, parseNs } from '../../../hub/history/influx.ts';
import type { SeriesSample } from '../../../hub/history/api.ts';
import { startInfluxd } from '../../helpers/influxd.ts';
import { describeWith } from '../../helpers/needs.ts';
import { historySuite } from './suite.ts';

/** The very line that a gateway writes. */
function line({ series, t, n, value, quality }: SeriesSample): string {
  const [gateway = '', ...device] = series.device.split('.');
  const { kind, community, building, point } = series;
  const prefix = historyPrefix({ kind, community, building, gateway, device: device.join('.'), point });
  return historyLine(prefix, { value, quality, sourceTime: t, n });
}

describeWith(['influxdb'], 'InfluxDB 1.x', () => {
  historySuite(async () => {
    const influx = await startInfluxd();
    const history = new InfluxHistory({ url: influx.url, bucket: influx.database });
    return { history, write: async (samples) => (samples.length > 0 ? influx.write(samples.map(line)) : undefined) };
  });

  test('a server that is down, and one without the database, are told apart in health; queries fail by name', async () => {
    const influx = await startInfluxd();
    const point = { community: 'c', kind: 'fire-pump', device: 'g.d', point: 'p' } as const;
    const history = new InfluxHistory({ url: influx.url, bucket: influx.database });
    expect(await history.health()).toEqual({ status: 'ok', detail: 'influx' });
    const elsewhere = new InfluxHistory({ url: influx.url, bucket: 'missing' });
    expect(await elsewhere.health()).toEqual({
      status: 'down',
      detail: 'the history server refused: database not found: missing',
    });
    await influx.kill();
    expect(await history.health()).toEqual({ status: 'down', detail: 'the history server cannot be reached' });
    await expect(history.last([point], 0)).rejects.toMatchObject({ name: 'HistoryError', code: 'unavailable' });
    await influx.restart();
    expect(await history.last([point], 0)).toEqual([null]);
    expect(history.counters()).toMatchObject({ queries: 4, queryFailures: 2 });
  });
});

describe('times of InfluxDB', () => {
  test.each([
    ['2026-03-02T02:00:00Z', 1_772_416_800_000_000_000n],
    ['2026-03-02T02:00:00.000000001Z', 1_772_416_800_000_000_001n],
    ['2026-03-02T02:00:00.5', 1_772_416_800_500_000_000n],
  ])('%s', (text, ns) => {
    expect(parseNs(text)).toBe(ns);
  });

  test('anything else is refused', () => {
    expect(() => parseNs('yesterday')).toThrow('gave the time "yesterday"');
  });
});
