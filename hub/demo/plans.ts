// The demo's emergency plans, as a property company would write them.
import type { NewPlan, PlanStep } from '../plans/contract.ts';

type Role = NonNullable<PlanStep['role']>;
interface Given {
  readonly detail?: string;
  readonly post?: string;
  readonly minutes?: number;
  readonly phones?: PlanStep['phones'];
}
const step = (id: string, order: number, role: Role, title: string, given: Given = {}): PlanStep => ({
  id,
  order,
  role,
  title,
  phones: given.phones ?? [],
  ...(given.detail === undefined ? {} : { detail: given.detail }),
  ...(given.post === undefined ? {} : { post: given.post }),
  ...(given.minutes === undefined ? {} : { limitSeconds: given.minutes * 60 }),
});
const FIRE = { name: '消防救援', number: '119' };
const AMBULANCE = { name: '急救', number: '120' };

export const DEMO_PLANS: readonly NewPlan[] = [
  {
    kind: 'fire',
    body: {
      title: '灭火和应急疏散预案',
      steps: [
        step('confirm', 1, 'guard', '到现场确认火情', {
          minutes: 3,
          detail: '带对讲机、灭火器和插孔电话手柄，确认后立即回报消控室',
        }),
        step('call-119', 2, 'operator', '拨打 119', {
          minutes: 1,
          phones: [FIRE],
          detail: '报地址、着火部位、燃烧物、火势、姓名和电话',
        }),
        step('linkage', 2, 'operator', '确认联动控制处于自动', { minutes: 1 }),
        step('evacuate', 2, 'steward', '组织人员疏散', {
          post: '疏散引导组',
          minutes: 8,
          detail: '先着火层及上一层，老人、儿童优先，禁止乘坐电梯',
        }),
        step('fight', 2, 'guard', '扑救初起火灾', { post: '灭火行动组', minutes: 5 }),
        step('meet', 3, 'guard', '清空消防车道，引导消防车', { post: '通讯联络组', minutes: 10 }),
      ],
      phones: [FIRE, AMBULANCE],
      documents: [],
    },
  },
  {
    kind: 'entrapment',
    body: {
      title: '电梯困人救援预案',
      steps: [
        step('talk', 1, 'operator', '对讲安抚被困人员', {
          minutes: 1,
          detail: '先问老人、儿童和不适者；告知不要扒门，救援已出发',
        }),
        step('maintainer', 1, 'operator', '通知维保单位', { minutes: 3 }),
        step('site', 2, 'guard', '到现场守候、设围挡', { minutes: 5 }),
        step('leader', 2, 'manager', '负责人到场慰问', { minutes: 20 }),
        step('explain', 3, 'steward', '事后向住户说明', {}),
      ],
      phones: [{ name: '电梯应急', number: '96333' }, FIRE],
      documents: [],
    },
  },
  {
    kind: 'water-leak',
    body: {
      title: '跑水应急预案',
      steps: [
        step('valve', 1, 'technician', '关闭相应阀门', { minutes: 10 }),
        step('lift-up', 1, 'guard', '将电梯停到高层并断电看守', { minutes: 5 }),
        step('sweep', 2, 'guard', '全员排水、挡水', { post: '抢险组', minutes: 30 }),
        step('log', 3, 'steward', '登记受损住户和物品', {}),
      ],
      phones: [],
      documents: [],
    },
  },
  {
    kind: 'medical',
    body: {
      title: '人员急病受伤处置预案',
      steps: [
        step('call-120', 1, 'operator', '拨打 120', { minutes: 1, phones: [AMBULANCE] }),
        step('gate', 1, 'guard', '开道闸，清空救护车路线', { minutes: 2 }),
        step('lift', 1, 'steward', '到楼下留梯', { minutes: 3 }),
        step('family', 2, 'steward', '联系家属', {}),
      ],
      phones: [AMBULANCE],
      documents: [],
    },
  },
];
