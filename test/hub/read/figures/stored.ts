// Alarms of the past, stored as the hub stores them, for counting: made from a seed, so that a failure can be replayed.
import { randomUUID } from 'node:crypto';
import { CLASS_RANK } from '../../../../device-profiles/contract/signal.ts';
import type { AlarmRow } from '../../../../hub/alarms/row.ts';
import { insertActs, insertAlarms } from '../../../../hub/alarms/store.ts';
import type { Db } from '../../../../hub/db/tx.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Deterministic, 0 ≤ x < 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Episode {
  readonly at: number;
  readonly gateway?: string;
  readonly class?: AlarmRow['class'];
  readonly device?: string;
  readonly kind?: string;
  readonly building?: string;
  readonly point?: string;
  readonly signal?: string;
  readonly ackAfter?: number;
  readonly verdict?: 'real' | 'false' | 'test';
  readonly verdictAfter?: number;
  readonly note?: string;
  /** Of a false one: what its fire procedure keeps. */
  readonly cause?: string;
  readonly endAfter?: number;
  /** After its beginning: when it came back within the episode. */
  readonly recurredAfter?: readonly number[];
  readonly mode?: 'drill' | 'maintenance';
  readonly state?: AlarmRow['state'];
}

let seq = 0;
const iso = (ms: number): string => new Date(ms).toISOString();
const BY = { by: 'u1', name: 'A' };
const ACTOR = { kind: 'system', id: 'test' } as const;

function rowOf(community: string, e: Episode): AlarmRow {
  const device = e.device ?? 'gw.p1';
  const kind = e.class ?? 'FAULT';
  seq += 1;
  return {
    id: randomUUID(),
    community,
    gateway: e.gateway ?? 'gw',
    device,
    device_kind: e.kind ?? 'fire-panel',
    device_name: { zh: device, en: device },
    point: e.point ?? 'zone',
    point_name: { zh: '点', en: 'point' },
    signal: e.signal ?? 'fault',
    class: kind,
    rank: CLASS_RANK[kind],
    text: { zh: '故障', en: 'fault' },
    advice: null,
    latch: 'none',
    state: e.state ?? (e.endAfter === undefined ? 'unacked-active' : 'normal'),
    condition: e.endAfter === undefined ? 'true' : 'false',
    active: e.endAfter === undefined,
    latched: false,
    reset_at: null,
    building: e.building ?? null,
    floor: null,
    place: null,
    raised_at: e.at,
    received_at: e.at,
    cleared_at: e.endAfter === undefined ? null : e.at + e.endAfter,
    closed_at: e.endAfter === undefined ? null : e.at + e.endAfter,
    recurrences: e.recurredAfter?.length ?? 0,
    value: 1,
    mode: null,
    raised_mode: e.mode ?? null,
    proved: true,
    incident: e.cause === undefined ? null : randomUUID(),
    acked: e.ackAfter === undefined || e.recurredAfter?.length ? null : { ...BY, at: iso(e.at + e.ackAfter) },
    verdict:
      e.verdict === undefined
        ? null
        : { ...BY, at: iso(e.at + (e.verdictAfter ?? MINUTE)), verdict: e.verdict, note: e.note ?? 'n' },
    shelved: null,
    closed: null,
    n: null,
    seq: 1_000_000 + seq,
  };
}

/** Stores episodes with the acts that figures read; those that are open stand on points of their own. */
export async function storeEpisodes(db: Db, community: string, episodes: readonly Episode[]): Promise<AlarmRow[]> {
  const rows = episodes.map((e, i) =>
    rowOf(community, e.endAfter === undefined ? { ...e, point: e.point ?? `open-${i}-${seq}` } : e),
  );
  const act = (row: AlarmRow, name: string, at: number) => ({
    alarm: row.id,
    act: name,
    state: row.state,
    actor: ACTOR,
    note: undefined,
    at,
  });
  await db.transaction(async (tx) => {
    await insertAlarms(tx, rows);
    for (const [i, row] of rows.entries()) {
      const cause = episodes[i]?.cause;
      if (cause === undefined) continue;
      await tx.run(
        `insert into handling.fire (id, community, alarm, source, what, text, opened_at, result, cause)
         values ($1, $2, $3, 'panel', '{}', '{}', to_timestamp($4::float8 / 1000), 'false', $5)`,
        [row.incident, community, row.id, row.received_at, cause],
      );
    }
    await insertActs(
      tx,
      rows.flatMap((row, i) => {
        const e = episodes[i];
        if (!e) return [];
        const acked = e.ackAfter === undefined ? [] : [act(row, 'acknowledged', e.at + e.ackAfter)];
        return [...acked, ...(e.recurredAfter ?? []).map((after) => act(row, 'recurred', e.at + after))];
      }),
    );
  });
  return rows;
}

const CLASSES = ['FIRE', 'PREALARM', 'SUPERVISORY', 'FAULT', 'COMMS', 'PROCESS', 'DISABLED', 'TEST'] as const;

/** Something of everything, from a seed. */
export function someEpisodes(seed: number, count: number, from: number, to: number): Episode[] {
  const next = random(seed);
  const pick = <T>(of: readonly T[]): T => {
    const one = of[Math.floor(next() * of.length)];
    return one as T;
  };
  const maybe = (share: number, upTo: number): number | undefined =>
    next() < share ? Math.round(next() * upTo) : undefined;
  return Array.from({ length: count }, () => {
    const burst = next() < 0.3 ? Math.floor(next() * 3) : 0;
    const at =
      burst === 0
        ? from + Math.floor(next() * (to - from))
        : from + burst * 5 * HOUR + Math.floor(next() * 10 * MINUTE);
    const [ackAfter, endAfter, verdict] = [maybe(0.8, 20 * MINUTE), maybe(0.9, 2 * HOUR), next()];
    const device = Math.floor(next() * 6);
    const judgement = verdict < 0.5 ? pick(['real', 'false', 'false', 'test'] as const) : undefined;
    const cause = judgement === 'false' ? pick(['dust', 'steam', undefined]) : undefined;
    const comes = next() < 0.1 ? [10 * SECOND, 20 * SECOND + Math.floor(next() * 90) * SECOND] : undefined;
    return {
      at,
      class: pick(CLASSES),
      device: `gw.p${device}`,
      kind: device < 4 ? 'fire-panel' : 'water-tank',
      building: `b${1 + (device % 3)}`,
      signal: pick(['fault', 'mains', 'fire']),
      ...(ackAfter === undefined ? {} : { ackAfter }),
      ...(endAfter === undefined ? {} : { endAfter: next() < 0.2 ? Math.round(next() * MINUTE) : endAfter }),
      ...(judgement === undefined ? {} : { verdict: judgement, verdictAfter: Math.round(next() * HOUR) }),
      ...(cause === undefined ? {} : { cause }),
      note: pick(['灰尘', '水汽', '=SUM(A1)', '"quoted", comma']),
      ...(comes ? { recurredAfter: comes } : {}),
      ...(next() < 0.1 ? { mode: pick(['drill', 'maintenance'] as const) } : {}),
    };
  });
}
