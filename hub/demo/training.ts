// The demo's fire-safety training and publicity of the year: by the same commands as in life.
import {
  attendTraining,
  countHousehold,
  endTraining,
  enterPublicity,
  enterResult,
  planTraining,
  trainingLook,
} from '../fire-safety/api.ts';
import type { NewTraining } from '../fire-safety/contract.ts';
import type { Past, Who } from './fire-safety.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Course = Omit<NewTraining, 'at'>;
/** How long ago it was ten in the morning (Beijing time) so many days ago, ms; negative days are to come. */
const morning = (past: Past, days: number): number => {
  const day = Math.floor((past.now - days * DAY) / DAY) * DAY;
  return past.now - (day + 2 * HOUR);
};

/** Planned a week ahead. */
async function plan(past: Past, days: number, course: Course): Promise<string> {
  const begun = morning(past, days);
  const planned = Math.max(begun, 0) + 7 * DAY;
  const at = new Date(past.now - begun).toISOString();
  return (await past.ago(planned, 'supervisor', (c) => planTraining(c, { ...course, at }))).id;
}

async function hold(past: Past, days: number, id: string, summary: string, words: string): Promise<void> {
  const files = [await past.picture(`演示：${words}`, '#d9d2c0')];
  await past.ago(morning(past, days) - 3 * HOUR, 'supervisor', (c) => endTraining(c, id, 'hold', { summary, files }));
}

/** A course for the staff with its test; who fails once does it again. */
async function staffCourse(
  past: Past,
  days: number,
  course: Course,
  scores: readonly (readonly [who: Who, ...scores: number[]])[],
): Promise<void> {
  const id = await plan(past, days, course);
  const begun = morning(past, days);
  for (const [who] of scores) await past.ago(begun - 5 * 60_000, who, (c) => attendTraining(c, id, undefined));
  await hold(past, days, id, '讲解后逐人实操灭火器和消火栓，现场笔试', course.topic.slice(0, 8));
  for (const [who, ...tries] of scores)
    for (const [k, score] of tries.entries())
      await past.ago(begun - (4 + k * 48) * HOUR, who === 'supervisor' ? 'manager' : 'supervisor', (c) =>
        enterResult(c, id, { person: past.id(who), score, ...(k === 0 ? {} : { note: '补考' }) }),
      );
}

async function staffTrainings(past: Past): Promise<void> {
  const base = { audience: 'staff', place: '物业会议室', minutes: 120, passScore: 80 } as const;
  await staffCourse(
    past,
    200,
    {
      ...base,
      topic: '消防安全制度与岗位火灾危险性',
      teacher: 'own',
      trainer: '消防主管',
      content: '法规、制度、岗位危险性、报警与初起火灾扑救',
    },
    [
      ['technician', 86],
      ['steward', 92],
      ['frontdesk', 88],
      ['finance', 81],
      ['collector', 64, 83],
      ['inspector', 95],
    ],
  );
  await staffCourse(
    past,
    95,
    {
      ...base,
      topic: '消防控制室火警处置与疏散引导',
      teacher: 'authority',
      trainer: '区消防救援大队（演示）',
      place: '消防控制室、1 号楼',
      content: '火警处置流程、119 报警要点、疏散引导、消防电梯和防火卷帘使用',
    },
    [
      ['operator', 94],
      ['operator2', 90],
      ['guard', 72, 85],
      ['supervisor', 97],
      ['manager', 88],
    ],
  );
  await plan(past, -6, {
    ...base,
    topic: '消防设施操作实训（下半年）',
    teacher: 'outside',
    trainer: '消防培训机构（演示）',
    content: '水泵房手动启泵、报警阀组、防排烟设施、灭火器实操',
  });
}

async function owners(past: Past): Promise<void> {
  const days = 60;
  const id = await plan(past, days, {
    topic: '业主消防安全课：电动自行车与逃生自救',
    audience: 'owners',
    teacher: 'authority',
    trainer: '区消防救援大队（演示）',
    place: '小区中心广场',
    minutes: 90,
    content: '电动自行车充电风险、楼道清理、家庭逃生路线、灭火器体验',
  });
  const rooms = ['0302', '0501', '0703', '0902', '1104', '1201'];
  for (const [k, room] of rooms.entries())
    await past.ago(morning(past, days) - k * 60_000, 'frontdesk', (c) =>
      countHousehold(c, id, { building: `b${(k % 3) + 1}`, room, people: 1 + (k % 3) }),
    );
  await hold(past, days, id, '讲解四十分钟，灭火器体验三十分钟，发放宣传单', '业主消防课');
}

async function publicity(past: Past): Promise<void> {
  const enter = async (days: number, body: Parameters<typeof enterPublicity>[1]): Promise<void> => {
    await past.ago((days - 0.2) * DAY, 'supervisor', (c) => enterPublicity(c, body));
  };
  const day = (ago: number): string => new Date(past.now - ago * DAY).toISOString();
  await enter(58, {
    kind: 'leaflet',
    activity: '电动自行车禁止进楼入户',
    material: '充电火灾案例、集中充电棚位置、举报途径',
    place: '各单元入户发放',
    from: day(60),
    until: day(30),
    copies: 600,
    photos: [await past.picture('演示：入户发放', '#c9d2d9')],
  });
  await enter(20, {
    kind: 'board',
    activity: '冬季用火用电安全提示',
    material: '取暖器、插线板、燃气阀门；疏散通道不得堆物',
    place: '各单元大堂宣传栏',
    from: day(21),
    until: day(-40),
    photos: [await past.picture('演示：宣传栏', '#c9d2d9')],
    files: [await past.picture('演示：海报', '#e6e2d6')],
  });
}

/** Writes the year's trainings and publicity, and begins the daily look. */
export async function writeTrainingHistory(past: Past): Promise<void> {
  await staffTrainings(past);
  await owners(past);
  await publicity(past);
  past.emit(trainingLook(past.community, past.now));
}
