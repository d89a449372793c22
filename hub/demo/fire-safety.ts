// The demo's fire-safety management of the weeks before: by the same commands as in life, each at its own time and by
// its own person.
import { createHash } from 'node:crypto';
import { appendAudit } from '../audit/api.ts';
import type { CommandContext, Effect } from '../events/api.ts';
import { ok, type Result } from '../errors.ts';
import { putFile } from '../files/api.ts';
import {
  actOnHazard,
  actOnItem,
  assignHazard,
  enterNotice,
  enterVisit,
  extendHazard,
  itemsOf,
  reportHazard,
  type Item,
} from '../fire-safety/api.ts';
import type { NewHazard } from '../fire-safety/contract.ts';
import { readingEffect, type Reading } from '../http/reading.ts';
import { findByUsername } from '../staff/api.ts';
import { writeArchive } from './archive.ts';
import { writeTrainingHistory } from './training.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type UserActor = Extract<CommandContext['actor'], { kind: 'user' }>;
export const WHO = [
  'supervisor',
  'manager',
  'inspector',
  'technician',
  'guard',
  'steward',
  'owner',
  'committee',
  'authority',
  'operator',
  'operator2',
  'frontdesk',
  'finance',
  'collector',
] as const;
export type Who = (typeof WHO)[number];

/** A sketch in place of a photo: the demo invents no places either. */
const sketch = (words: string, tone: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240"><rect width="320" height="240" fill="${tone}"/>` +
  `<path d="M0 240 120 110h80l120 130z" fill="#00000022"/><rect x="130" y="60" width="60" height="52" fill="#ffffff88"/>` +
  `<text x="160" y="216" font-size="20" text-anchor="middle" fill="#222" font-family="sans-serif">${words}</text></svg>`;

export class Past {
  readonly #c: CommandContext;
  readonly #people: ReadonlyMap<string, UserActor>;
  readonly community: string;
  constructor(c: CommandContext, community: string, people: ReadonlyMap<string, UserActor>) {
    this.#c = c;
    this.#people = people;
    this.community = community;
  }

  get now(): number {
    return this.#c.now;
  }

  emit(effect: Effect): void {
    this.#c.emit(effect);
  }

  id(who: Who): string {
    return this.#person(who).id;
  }

  #person(who: Who): UserActor {
    const found = this.#people.get(who);
    if (!found) throw new Error(`demo fire safety: no ${who}`);
    return found;
  }

  /** A command of someone so long ago, ms. */
  async ago<T>(ms: number, who: Who, work: (c: CommandContext) => Promise<Result<T>>): Promise<T> {
    const done = await work({ ...this.#c, now: this.#c.now - ms, actor: this.#person(who) });
    if (!done.ok) throw new Error(`demo fire safety: ${done.code} ${done.detail ?? ''}`);
    return done.value;
  }

  async picture(words: string, tone = '#c9c2b4'): Promise<string> {
    const bytes = Buffer.from(sketch(words, tone));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { community } = this;
    await putFile(this.#c.tx, { sha256, type: 'image/svg+xml', bytes, community, by: 'demo' }, this.#c.now);
    return sha256;
  }
}

async function report(past: Past, ago: number, who: Who, body: Omit<NewHazard, 'photos'>): Promise<string> {
  const photos = [await past.picture(`演示：${body.place ?? '现场'}`)];
  return (await past.ago(ago, who, (c) => reportHazard(c, { ...body, photos }))).id;
}

interface Assigned {
  readonly to: Who;
  readonly grade: 'general' | 'major';
  readonly measures: string;
}
const assign = (past: Past, ago: number, id: string, { to, grade, measures }: Assigned): Promise<unknown> =>
  past.ago(ago, 'supervisor', (c) => assignHazard(c, id, { responsible: past.id(to), grade, measures }));

async function act(
  past: Past,
  ago: number,
  who: Who,
  id: string,
  name: 'mend' | 'pass' | 'fail' | 'comment',
  note: string,
): Promise<void> {
  const photos = name === 'comment' ? [] : [await past.picture(`演示：${note.slice(0, 8)}`, '#b9c9b4')];
  await past.ago(ago, who, (c) => actOnHazard(c, id, name, { note, photos }));
}

/** At one place twice: cleared after it failed its recheck once, then back, with a longer deadline. */
async function eBikes(past: Past): Promise<void> {
  const first = await report(past, 40 * DAY, 'owner', {
    kind: 'e-bike',
    description: '东单元一层楼梯间有人飞线给电动车充电',
    building: 'b2',
    floor: 1,
    place: '东单元楼梯间',
  });
  await assign(past, 40 * DAY - HOUR, first, {
    to: 'guard',
    grade: 'major',
    measures: '立即断电移出，夜间每小时巡查一次',
  });
  await act(past, 39 * DAY, 'guard', first, 'mend', '车辆已移至集中充电棚，飞线已拆除');
  await act(past, 38.5 * DAY, 'inspector', first, 'fail', '晚间复查，又有一辆在充电');
  await act(past, 38 * DAY, 'guard', first, 'mend', '已当面告知车主并登记，单元门口增设提示牌');
  await act(past, 37 * DAY, 'inspector', first, 'pass', '连续三晚复查未再发现');
  await act(past, 36 * DAY, 'committee', first, 'comment', '请物业把集中充电棚的位置再公示一次');

  const again = await report(past, 3 * DAY, 'owner', {
    kind: 'e-bike',
    description: '楼梯间又停了一辆电动车，正在充电',
    building: 'b2',
    floor: 1,
    place: '东单元楼梯间',
  });
  await assign(past, 3 * DAY - HOUR, again, { to: 'guard', grade: 'major', measures: '断电，保安岗每两小时巡查' });
  await past.ago(1 * DAY, 'manager', (c) =>
    extendHazard(c, again, {
      deadline: new Date(past.now + 6 * DAY).toISOString(),
      note: '加装电梯阻车系统，供货需一周；其间加密巡查',
    }),
  );
}

/** In every other state: overdue, waiting for the recheck, cleared, just reported by an owner. */
async function others(past: Past): Promise<void> {
  const door = await report(past, 9 * DAY, 'inspector', {
    kind: 'propped-door',
    description: '常闭式防火门被灭火器顶开，闭门器失效',
    building: 'b1',
    floor: 12,
    place: '电梯厅',
  });
  await assign(past, 9 * DAY - 3 * HOUR, door, { to: 'technician', grade: 'general', measures: '' });

  const goods = await report(past, 2 * DAY, 'steward', {
    kind: 'stored-goods',
    description: '走道堆放纸箱、旧沙发，疏散宽度不足 1 米',
    building: 'b3',
    floor: 7,
    place: '走道',
  });
  await assign(past, 2 * DAY - 2 * HOUR, goods, { to: 'steward', grade: 'general', measures: '' });
  await act(past, 5 * HOUR, 'steward', goods, 'mend', '已联系住户清走，走道恢复畅通');

  const layout = await report(past, 20 * DAY, 'committee', {
    kind: 'escape-route',
    description: '地下车库东侧疏散指示标志指向已封闭的出口，疏散路线不合理',
    building: 'b1',
    floor: -1,
    place: '地下车库东侧',
  });
  await assign(past, 20 * DAY - 2 * HOUR, layout, {
    to: 'technician',
    grade: 'major',
    measures: '封闭出口前设临时指示和专人引导',
  });
  await act(past, 18 * DAY, 'technician', layout, 'mend', '指示标志改向西侧出口，封闭口加“此路不通”标识');
  await act(past, 17 * DAY, 'inspector', layout, 'pass', '现场走一遍，指示连续、方向正确');

  await report(past, 40 * 60_000, 'owner', {
    kind: 'covered',
    description: '消火栓箱前堆了装修材料，门打不开',
    building: 'b3',
    floor: 9,
    place: '走道消火栓',
  });
}

/** Two visits: one whose paper is put right but for one demand, one that found nothing. */
async function authority(past: Past): Promise<void> {
  const when = (ago: number): string => new Date(past.now - ago).toISOString();
  await past.ago(75 * DAY, 'supervisor', (c) =>
    enterVisit(c, {
      kind: 'spot',
      authority: '区消防救援大队（演示）',
      inspectors: '监督员 2 人（演示）',
      at: when(75 * DAY + 2 * HOUR),
      summary: '抽查消防控制室值班、自动喷水灭火系统末端试水，未发现问题',
    }),
  );
  const visit = await past.ago(18 * DAY, 'supervisor', (c) =>
    enterVisit(c, {
      kind: 'routine',
      authority: '区消防救援大队（演示）',
      inspectors: '监督员 2 人（演示）',
      at: when(18 * DAY + 2 * HOUR),
      summary: '检查 1 号楼、地下车库和消防水泵房，发现三处问题，当场下发责令限期改正通知书',
    }),
  );
  const files = [await past.picture('演示：通知书', '#e6e2d6')];
  await past.ago(18 * DAY, 'supervisor', (c) =>
    enterNotice(c, visit.id, {
      kind: 'by-date',
      number: '演示消限字〔2026〕第 0001 号',
      issuedAt: when(18 * DAY + HOUR),
      deadline: when(-2 * DAY),
      files,
      items: [
        '1 号楼 12 层常闭式防火门闭门器损坏，不能自行关闭',
        '地下车库两处疏散指示标志故障',
        '消防水泵房未张贴操作规程',
      ],
    }),
  );
  const items = await past.ago(18 * DAY, 'supervisor', async (c) => ok(await itemsOf(c.tx, [visit.id])));
  const [door, , rules] = items;
  const assignItem = (item: Item, measure: string) =>
    past.ago(17 * DAY, 'supervisor', (c) =>
      actOnItem(c, item.id, 'assign', { responsible: past.id('technician'), measure }),
    );
  const does = async (item: Item, ago: number, who: Who, name: 'do' | 'accept', note: string): Promise<unknown> => {
    const proof = [await past.picture(`演示：${note.slice(0, 8)}`, '#b9c9b4')];
    return past.ago(ago, who, (c) => actOnItem(c, item.id, name, { note, files: proof }));
  };
  for (const item of items) await assignItem(item, '更换损坏部件，完成后自查');
  if (rules) {
    await does(rules, 15 * DAY, 'technician', 'do', '操作规程已上墙');
    await does(rules, 14 * DAY, 'manager', 'accept', '大队复查合格，收到复查意见书');
  }
  if (door) await does(door, 3 * DAY, 'technician', 'do', '闭门器已更换，门能自行关闭');
}

/** What the fire authority looked at after its inspection. */
async function readings(past: Past): Promise<void> {
  const looks: readonly (readonly [ago: number, reading: Reading, params: Readonly<Record<string, string>>])[] = [
    [2 * DAY + 40 * MINUTE, 'visits', {}],
    [2 * DAY + 38 * MINUTE, 'hazards', { state: 'all' }],
    [2 * DAY + 35 * MINUTE, 'archive', { chapter: 'posts' }],
    [2 * DAY + 31 * MINUTE, 'records', { log: 'safety' }],
    [2 * DAY + 30 * MINUTE, 'records-export', { log: 'safety', format: 'pdf' }],
    [DAY + 20 * MINUTE, 'duty-log', {}],
    [DAY + 18 * MINUTE, 'archive-print', { chapter: 'training' }],
  ];
  const who = { id: past.id('authority'), community: past.community };
  for (const [ago, reading, params] of looks)
    await past.ago(ago, 'authority', async (c) => {
      await appendAudit(c.tx, [readingEffect(who, reading, params)], { now: c.now, actor: c.actor });
      return ok(null);
    });
}

/** Writes what was there before the demo's first start. */
export async function writeFireSafetyHistory(c: CommandContext, community: string): Promise<void> {
  const people = new Map<Who, UserActor>();
  for (const username of WHO) {
    const found = await findByUsername(c.tx, username);
    if (!found) return;
    people.set(username, { kind: 'user', id: found.id, name: found.name, role: found.role, community });
  }
  const past = new Past(c, community, people);
  await eBikes(past);
  await others(past);
  await authority(past);
  await writeTrainingHistory(past);
  await writeArchive(past);
  await readings(past);
}
