// The demo's plans, drills, fire lanes and escorts: plans in force, and what happened in the weeks before, by the same
// commands as in life, each at its own time and by its own person.
import { actOnEscort, callEscort } from '../escorts/api.ts';
import { ok, type Result } from '../errors.ts';
import { actOnHazard, assignHazard } from '../fire-safety/api.ts';
import type { CommandContext } from '../events/api.ts';
import { importVehicles, logContact, reportBlockage, voidBlockage } from '../lanes/api.ts';
import {
  actOnStep,
  addFinding,
  announceDrill,
  attendDrill,
  draftPlan,
  drillsLook,
  endDrill,
  judgePlan,
  planDrill,
  startDrill,
  type DrillPorts,
} from '../plans/api.ts';
import type { DrillView } from '../plans/contract.ts';
import { findByUsername } from '../staff/api.ts';
import { Past, WHO } from './fire-safety.ts';
import { DEMO_PLANS } from './plans.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
type UserActor = Extract<CommandContext['actor'], { kind: 'user' }>;

const VEHICLES = [
  '车牌,楼栋,房号,车主,电话,备注',
  '京A12345,,1号楼0602,业主,13800000001,',
  '京B67890,,2号楼1103,业主,13800000002,',
  '京AD20261,,3号楼0901,业主,13800000003,新能源',
].join('\n');

/** The drill of the past marked no alarm: the demo's devices had not been connected yet. */
const PAST: DrillPorts = {
  beginMode: async () => ok('before-the-demo'),
  endMode: async () => undefined,
  openOrder: async () => ok('before-the-demo'),
};

class History {
  readonly #c: CommandContext;
  readonly #people: ReadonlyMap<string, UserActor>;
  constructor(c: CommandContext, people: ReadonlyMap<string, UserActor>) {
    this.#c = c;
    this.#people = people;
  }
  /** A command of someone so long ago. Nobody is paged today for what is over: of its effects the audit is kept. */
  async ago<T>(ms: number, username: string, work: (c: CommandContext) => Promise<Result<T>>): Promise<T> {
    const actor = this.#people.get(username);
    if (!actor) throw new Error(`demo scene: no user ${username}`);
    const emit: CommandContext['emit'] = (effect) => {
      if (effect.effect === 'audit') this.#c.emit(effect);
    };
    const done = await work({ ...this.#c, now: this.#c.now - ms, actor, emit });
    if (!done.ok) throw new Error(`demo scene: ${done.code} ${done.detail ?? ''}`);
    return done.value;
  }
}

async function enforcePlans(h: History): Promise<string> {
  let fire = '';
  for (const plan of DEMO_PLANS) {
    const draft = await h.ago(200 * DAY, 'supervisor', (c) => draftPlan(c, plan));
    await h.ago(199 * DAY, 'manager', (c) => judgePlan(c, draft.id, 'approve'));
    await h.ago(198 * DAY, 'manager', (c) => judgePlan(c, draft.id, 'put-in-force'));
    if (plan.kind === 'fire') fire = draft.plan;
  }
  return fire;
}

/** The door that the drill found open is a hazard: closed, and rechecked by another. */
async function clearDoor(past: Past, began: number, { findings }: DrillView): Promise<void> {
  const hazard = findings.find((f) => f.hazard !== undefined)?.hazard?.id;
  if (hazard === undefined) throw new Error('demo scene: the drill found no hazard');
  const proof = async (note: string) => ({
    note,
    photos: [await past.picture(`演示：${note.slice(0, 8)}`, '#b9c9b4')],
  });
  const [mended, checked] = [await proof('闭门器已更换，门能自行关闭'), await proof('连续三天抽查，门均处于关闭状态')];
  await past.ago(began - HOUR, 'supervisor', (c) =>
    assignHazard(c, hazard, { responsible: past.id('technician'), grade: 'general', measures: '' }),
  );
  await past.ago(began - DAY, 'technician', (c) => actOnHazard(c, hazard, 'mend', mended));
  await past.ago(began - 4 * DAY, 'inspector', (c) => actOnHazard(c, hazard, 'pass', checked));
}

async function holdDrill(h: History, past: Past, plan: string, building: string | undefined): Promise<void> {
  const began = 62 * DAY;
  const made = await h.ago(began + 7 * DAY, 'supervisor', (c) =>
    planDrill(c, {
      plan,
      ...(building === undefined ? {} : { building }),
      at: new Date(c.now + 7 * DAY).toISOString(),
      minutes: 60,
      goal: '从报警到全楼疏散完毕不超过 8 分钟',
    }),
  );
  await h.ago(began + 3 * DAY, 'supervisor', (c) => announceDrill(c, made.id));
  const drill = await h.ago(began, 'supervisor', (c) => startDrill(c, PAST, made.id));
  const run = drill.run ?? '';
  const steps: readonly (readonly [step: string, after: number, who: string])[] = [
    ['confirm', 2 * MINUTE, 'guard'],
    ['call-119', 3 * MINUTE, 'operator'],
    ['linkage', 3 * MINUTE, 'operator'],
    ['evacuate', 8 * MINUTE, 'steward'],
    ['fight', 7 * MINUTE, 'guard'],
    ['meet', 10 * MINUTE, 'guard'],
  ];
  for (const [step, after, who] of steps)
    await h.ago(began - after, who, (c) => actOnStep(c, run, step, { act: 'done' }));
  for (const who of ['guard', 'operator', 'steward', 'technician'])
    await h.ago(began - 5 * MINUTE, who, (c) => attendDrill(c, made.id, {}));
  await h.ago(began - 12 * MINUTE, 'supervisor', (c) => attendDrill(c, made.id, { name: '住户代表', party: '0602' }));
  const found = await h.ago(began - 15 * MINUTE, 'supervisor', (c) =>
    addFinding(c, PAST, made.id, {
      text: '2 层常闭式防火门未关，疏散时烟会进入楼梯间',
      place: '2层',
      order: false,
      hazard: 'propped-door',
    }),
  );
  const report = '全楼疏散用时 8 分钟，达到目标；广播在 3 层听不清，已要求调整音量。';
  await h.ago(began - 40 * MINUTE, 'supervisor', (c) => endDrill(c, PAST, made.id, report));
  await clearDoor(past, began, found);
}

async function blockLanes(h: History, community: string, building: string | undefined): Promise<void> {
  await h.ago(100 * DAY, 'frontdesk', (c) => importVehicles(c, community, VEHICLES, true));
  for (const days of [12, 5]) {
    const at = days * DAY;
    const where = building === undefined ? {} : { building };
    const lane = await h.ago(at, 'guard', (c) =>
      reportBlockage(c, { ...where, place: '东侧消防车道', plate: '京A12345' }),
    );
    await h.ago(at - 2 * MINUTE, 'operator', (c) => logContact(c, lane.id, { how: 'phone', result: 'coming' }));
    // Without a camera there is no photo that it is clear: the demo closes it as driven away.
    await h.ago(at - 7 * MINUTE, 'operator', (c) => voidBlockage(c, lane.id, '车主已自行驶离，现场无照片'));
  }
}

async function callAmbulance(h: History, building: string | undefined): Promise<void> {
  const at = 9 * DAY;
  const where = building === undefined ? {} : { building, floor: 6 };
  const escort = await h.ago(at, 'operator', (c) =>
    callEscort(c, { service: 'ambulance', reason: '老人摔倒，行动不便', place: '0602', ...where }),
  );
  const acts = [
    ['gate-ready', 1],
    ['at-gate', 9],
    ['at-building', 11],
    ['left', 24],
  ] as const;
  for (const [act, minutes] of acts)
    await h.ago(at - minutes * MINUTE, 'guard', (c) => actOnEscort(c, escort.id, { act }));
}

/** @param building the one that the drill and the reports are of */
export async function writeSceneHistory(
  c: CommandContext,
  community: string,
  building: string | undefined,
): Promise<void> {
  const people = new Map<string, UserActor>();
  for (const username of WHO) {
    const found = await findByUsername(c.tx, username);
    if (!found) return;
    people.set(username, { kind: 'user', id: found.id, name: found.name, role: found.role, community });
  }
  const h = new History(c, people);
  const fire = await enforcePlans(h);
  const emit: CommandContext['emit'] = (effect) => (effect.effect === 'audit' ? c.emit(effect) : undefined);
  await holdDrill(h, new Past({ ...c, emit }, community, people), fire, building);
  await blockLanes(h, community, building);
  await callAmbulance(h, building);
  c.emit(drillsLook(community, c.now));
}
