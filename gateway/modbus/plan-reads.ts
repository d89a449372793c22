// Which reads fetch the points of one device and poll class: as few as its limits allow, and wiser after each refusal. Pure.
import type { Table } from '../../device-profiles/contract/point.ts';
import { PROTOCOL_LIMITS } from './limits.ts';
import { isBitTable, protocolMax } from './request.ts';

/** A point to plan for: `index` names it, addresses are 0-based wire addresses, `length` in registers or bits. */
export interface PlanPoint {
  readonly index: number;
  readonly table: Table;
  readonly address: number;
  readonly length: number;
}

export interface PlanLimits {
  /** Registers in one read; bits of coil and discrete tables × 16 (never beyond the protocol's own maximum). */
  readonly maxRegisters: number;
  /** Unused registers (bits × 16) that a read may bridge. */
  readonly gap: number;
  /** Never read, both ends included. */
  readonly illegal: readonly { readonly table: Table; readonly from: number; readonly to: number }[];
}

export interface PlannedRead {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  /** Indexes of the points that this read fetches, by address. */
  readonly points: readonly number[];
}

export type Refusal = 'exception-02' | 'exception-03';

/** A place that the device refuses by itself, with the points that lie there. */
export interface Hole extends PlannedRead {
  readonly reason: Refusal;
}

interface Cut {
  readonly table: Table;
  /** Points that start before this address and points that start from it on never share a read. */
  readonly at: number;
  /** Made although every point on both sides had been read alone: the device refuses the range, not a place in it. */
  readonly firm: boolean;
}

export interface ReadPlan {
  readonly reads: readonly PlannedRead[];
  readonly holes: readonly Hole[];
  /** Points that no read may fetch: a mistake in the profile. */
  readonly refused: readonly { readonly point: number; readonly why: string }[];
  readonly points: readonly PlanPoint[];
  readonly limits: PlanLimits;
  readonly cuts: readonly Cut[];
  /** Points that were in a refused read and have not been read since. */
  readonly suspects: ReadonlySet<number>;
  /** Points that were suspects and could be read. */
  readonly cleared: ReadonlySet<number>;
}

const endOf = (p: { readonly address: number; readonly length: number }): number => p.address + p.length;

/** Most registers or bits in one read of this table. */
export const maxCount = (table: Table, limits: PlanLimits): number =>
  Math.min(protocolMax(table), limits.maxRegisters * (isBitTable(table) ? PROTOCOL_LIMITS.bitsPerRegister : 1));

const maxGap = (table: Table, limits: PlanLimits): number =>
  limits.gap * (isBitTable(table) ? PROTOCOL_LIMITS.bitsPerRegister : 1);

const touchesIllegal = (table: Table, from: number, end: number, limits: PlanLimits): boolean =>
  limits.illegal.some((r) => r.table === table && r.from < end && r.to >= from);

const swallows = (table: Table, from: number, end: number, hole: PlannedRead): boolean =>
  hole.table === table && hole.address >= from && hole.address + hole.count <= end;

/**
 * Plans reads so that every point is fetched by exactly one, unless it lies in a hole or in `refused`. Points that share
 * registers (bits of one word) share a read where limits allow.
 */
export function planReads(points: readonly PlanPoint[], limits: PlanLimits): ReadPlan {
  return build({
    reads: [],
    holes: [],
    refused: [],
    points: [...points].sort(byAddress),
    limits,
    cuts: [],
    suspects: new Set(),
    cleared: new Set(),
  });
}

const byAddress = (a: PlanPoint, b: PlanPoint): number =>
  a.address - b.address || a.length - b.length || a.index - b.index;

/** Makes `reads` and `refused` from everything else. Reads that stay as they were stay the same objects. */
function build(plan: ReadPlan): ReadPlan {
  const { limits, holes } = plan;
  const inHole = new Set(holes.flatMap((h) => h.points));
  const refused: { point: number; why: string }[] = [];
  const open = new Map<Table, OpenRead>();
  const reads: PlannedRead[] = [];
  for (const p of plan.points) {
    if (inHole.has(p.index)) continue;
    const why = whyNever(p, limits);
    if (why !== undefined) {
      refused.push({ point: p.index, why });
      continue;
    }
    const current = open.get(p.table);
    if (current && mayJoin(current, p, plan)) {
      current.end = Math.max(current.end, endOf(p));
      current.lastStart = p.address;
      current.points.push(p.index);
    } else {
      if (current) reads.push(close(current));
      open.set(p.table, { table: p.table, address: p.address, end: endOf(p), lastStart: p.address, points: [p.index] });
    }
  }
  for (const current of open.values()) reads.push(close(current));
  return { ...plan, refused, reads: reads.map((r) => plan.reads.find((old) => sameRead(old, r)) ?? r) };
}

interface OpenRead {
  readonly table: Table;
  readonly address: number;
  end: number;
  lastStart: number;
  readonly points: number[];
}

const close = (r: OpenRead): PlannedRead => ({
  table: r.table,
  address: r.address,
  count: r.end - r.address,
  points: r.points,
});

const sameRead = (a: PlannedRead, b: PlannedRead): boolean =>
  a.table === b.table &&
  a.address === b.address &&
  a.count === b.count &&
  a.points.length === b.points.length &&
  a.points.every((p, i) => p === b.points[i]);

function whyNever(p: PlanPoint, limits: PlanLimits): string | undefined {
  const max = maxCount(p.table, limits);
  if (p.length > max) return `its ${p.length} ${p.table} places exceed the ${max} of one read`;
  if (p.address < 0 || endOf(p) > 0x1_0000) return `${p.table} ${p.address}…${endOf(p) - 1} is outside 0…65535`;
  if (touchesIllegal(p.table, p.address, endOf(p), limits))
    return `${p.table} ${p.address}…${endOf(p) - 1} lies in a range that must never be read`;
  return undefined;
}

function mayJoin(current: OpenRead, p: PlanPoint, plan: ReadPlan): boolean {
  const { limits } = plan;
  const end = Math.max(current.end, endOf(p));
  if (end - current.address > maxCount(p.table, limits)) return false;
  if (p.address - current.end > maxGap(p.table, limits)) return false;
  if (plan.cuts.some((c) => c.table === p.table && c.at > current.lastStart && c.at <= p.address)) return false;
  if (touchesIllegal(p.table, current.address, end, limits)) return false;
  return !plan.holes.some((h) => swallows(p.table, current.address, end, h));
}

/**
 * The device refused this read (02: something in it does not exist; 03: some devices say so to a range that is too
 * long). The read is cut in two, at its widest unused gap if it has one, until a refused read has one place only: that
 * is a hole. When everything around has been read, cuts that were only for searching are taken back; one that proves
 * necessary all the same (the device refuses to read across some border) stays.
 */
export function learn(plan: ReadPlan, read: PlannedRead, refusal: Refusal): ReadPlan {
  if (!plan.reads.some((r) => sameRead(r, read))) return plan;
  const members = plan.points.filter((p) => p.table === read.table && read.points.includes(p.index));
  const cut = cutPlace(members);
  if (cut === undefined) return tidy(withHole(plan, { ...read, reason: refusal }));
  const firm = read.points.every((p) => plan.cleared.has(p));
  const suspects = firm ? plan.suspects : new Set([...plan.suspects, ...read.points]);
  return build({ ...plan, suspects, cuts: [...plan.cuts, { table: read.table, at: cut, firm }] });
}

function withHole(plan: ReadPlan, hole: Hole): ReadPlan {
  const without = (set: ReadonlySet<number>): Set<number> => new Set([...set].filter((p) => !hole.points.includes(p)));
  return build({
    ...plan,
    holes: [...plan.holes, hole],
    suspects: without(plan.suspects),
    cleared: without(plan.cleared),
    // The hole may have been the reason for every one of them.
    cuts: plan.cuts.map((c) => (c.table === hole.table ? { ...c, firm: false } : c)),
  });
}

/** Start address from which the second half begins; undefined when all points start at one place. */
function cutPlace(members: readonly PlanPoint[]): number | undefined {
  let widest = 0;
  let atGap: number | undefined;
  let end = -1;
  const starts: number[] = [];
  for (const p of members) {
    if (p.address !== starts.at(-1)) {
      if (starts.length > 0 && p.address - end > widest) {
        widest = p.address - end;
        atGap = p.address;
      }
      starts.push(p.address);
    }
    end = Math.max(end, endOf(p));
  }
  if (starts.length < 2) return undefined;
  return atGap ?? starts[starts.length >> 1];
}

/** The read was answered. Returns the same plan unless something is learned from that. */
export function confirm(plan: ReadPlan, read: PlannedRead): ReadPlan {
  if (plan.suspects.size === 0 || !read.points.some((p) => plan.suspects.has(p))) return plan;
  const suspects = new Set([...plan.suspects].filter((p) => !read.points.includes(p)));
  return tidy({ ...plan, suspects, cleared: new Set([...plan.cleared, ...read.points]) });
}

/** Something answers where the hole was: its points are read again. */
export function heal(plan: ReadPlan, hole: Hole): ReadPlan {
  const holes = plan.holes.filter((h) => !sameRead(h, hole));
  if (holes.length === plan.holes.length) return plan;
  return build({ ...plan, holes, cleared: new Set([...plan.cleared, ...hole.points]) });
}

/** A place that was refused, and a border that must not be read across, as they are kept. */
export type KnownHole = Pick<Hole, 'table' | 'address' | 'count' | 'reason'>;
export type KnownBorder = Pick<Cut, 'table' | 'at'>;

/** What is worth keeping of a plan: the cuts of a search that is under way are not. */
export function learnt(plan: ReadPlan): {
  readonly holes: readonly KnownHole[];
  readonly borders: readonly KnownBorder[];
} {
  return {
    holes: plan.holes.map(({ table, address, count, reason }) => ({ table, address, count, reason })),
    borders: plan.cuts.filter((c) => c.firm).map(({ table, at }) => ({ table, at })),
  };
}

/**
 * A plan that knows from its beginning what was learned before. A place at which no point lies any more is forgotten. One
 * with a point that `asksAnew` is no hole any more but under suspicion: it is read by itself, and with its neighbours as
 * soon as it answers.
 */
export function restore(
  plan: ReadPlan,
  holes: readonly KnownHole[],
  borders: readonly KnownBorder[],
  asksAnew: (point: number) => boolean,
): ReadPlan {
  if (holes.length === 0 && borders.length === 0) return plan;
  const known = holes.flatMap((hole): Hole[] => {
    const points = plan.points.filter((p) => p.table === hole.table && p.address === hole.address);
    const end = Math.max(0, ...points.map(endOf));
    if (points.length === 0 || end !== hole.address + hole.count) return [];
    return [{ ...hole, points: points.map((p) => p.index) }];
  });
  const doubted = known.filter((hole) => hole.points.some(asksAnew));
  const cuts = [
    ...borders.map(({ table, at }): Cut => ({ table, at, firm: true })),
    ...doubted.flatMap(({ table, address, count }) =>
      [address, address + count].map((at): Cut => ({ table, at, firm: false })),
    ),
  ];
  return build({
    ...plan,
    holes: known.filter((hole) => !doubted.includes(hole)),
    suspects: new Set([...plan.suspects, ...doubted.flatMap((hole) => hole.points)]),
    cuts: [...plan.cuts, ...cuts],
  });
}

/** Takes back the cuts of a search that is over. */
function tidy(plan: ReadPlan): ReadPlan {
  if (plan.suspects.size > 0 || plan.cuts.every((c) => c.firm)) return plan;
  return build({ ...plan, cuts: plan.cuts.filter((c) => c.firm) });
}
