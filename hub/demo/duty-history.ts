// The demo's duty of the days before: shifts, hand-overs, entries on the form and roll calls, by the same commands as in
// life, each at its own time and by its own person.
import {
  answerCall,
  askRollCall,
  planShift,
  prepareHandover,
  signHandover,
  takeOver,
  writeEntry,
} from '../duty/api.ts';
import type { DutyForm, HandoverList } from '../duty/contract.ts';
import type { Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { findByUsername } from '../staff/api.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SHIFT_MS = 8 * HOUR;
/** The shift that runs at the demo's first start began this long before it. */
export const RUNNING_SINCE_MS = 4 * HOUR;
/** Shifts before it. */
const PAST_SHIFTS = 6;
/** Entries of a shift, after its beginning. */
const ENTRIES_MS = [25, 130, 227, 340, 453].map((minutes) => minutes * MINUTE);

const CREWS = [
  ['operator', 'operator2'],
  ['supervisor', 'guard'],
] as const;
const ASKS = 'manager';

const fine = { mode: 'auto', state: 'normal' } as const;
const QUIET: DutyForm = {
  panel: 'normal',
  control: 'auto',
  counts: { fire: 0, false: 0, fault: 0, supervisory: 0, missed: 0, disabled: 0 },
  checks: { 'self-test': 'normal', silence: 'normal', reset: 'normal', mains: 'normal', battery: 'normal' },
  systems: {
    hydrant: fine,
    sprinkler: fine,
    'smoke-control': fine,
    'doors-shutters': fine,
    lifts: fine,
    'emergency-lighting': fine,
    'broadcast-phone': fine,
    'fire-power': fine,
  },
  note: '',
};
/** The unit's daily check is made once a day: other entries say so. */
const UNCHECKED: DutyForm = {
  ...QUIET,
  checks: {
    'self-test': 'not-checked',
    silence: 'not-checked',
    reset: 'not-checked',
    mains: 'normal',
    battery: 'normal',
  },
};
const FALSE_ALARM: DutyForm = {
  ...UNCHECKED,
  counts: { ...UNCHECKED.counts, fire: 1, false: 1 },
  note: '3号楼 12 层电梯厅感烟报火警，到场确认系住户搬家扬尘，无火情，主机已复位',
};
/** Signed with a wrong figure, and corrected by the following entry. */
const MISTAKEN: DutyForm = { ...UNCHECKED, counts: { ...UNCHECKED.counts, supervisory: 2 } };
const PUMP_REPAIR: DutyForm = {
  ...UNCHECKED,
  systems: { ...UNCHECKED.systems, hydrant: { mode: 'manual', state: 'normal' } },
  note: '消火栓泵控制柜维保单位检修，期间置于手动，安排专人看护；检修后恢复自动',
};

type UserActor = Extract<CommandContext['actor'], { kind: 'user' }>;
type Crew = readonly UserActor[];

class History {
  readonly #c: CommandContext;
  readonly #people: ReadonlyMap<string, UserActor>;
  constructor(c: CommandContext, people: ReadonlyMap<string, UserActor>) {
    this.#c = c;
    this.#people = people;
  }

  person(username: string): UserActor {
    const found = this.#people.get(username);
    if (!found) throw new Error(`demo duty: no user ${username}`);
    return found;
  }

  /** A command of someone at a moment, ms wall. */
  async at<T>(now: number, actor: UserActor, work: (c: CommandContext) => Promise<Result<T>>): Promise<T> {
    const done = await work({ ...this.#c, now, actor });
    if (!done.ok) throw new Error(`demo duty: ${done.code} ${done.detail ?? ''}`);
    return done.value;
  }

  entry(now: number, actor: UserActor, form: DutyForm, corrects?: string): Promise<{ readonly id: string }> {
    return this.at(now, actor, (c) => writeEntry(c, { form, ...(corrects === undefined ? {} : { corrects }) }));
  }
}

/** Nothing was open: the demo's devices had not been connected yet. */
const emptyList = (at: number, last: { readonly at: number; readonly name: string }): HandoverList => ({
  at: new Date(at).toISOString(),
  seq: 0,
  alarms: [],
  disabled: [],
  shelved: [],
  outOfService: [],
  modes: [],
  linkage: [],
  orders: [],
  more: 0,
  entriesMissed: 0,
  rollCallsMissed: 0,
  lastEntry: { at: new Date(last.at).toISOString(), name: last.name, note: '' },
});

/** What a shift of the past wrote, by its place before the running one. */
async function writeShift(h: History, crew: Crew, from: number, ago: number, until: number): Promise<void> {
  const [first, second] = crew;
  if (!first || !second) throw new Error('demo duty: a crew of two');
  for (const [i, after] of ENTRIES_MS.entries()) {
    const now = from + after;
    if (now >= until) return;
    const who = i % 2 === 0 ? first : second;
    const form =
      i === 0 && ago % 3 === 0
        ? QUIET
        : ago === 2 && i === 2
          ? FALSE_ALARM
          : ago === 1 && i === 1
            ? PUMP_REPAIR
            : UNCHECKED;
    if (ago === 3 && i === 1) {
      const wrong = await h.entry(now, who, MISTAKEN);
      await h.entry(now + 6 * MINUTE, who, UNCHECKED, wrong.id);
    } else await h.entry(now, who, form);
    if (i === 1 && ago % 2 === 1) {
      const call = await h.at(now + 20 * MINUTE, h.person(ASKS), (c) => askRollCall(c, first.community, 'supervisor'));
      await h.at(now + 20 * MINUTE + 41_000, second, (c) => answerCall(c, call.id));
    }
  }
}

/** Those who come sign the list of those who leave, a few minutes before their shift. */
async function handOver(h: History, leaving: Crew, coming: Crew, at: number): Promise<void> {
  const [first] = leaving;
  if (!first) throw new Error('demo duty: nobody leaves');
  const prepared = at - 8 * MINUTE;
  const last = { at: at - SHIFT_MS + (ENTRIES_MS.at(-1) ?? 0), name: first.name };
  const note = '设备运行正常，钥匙、对讲机、防火门钥匙齐全';
  const open = await h.at(prepared, first, (c) =>
    prepareHandover(c, { leaving: leaving.map((p) => p.id), note }, emptyList(prepared, last)),
  );
  for (const [i, who] of coming.entries())
    await h.at(at - (5 - 2 * i) * MINUTE, who, (c) => signHandover(c, open.id, open.sha256));
}

/** Writes the days before the demo's first start, up to the crew that is on duty now. */
export async function writeDutyHistory(c: CommandContext, community: string): Promise<void> {
  const people = new Map<string, UserActor>();
  for (const username of [...CREWS.flat(), ASKS]) {
    const found = await findByUsername(c.tx, username);
    if (!found) return;
    people.set(username, { kind: 'user', id: found.id, name: found.name, role: found.role, community });
  }
  const h = new History(c, people);
  const running = c.now - RUNNING_SINCE_MS;
  let before: Crew | undefined;
  for (let ago = PAST_SHIFTS; ago >= 0; ago--) {
    const from = running - ago * SHIFT_MS;
    const crew = (ago % 2 === 0 ? CREWS[0] : CREWS[1]).map((name) => h.person(name));
    const plan = { community, kind: 'control-room', from, to: from + SHIFT_MS, people: crew.map((p) => p.id) } as const;
    const planned = await planShift(c, plan);
    if (!planned.ok) throw new Error(`demo duty: ${planned.code} ${planned.detail ?? ''}`);
    if (before === undefined) for (const who of crew) await h.at(from, who, takeOver);
    else await handOver(h, before, crew, from);
    await writeShift(h, crew, from, ago, c.now);
    before = crew;
  }
}
