// Which points of a device lie on the same registers in a way that can't be right. Pure.
import { TABLES } from './contract/point.ts';
import type { ModelPoint } from './contract/profile.ts';
import { isBitTable } from './expand.ts';

/** What of a point decides whether it may lie where another does. */
export type Occupant = Pick<ModelPoint, 'id' | 'type' | 'modbus'>;

export interface Overlap<P extends Occupant> {
  readonly a: P;
  readonly b: P;
  readonly message: string;
}

/**
 * Two points may look at one register when one of them is a field of it (the word and its bits, several bits). Two that
 * read the very same thing, and values of several registers that overlap with anything but fields, are mistakes.
 * At most one overlap a point is reported.
 */
export function findOverlaps<P extends Occupant>(points: readonly P[]): Overlap<P>[] {
  const placed = points.flatMap((p) => (p.modbus ? [{ p, at: p.modbus }] : []));
  placed.sort((x, y) => TABLES.indexOf(x.at.table) - TABLES.indexOf(y.at.table) || x.at.address - y.at.address);
  const overlaps: Overlap<P>[] = [];
  /** Those of the points before that still reach into the present register. */
  let open: typeof placed = [];
  for (const next of placed) {
    open = open.filter((o) => o.at.table === next.at.table && o.at.address + o.at.length > next.at.address);
    for (const before of open) {
      const message = clash(before.p, next.p);
      if (message === '') continue;
      overlaps.push({ a: before.p, b: next.p, message });
      break;
    }
    open.push(next);
  }
  return overlaps;
}

/** Why two points that share a register can't both be right; '' when they can. */
function clash(a: Occupant, b: Occupant): string {
  const [x, y] = [a.modbus, b.modbus];
  if (!x || !y) return '';
  if (isBitTable(x.table)) return 'both read the same bit';
  const wide = x.length > 1 || y.length > 1;
  if (!wide) return sameField(x.bits, y.bits) ? 'both read the same bits of one register' : '';
  if (x.bits || y.bits || a.type === 'word' || b.type === 'word') return '';
  return x.address === y.address && x.length === y.length
    ? 'both read the same registers'
    : `${a.type} and ${b.type} overlap in part`;
}

function sameField(a: readonly [number, number] | undefined, b: readonly [number, number] | undefined): boolean {
  if (!a || !b) return a === b;
  return a[0] === b[0] && a[1] === b[1];
}
