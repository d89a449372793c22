// Scenarios of the panels behind the transmission device, by name, as acts at times after the start (s).
import {
  changePanel,
  changePart,
  linkedPanel,
  operate,
  resetLinked,
  type LinkedPanel,
  type PartState,
  type TransmissionState,
} from '../models/transmission.ts';
import type { World } from '../world.ts';
import type { Act, Choice, Scenario } from './scenarios.ts';

const OPERATOR = 3;
const CUT_S = 45;
const MAINS_AWAY_S = 60;
/** Slow by so much: an alarm of now would seem to be over. */
const MISSET_MS = -25 * 60_000;

function stateOf(w: World): TransmissionState {
  if (!w.transmission) throw new Error('no transmission device in this community');
  return w.transmission;
}

const change = (afterS: number, of: (s: TransmissionState) => TransmissionState): Act => ({
  afterS,
  act: (w) => void (w.transmission = of(stateOf(w))),
});

/** The panel that a person chose, else the first. */
function chosen(w: World, choice: Choice): LinkedPanel {
  const s = stateOf(w);
  const first = [...s.panels.keys()].at(0) ?? '';
  return linkedPanel(s, choice.device ?? first);
}

/** Its parts by the beginning of their ids; all of its parts where it has none of that name. */
function partsOf({ shape }: LinkedPanel, ...kinds: readonly string[]): string[] {
  const ids = shape.parts.map((p) => p.id);
  const found = kinds.flatMap((kind) => ids.filter((id) => id.startsWith(`${kind}-`)));
  return found.length > 0 ? found : ids;
}

/** The first part of that kind anywhere behind the device, with its panel; a panel in manual starts nothing. */
function start(w: World, kind: string, what: Partial<PartState>): void {
  const s = stateOf(w);
  for (const { shape, manual } of s.panels.values()) {
    const part = shape.parts.find((p) => p.id.startsWith(`${kind}-`));
    if (part && !manual) w.transmission = changePart(stateOf(w), shape.id, part.id, what);
  }
}

function fire(w: World, choice: Choice): Act[] {
  const panel = chosen(w, choice);
  const { id } = panel.shape;
  const [first = '', second = first] = partsOf(panel, 'smoke');
  const [button = first] = partsOf(panel, 'call');
  return [
    change(0, (s) => changePart(s, id, first, { fire: true })),
    change(6, (s) => changePart(s, id, second, { fire: true })),
    change(10, (s) => changePart(s, id, button, { fire: true })),
    change(12, (s) => operate(s, { panel: id, key: 'confirm', operator: OPERATOR })),
    { afterS: 14, act: (world) => start(world, 'shutter', { delayed: true }) },
    { afterS: 16, act: (world) => start(world, 'fan', { started: true }) },
    { afterS: 18, act: (world) => start(world, 'shutter', { delayed: false, started: true }) },
    { afterS: 20, act: (world) => start(world, 'fan', { started: true, feedback: true }) },
    { afterS: 22, act: (world) => start(world, 'shutter', { started: true, feedback: true }) },
    { afterS: 24, act: (world) => start(world, 'flow', { supervisory: true }) },
  ];
}

const onFirst =
  (kinds: readonly string[], what: Partial<PartState>) =>
  (w: World, choice: Choice): Act[] => {
    const panel = chosen(w, choice);
    const [part = ''] = partsOf(panel, ...kinds);
    return [change(0, (s) => changePart(s, panel.shape.id, part, what))];
  };

const onPanel =
  (of: (s: TransmissionState, panel: string) => TransmissionState) =>
  (w: World, choice: Choice): Act[] => {
    const { id } = chosen(w, choice).shape;
    return [change(0, (s) => of(s, id))];
  };

const onDevice =
  (...acts: readonly (readonly [afterS: number, of: (s: TransmissionState) => TransmissionState])[]) =>
  (w: World): Act[] => {
    stateOf(w);
    return acts.map(([afterS, of]) => change(afterS, of));
  };

/** What happens while the line is cut is told when it is there again, with what had been told before once more. */
function burst(w: World, choice: Choice): Act[] {
  const panel = chosen(w, choice);
  const { id } = panel.shape;
  const parts = partsOf(panel, 'smoke', 'heat');
  return [
    change(0, (s) => ({ ...s, cut: true })),
    ...parts.map((part, k) => change(1 + k, (s) => changePart(s, id, part, { fault: true }))),
    ...parts.map((part, k) => change(12 + k, (s) => changePart(s, id, part, { fault: false }))),
    change(30, (s) => ({ ...s, cut: false, repeats: s.repeats + 1 })),
  ];
}

export const TRANSMISSION_SCENARIOS: readonly Scenario[] = [
  {
    name: 'transmission-fire',
    text: { zh: '地下车库火警，卷帘、风机联动（传输装置）', en: 'Fire in the garage, told by the transmission device' },
    takes: ['device'],
    acts: fire,
  },
  {
    name: 'transmission-fault',
    text: { zh: '车库一只探测器故障', en: 'A detector of the garage in trouble' },
    takes: ['device'],
    acts: onFirst(['heat', 'smoke'], { fault: true }),
  },
  {
    name: 'transmission-shield',
    text: { zh: '车库一只探测器被屏蔽', en: 'A detector of the garage is disabled' },
    takes: ['device'],
    acts: onFirst(['smoke'], { shielded: true }),
  },
  {
    name: 'transmission-silence',
    text: { zh: '车库主机消音', en: 'Silenced at the panel of the garage' },
    takes: ['device'],
    acts: onPanel((s, panel) => operate(s, { panel, key: 'silence', operator: OPERATOR })),
  },
  {
    name: 'transmission-reset',
    text: { zh: '车库主机复位', en: 'Reset at the panel of the garage' },
    takes: ['device'],
    acts: onPanel((s, panel) => resetLinked(s, panel, OPERATOR)),
  },
  {
    name: 'transmission-manual',
    text: { zh: '车库主机转为手动', en: 'The panel of the garage is switched to manual' },
    takes: ['device'],
    acts: onPanel((s, panel) => changePanel(s, panel, { manual: true })),
  },
  {
    name: 'transmission-automatic',
    text: { zh: '车库主机恢复自动', en: 'The panel of the garage is put back to automatic' },
    takes: ['device'],
    acts: onPanel((s, panel) => changePanel(s, panel, { manual: false })),
  },
  {
    name: 'transmission-manual-alarm',
    text: { zh: '按下传输装置的手动报警键', en: 'The alarm key of the transmission device is pressed' },
    takes: [],
    acts: onDevice([0, (s) => operate(s, { key: 'manual-alarm', operator: OPERATOR })]),
  },
  {
    name: 'transmission-comms-loss',
    text: { zh: '传输装置线路中断 45 秒', en: 'The line of the transmission device is cut for 45 s' },
    takes: [],
    acts: onDevice([0, (s) => ({ ...s, cut: true })], [CUT_S, (s) => ({ ...s, cut: false })]),
  },
  {
    name: 'transmission-burst',
    text: { zh: '断线期间多条信息，恢复后集中补报并重复', en: 'Messages of a cut told in a burst, some of them twice' },
    takes: ['device'],
    acts: burst,
  },
  {
    name: 'transmission-mains-loss',
    text: { zh: '传输装置主电故障一分钟', en: 'The transmission device loses its mains for a minute' },
    takes: [],
    acts: onDevice([0, (s) => ({ ...s, mainsLost: true })], [MAINS_AWAY_S, (s) => ({ ...s, mainsLost: false })]),
  },
  {
    name: 'transmission-power-loss',
    text: { zh: '传输装置主备电全失，装置停机', en: 'The transmission device loses mains and battery and is dead' },
    takes: [],
    acts: onDevice(
      [0, (s) => ({ ...s, mainsLost: true })],
      [5, (s) => ({ ...s, batteryLow: true })],
      [12, (s) => ({ ...s, dead: true })],
    ),
  },
  {
    name: 'transmission-wrong-clock',
    text: { zh: '传输装置时钟慢 25 分钟', en: 'The clock of the transmission device is 25 minutes slow' },
    takes: [],
    acts: onDevice([0, (s) => ({ ...s, misset: { n: s.misset.n + 1, ms: MISSET_MS } })]),
  },
  {
    name: 'transmission-clock-denied',
    text: { zh: '传输装置时钟慢 25 分钟，且拒绝校时', en: 'The same, and the device refuses to be set' },
    takes: [],
    acts: onDevice([0, (s) => ({ ...s, takesClock: false, misset: { n: s.misset.n + 1, ms: MISSET_MS } })]),
  },
  {
    name: 'transmission-duty-key',
    text: { zh: '值班员按下查岗应答键', en: 'The key of the duty check is pressed at the device' },
    takes: [],
    acts: onDevice([0, (s) => operate(s, { key: 'duty-answer', operator: OPERATOR })]),
  },
];
