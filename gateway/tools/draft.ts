// The beginning of a profile for a device that nobody has described: one point for each place that answers. Pure.
import { stringify } from 'yaml';
import type { Table } from '../../device-profiles/contract/point.ts';
import { isBitTable } from '../modbus/request.ts';
import type { Place } from './reader.ts';

export interface DraftOptions {
  readonly table: Table;
  /** Wire address of the first place. */
  readonly address: number;
  readonly places: readonly Place[];
  /** Where it was read, for `source`. */
  readonly from: string;
}

/**
 * A profile that loads: a `uint16` (or `bool`) for each place, named by its address, with the value it had as a comment
 * to look it up by on the device's display. Without signals: what is an alarm only the manual says.
 */
export function draftProfile({ table, address, places, from }: DraftOptions): string {
  const bit = isBitTable(table);
  const points = places.flatMap((place, k) => {
    if (typeof place !== 'number') return [];
    const at = address + k;
    const id = `${table}-${at}`;
    return [
      { id, name: { zh: id, en: id }, type: bit ? 'bool' : 'uint16', poll: 'normal', modbus: { table, address: at } },
    ];
  });
  const head = {
    kind: 'environment',
    vendor: 'unknown',
    model: 'unknown',
    name: { zh: '未知设备', en: 'Unknown device' },
    edition: 'none',
    source: `read from a device: ${from}`,
    evidence: 'C',
    notes: ['A draft: names, types, scale, units and signals are to be taken from the manual.'],
    modbus: { addressBase: { [table]: 0 } },
  };
  const values = new Map(
    places.flatMap((place, k) => (typeof place === 'number' ? [[`${table}-${address + k}`, place]] : [])),
  );
  const lines = stringify({ ...head, points, signals: [], fixtures: ['draft.json'] }, { lineWidth: 120 })
    .split('\n')
    .map((line) => {
      const value = values.get(/^ {2}- id: (\S+)$/.exec(line)?.[1] ?? '');
      return value === undefined ? line : `${line} # ${value}`;
    });
  return lines.join('\n');
}
