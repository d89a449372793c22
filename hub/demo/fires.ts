// The demo's fires of the past: one that was real and one false alarm, both told by people, by the same commands as in
// life, each at its own time and by its own person; and what the site has set down for the call to 119.
import { acknowledge, giveVerdict } from '../alarms/commands.ts';
import type { AlarmPorts } from '../alarms/api.ts';
import type { Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { actAtFire, closeFire, FIRE_SITE, judgeTogether, reportFire, type FirePorts } from '../handling/api.ts';
import type { FireAct, FireReport } from '../handling/contract.ts';
import { entriesOf } from '../handling/store.ts';
import { groupAlarms } from '../incidents/api.ts';
import { setRule } from '../rules/routes.ts';
import { findByUsername } from '../staff/api.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What is past causes nothing any more: no pages, no escalation. */
const alarms: AlarmPorts = {
  appendEvents: () => Promise.resolve(),
  group: groupAlarms,
  orphaned: () => false,
  judgeTogether,
};
const ports: FirePorts = {
  alarms,
  qualified: () => Promise.resolve(true),
  linkage: () => [],
  planInForce: () => Promise.resolve(undefined),
  laneState: () => Promise.resolve(undefined),
};

type UserActor = Extract<CommandContext['actor'], { kind: 'user' }>;

class Past {
  readonly #c: CommandContext;
  readonly #people: ReadonlyMap<string, UserActor>;
  constructor(c: CommandContext, people: ReadonlyMap<string, UserActor>) {
    this.#c = c;
    this.#people = people;
  }

  /** A command of somebody at a moment, ms wall. */
  async at<T>(now: number, username: string, work: (c: CommandContext) => Promise<Result<T>>): Promise<T> {
    const actor = this.#people.get(username);
    if (!actor) throw new Error(`demo fires: no user ${username}`);
    const done = await work({ ...this.#c, now, actor });
    if (!done.ok) throw new Error(`demo fires: ${done.code} ${done.detail ?? ''}`);
    return done.value;
  }

  act(now: number, username: string, fire: string, act: FireAct): Promise<unknown> {
    return this.at(now, username, (c) => actAtFire(c, ports, fire, act));
  }
}

/** Reports, acknowledges and sends a guard. */
async function begin(p: Past, at: number, report: FireReport): Promise<{ alarm: string; fire: string }> {
  const { alarm, fire } = await p.at(at, 'frontdesk', (c) => reportFire(c, ports, report));
  await p.at(at + 9 * SECOND, 'operator', (c) => acknowledge(c, alarms, { id: alarm, qualified: true }));
  await p.act(at + 20 * SECOND, 'operator', fire, { act: 'send', means: 'guard', whom: '东门岗' });
  return { alarm, fire };
}

async function answer(p: Past, c: CommandContext, at: number, fire: string, more: object): Promise<void> {
  const sent = (await entriesOf(c.tx, fire, 10)).find((entry) => entry.kind === 'sent');
  await p.act(at, 'guard', fire, { act: 'answer', sent: sent?.id ?? '', finding: 'nothing', ...more });
}

async function writeReal(p: Past, c: CommandContext, at: number): Promise<void> {
  const { alarm, fire } = await begin(p, at, {
    via: 'phone',
    sight: 'fire',
    building: 'b2',
    floor: 1,
    place: '电动自行车停放处',
    note: '住户来电称充电柜冒火花',
  });
  await answer(p, c, at + 95 * SECOND, fire, { finding: 'fire', note: '充电柜起火，正用灭火器扑救' });
  const verdict = { verdict: 'real', note: '东门岗到场见明火' } as const;
  await p.at(at + 104 * SECOND, 'operator', (x) => giveVerdict(x, alarms, alarm, verdict));
  await p.act(at + 118 * SECOND, 'operator2', fire, { act: 'linkage', result: 'auto' });
  const call = {
    address: '江州市望江路 88 号幸福里',
    seat: '2号楼 1层 电动自行车停放处',
    material: '电动自行车电池',
    size: '约 1 平方米',
    trapped: '无',
    callerName: '消控员',
    callerNumber: '0571-8000 0119',
    gate: '东门 望江路',
    lane: '畅通',
  };
  await p.act(at + 130 * SECOND, 'operator', fire, { act: 'call-119', call });
  await p.act(at + 150 * SECOND, 'operator2', fire, { act: 'evacuation', note: '广播通知 2 号楼全体人员' });
  await p.act(at + 165 * SECOND, 'operator', fire, { act: 'plan' });
  await p.act(at + 190 * SECOND, 'operator', fire, { act: 'report', means: 'phone', whom: '项目经理' });
  await p.act(at + 5 * MINUTE, 'guard', fire, { act: 'fire-out', note: '两具干粉灭火器扑灭' });
  await p.act(at + 9 * MINUTE, 'guard', fire, { act: 'brigade-arrived' });
  await p.act(at + 34 * MINUTE, 'guard', fire, { act: 'brigade-left', note: '现场移交，无人员伤亡' });
  await p.at(at + 50 * MINUTE, 'operator', (x) => closeFire(x, ports, fire, { reasons: {}, note: '充电柜已断电封存' }));
}

async function writeFalse(p: Past, c: CommandContext, at: number): Promise<void> {
  const { alarm, fire } = await begin(p, at, {
    via: 'chat',
    sight: 'smoke',
    building: 'b5',
    floor: 8,
    place: '801 室门口',
  });
  await answer(p, c, at + 140 * SECOND, fire, { note: '住户炒菜忘关油烟机，无火情' });
  const verdict = { verdict: 'false', note: '厨房油烟，已开窗通风', cause: 'cooking' } as const;
  await p.at(at + 150 * SECOND, 'operator', (x) => giveVerdict(x, alarms, alarm, verdict));
  await p.at(at + 160 * SECOND, 'operator', (x) => closeFire(x, ports, fire, { reasons: {} }));
}

/** Writes the fires before the demo's first start. */
export async function writeFireHistory(c: CommandContext, community: string, address: string): Promise<void> {
  const people = new Map<string, UserActor>();
  for (const username of ['operator', 'operator2', 'guard', 'frontdesk', 'manager']) {
    const found = await findByUsername(c.tx, username);
    if (!found) return;
    people.set(username, { kind: 'user', id: found.id, name: found.name, role: found.role, community });
  }
  const p = new Past(c, people);
  const value = {
    address,
    callerNumber: '0571-8000 0119',
    responsible: '项目经理 0571-8000 0001',
    gates: [
      { name: '东门', road: '望江路', buildings: ['b1', 'b2', 'b3'] },
      { name: '西门', road: '江城路', buildings: ['b4', 'b5', 'b6'] },
    ],
  };
  await p.at(c.now - 100 * HOUR, 'manager', (x) =>
    setRule(x, [FIRE_SITE], FIRE_SITE.id, { value, reason: '登记 119 报警信息' }),
  );
  await writeReal(p, c, c.now - 74 * HOUR);
  await writeFalse(p, c, c.now - 27 * HOUR);
}
