// Which store keeps history: the user's InfluxDB where it is named, else the embedded one. Called by main.ts.
import { join } from 'node:path';
import type { History } from './api.ts';
import { openDuckdb } from './duckdb.ts';
import type { InfluxOptions } from './influx-http.ts';
import { InfluxHistory } from './influx.ts';

export interface HistoryOptions {
  readonly influx?: InfluxOptions;
  /** The hub's data directory; the embedded store takes `history/` in it. */
  readonly dataDir: string;
  readonly now: () => number;
}

/** @throws HistoryError `locked` when another process has the embedded store open */
export async function openHistory({ influx, dataDir, now }: HistoryOptions): Promise<History> {
  return influx ? new InfluxHistory(influx) : openDuckdb({ dir: join(dataDir, 'history'), now });
}
