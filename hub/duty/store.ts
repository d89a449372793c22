// The SQL of shifts.
import type { Tx } from '../db/tx.ts';
import type { ShiftKind } from './contract.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface Shift {
  readonly id: string;
  readonly community: string;
  readonly kind: ShiftKind;
  /** ms wall */
  readonly from: number;
  readonly to: number;
  readonly people: readonly string[];
}

interface ShiftRow {
  readonly id: string;
  readonly community: string;
  readonly kind: ShiftKind;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly people: readonly string[];
}

const shiftOf = (r: ShiftRow): Shift => ({
  id: r.id,
  community: r.community,
  kind: r.kind,
  from: r.starts_at.getTime(),
  to: r.ends_at.getTime(),
  people: r.people,
});

const SHIFT = `select s.id, s.community, s.kind, s.starts_at, s.ends_at,
    array(select person from duty.shift_person where shift = s.id order by person) as people
  from duty.shift s`;

export async function insertShift(
  tx: Tx,
  s: Omit<Shift, 'id'> & { readonly by: string; readonly now: number },
): Promise<Shift> {
  const { id } = await tx.one<{ id: string }>(
    `insert into duty.shift (community, kind, starts_at, ends_at, created_at, created_by)
     values ($1, $2, ${at(3)}, ${at(4)}, ${at(5)}, $6) returning id`,
    [s.community, s.kind, s.from, s.to, s.now, s.by],
  );
  await tx.run(`insert into duty.shift_person (shift, person) select $1, p from unnest($2::text[]) p`, [id, s.people]);
  return { id, community: s.community, kind: s.kind, from: s.from, to: s.to, people: s.people };
}

export const findShift = async (tx: Tx, community: string, id: string): Promise<Shift | undefined> => {
  const row = await tx.maybe<ShiftRow>(`${SHIFT} where s.id = $1 and s.community = $2`, [id, community]);
  return row && shiftOf(row);
};

export const deleteShift = (tx: Tx, id: string): Promise<number> =>
  tx.run(`delete from duty.shift where id = $1`, [id]);

/** Shifts that have a moment in common with [from, to), earliest first. */
export async function shiftsBetween(
  tx: Tx,
  community: string,
  from: number,
  to: number,
  max: number,
): Promise<Shift[]> {
  const rows = await tx.query<ShiftRow>(
    `${SHIFT} where s.community = $1 and s.ends_at > ${at(2)} and s.starts_at < ${at(3)}
     order by s.starts_at, s.kind, s.id limit $4`,
    [community, from, to, max],
  );
  return rows.map(shiftOf);
}

/** Shifts running at a moment. */
export const shiftsAt = (tx: Tx, community: string, moment: number, max: number): Promise<Shift[]> =>
  shiftsBetween(tx, community, moment, moment + 1, max);

/**
 * Control-room shifts of a person that have a moment in common with [from, to] and were not handed over, soonest first.
 * Who was relieved has handed nothing over and may come back.
 */
export async function openShiftsOf(tx: Tx, person: string, from: number, to: number): Promise<Shift[]> {
  const rows = await tx.query<ShiftRow>(
    `${SHIFT} where s.kind = 'control-room' and s.ends_at > ${at(2)} and s.starts_at <= ${at(3)}
       and exists (select 1 from duty.shift_person p where p.shift = s.id and p.person = $1)
       and not exists (select 1 from duty.attendance a where a.shift = s.id and a.person = $1 and a.end_reason = 'handed-over')
     order by s.starts_at, s.id`,
    [person, from, to],
  );
  return rows.map(shiftOf);
}

/** Changes when and with whom a shift is. */
export async function updateShift(tx: Tx, s: Shift): Promise<void> {
  await tx.run(`update duty.shift set kind = $2, starts_at = ${at(3)}, ends_at = ${at(4)} where id = $1`, [
    s.id,
    s.kind,
    s.from,
    s.to,
  ]);
  await tx.run(`delete from duty.shift_person where shift = $1`, [s.id]);
  await tx.run(`insert into duty.shift_person (shift, person) select $1, p from unnest($2::text[]) p`, [
    s.id,
    s.people,
  ]);
}

/**
 * Certified or not: is this person in the control room at that moment? On duty, or rostered and not gone: nobody loses
 * an alarm because a button was not pressed, and whoever has handed over is gone.
 */
export async function isInControlRoom(tx: Tx, person: string, moment: number): Promise<boolean> {
  const { on } = await tx.one<{ on: boolean }>(
    `select exists (select 1 from duty.attendance where person = $1 and taken_at <= ${at(2)}
         and (ended_at is null or ended_at > ${at(2)}))
       or exists (select 1 from duty.shift_person p join duty.shift s on s.id = p.shift
         where p.person = $1 and s.kind = 'control-room' and s.starts_at <= ${at(2)} and s.ends_at > ${at(2)}
           and not exists (select 1 from duty.attendance a where a.shift = s.id and a.person = $1
             and a.ended_at <= ${at(2)})) as on`,
    [person, moment],
  );
  return on;
}

/** The latest end of any shift of this kind, ms; undefined when there is none. */
export async function lastShiftEnd(tx: Tx, community: string, kind: ShiftKind): Promise<number | undefined> {
  const { last } = await tx.one<{ last: Date | null }>(
    `select max(ends_at) as last from duty.shift where community = $1 and kind = $2`,
    [community, kind],
  );
  return last?.getTime();
}
