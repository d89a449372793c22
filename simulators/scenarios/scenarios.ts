// Scenarios by name: what happens in the simulated community, as acts at times after the start (s).
import { floorsOf } from '../community.ts';
import { resetPanel } from '../models/fire-panel.ts';
import type { World } from '../world.ts';
import { TRANSMISSION_SCENARIOS } from './transmission.ts';

interface Words {
  readonly zh: string;
  readonly en: string;
}

/** What a person may choose; each scenario has its own defaults. */
export interface Choice {
  readonly building?: string;
  readonly floor?: number;
  readonly lift?: string;
  readonly device?: string;
  readonly count?: number;
}

export interface Act {
  readonly afterS: number;
  readonly act: (w: World) => void;
}

export interface Scenario {
  readonly name: string;
  readonly text: Words;
  readonly takes: readonly (keyof Choice)[];
  acts(w: World, choice: Choice): Act[];
}

const firstBuilding = (w: World): string => w.community.buildings[0]?.id ?? 'b1';

/** A fire that spreads: two detectors, the floor above, the call point, then what the panel starts, then water. */
function fire(w: World, choice: Choice): Act[] {
  const b = choice.building ?? firstBuilding(w);
  const f = choice.floor ?? 12;
  const above = f + 1;
  const at = (afterS: number, floor: number, role: string, change: object): Act => ({
    afterS,
    act: (world) => world.point(b, floor, role, change),
  });
  w.address(b, f, 'detector-2');
  // What the panel starts: in manual it shows the fire and starts nothing.
  const starts = (afterS: number, floor: number, role: string): Act => ({
    afterS,
    act: (world) => {
      if (world.panel(b).inAutomatic) world.point(b, floor, role, { active: true });
    },
  });
  return [
    at(0, f, 'detector-2', { prealarm: true }),
    at(3, f, 'detector-2', { prealarm: false, fire: true }),
    at(9, f, 'detector-0', { fire: true }),
    at(12, f, 'mcp', { fire: true }),
    starts(14, f, 'sounder'),
    starts(16, f, 'fan'),
    at(18, above, 'detector-2', { fire: true }),
    starts(19, above, 'sounder'),
    at(22, f, 'flow', { supervisory: true }),
    { afterS: 22, act: (world) => void (world.water = { ...world.water, demand: 12 }) },
  ];
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'fire',
    text: { zh: '12 层起火并蔓延，联动反馈', en: 'Fire on floor 12, spreading, with feedback' },
    takes: ['building', 'floor'],
    acts: fire,
  },
  {
    name: 'pump-fails-to-start',
    text: { zh: '消防泵启动失败', en: 'Fire pump fails to start' },
    takes: [],
    acts: () => [
      { afterS: 0, act: (w) => void (w.water = { ...w.water, pumpBroken: true, demand: 15 }) },
      { afterS: 60, act: (w) => void (w.water = { ...w.water, demand: 0 }) },
    ],
  },
  {
    name: 'mains-loss',
    text: { zh: '泵房市电中断一分钟', en: 'Mains loss in the pump room, one minute' },
    takes: [],
    acts: () => [
      { afterS: 0, act: (w) => void (w.water = { ...w.water, mains: false }) },
      { afterS: 60, act: (w) => void (w.water = { ...w.water, mains: true }) },
    ],
  },
  {
    name: 'main-leak',
    text: { zh: '消防管网渗漏，稳压泵频繁启动', en: 'Leak in the ring main, jockey pump starts often' },
    takes: [],
    acts: () => [{ afterS: 0, act: (w) => void (w.water = { ...w.water, leak: 0.15 }) }],
  },
  {
    name: 'extinguisher-leak',
    text: { zh: '灭火器漏压', en: 'An extinguisher loses pressure' },
    takes: ['device'],
    acts: (w, choice) => {
      const id = choice.device ?? w.gauges.find((g) => g.use === 'extinguisher')?.id ?? '';
      if (!w.cylinders.has(id)) throw new Error(`no extinguisher ${id}`);
      // Much faster than life, so that a person sees it happen: about 0.35 MPa a minute.
      return [{ afterS: 0, act: (world) => leak(world, id, 20) }];
    },
  },
  {
    name: 'entrapment',
    text: { zh: '电梯停在两层之间，轿厢内有人', en: 'A lift stops between floors with a person inside' },
    takes: ['lift'],
    acts: (w, choice) => {
      const id = choice.lift ?? w.lifts[0]?.id ?? '';
      if (!w.cars.has(id)) throw new Error(`no lift ${id}`);
      const rise = w.shape.floorHeight;
      return [
        {
          afterS: 0,
          act: (world) => {
            const car = world.cars.get(id);
            const far = car && car.position > (world.shape.floors / 2) * rise ? 0 : (world.shape.floors - 1) * rise;
            world.car(id, { willStick: true, people: 1, target: far, dwell: 0, door: 0 });
          },
        },
        { afterS: 20, act: (world) => world.car(id, { button: true }) },
      ];
    },
  },
  {
    name: 'release',
    text: { zh: '困人解救，电梯恢复', en: 'People released, lift back in service' },
    takes: ['lift'],
    acts: (w, choice) => {
      const id = choice.lift ?? [...w.cars].find(([, c]) => c.stuck)?.[0] ?? w.lifts[0]?.id ?? '';
      return [
        {
          afterS: 0,
          act: (world) => {
            const car = world.cars.get(id);
            const rise = world.shape.floorHeight;
            const landing = Math.round((car?.position ?? 0) / rise) * rise;
            world.car(id, {
              stuck: false,
              willStick: false,
              button: false,
              people: 0,
              position: landing,
              target: landing,
              dwell: 12,
            });
          },
        },
      ];
    },
  },
  {
    name: 'panel-silent',
    text: { zh: '报警主机失联', en: 'A fire panel goes silent' },
    takes: ['building'],
    acts: (w, choice) => {
      const b = choice.building ?? firstBuilding(w);
      return [{ afterS: 0, act: (world) => world.setPanel(b, { ...world.panel(b), dead: true }) }];
    },
  },
  {
    name: 'panel-manual',
    text: { zh: '报警主机转为手动', en: 'A fire panel is switched to manual' },
    takes: ['building'],
    acts: (w, choice) => [switchPanel(choice.building ?? firstBuilding(w), false)],
  },
  {
    name: 'panel-automatic',
    text: { zh: '报警主机恢复自动', en: 'The fire panel is put back to automatic' },
    takes: ['building'],
    acts: (w, choice) => [switchPanel(choice.building ?? firstBuilding(w), true)],
  },
  {
    name: 'pump-manual',
    text: { zh: '消防泵控制柜转为手动', en: 'The fire pump is switched to manual' },
    takes: [],
    acts: () => [{ afterS: 0, act: (w) => void (w.water = { ...w.water, inAutomatic: false }) }],
  },
  {
    name: 'pump-automatic',
    text: { zh: '消防泵控制柜恢复自动', en: 'The fire pump is put back to automatic' },
    takes: [],
    acts: () => [{ afterS: 0, act: (w) => void (w.water = { ...w.water, inAutomatic: true }) }],
  },
  {
    name: 'detector-fault',
    text: { zh: '一只探测器故障', en: 'One detector in trouble' },
    takes: ['building', 'floor'],
    acts: (w, choice) => {
      const b = choice.building ?? firstBuilding(w);
      const f = choice.floor ?? 7;
      w.address(b, f, 'detector-1');
      return [{ afterS: 0, act: (world) => world.point(b, f, 'detector-1', { trouble: true }) }];
    },
  },
  {
    name: 'fault-flood',
    text: { zh: '故障潮：总线短路，大量探测器故障', en: 'A flood of faults: loop short, many detectors in trouble' },
    takes: ['count'],
    acts: (w, choice) => flood(w, choice.count ?? 400),
  },
  {
    name: 'panel-reset',
    text: { zh: '主机复位（在主机上操作）', en: 'Reset at the panel' },
    takes: ['building'],
    acts: (_w, choice) => [
      {
        afterS: 0,
        act: (world) => {
          for (const [id, panel] of world.panels)
            if (choice.building === undefined || choice.building === id) world.setPanel(id, resetPanel(panel));
          world.water = { ...world.water, demand: 0 };
        },
      },
    ],
  },
  ...TRANSMISSION_SCENARIOS,
  {
    name: 'quiet',
    text: { zh: '一切恢复正常', en: 'Everything back to normal' },
    takes: [],
    acts: () => [{ afterS: 0, act: (w) => w.reset() }],
  },
];

const switchPanel = (building: string, inAutomatic: boolean): Act => ({
  afterS: 0,
  act: (w) => w.setPanel(building, { ...w.panel(building), inAutomatic }),
});

function leak(w: World, id: string, perHour: number): void {
  const c = w.cylinders.get(id);
  if (c) w.cylinders.set(id, { ...c, leakPerHour: perHour });
}

/** `count` detectors in trouble within ten seconds, over all buildings. */
function flood(w: World, count: number): Act[] {
  const out: Act[] = [];
  const targets = w.community.buildings.flatMap((b) =>
    floorsOf(w.community).flatMap((f) =>
      w.community.floorPlan.detectors.map((_, k) => ({ b: b.id, f, role: `detector-${k}` })),
    ),
  );
  targets.slice(0, count).forEach((t, k) => {
    out.push({ afterS: (10 * k) / count, act: (world) => world.point(t.b, t.f, t.role, { trouble: true }) });
  });
  return out;
}
