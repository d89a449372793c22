// What stands behind a transmission device (用户信息传输装置): fire panels with their components, each a state of its own,
// and the device's own supply, line and clock. Pure; nothing here knows how it is told.

/** A component with the numbers its installer gave it. */
export interface Part {
  /** Name in its panel, e.g. `smoke-1-3`. */
  readonly id: string;
  /** Code of the table of component types. */
  readonly type: number;
  readonly zone: number;
  readonly number: number;
  readonly text: string;
  /** What it measures, if it does. */
  readonly measures?: 'pressure' | 'level';
}

export interface PanelShape {
  readonly id: string;
  /** Code of the table of system types, and its number at the device. */
  readonly system: number;
  readonly address: number;
  readonly text: string;
  readonly parts: readonly Part[];
}

/** Conditions that can hold at once. */
export interface PartState {
  readonly fire: boolean;
  readonly fault: boolean;
  readonly shielded: boolean;
  readonly supervisory: boolean;
  readonly started: boolean;
  readonly feedback: boolean;
  readonly delayed: boolean;
  readonly powerFault: boolean;
}
const QUIET: PartState = {
  fire: false,
  fault: false,
  shielded: false,
  supervisory: false,
  started: false,
  feedback: false,
  delayed: false,
  powerFault: false,
};

export interface LinkedPanel {
  readonly shape: PanelShape;
  readonly parts: ReadonlyMap<string, PartState>;
  readonly manual: boolean;
  readonly mainsLost: boolean;
  readonly batteryLow: boolean;
}

/** A key pressed at a panel (with its id) or at the device itself. */
export interface Operation {
  /** Running number. */
  readonly n: number;
  readonly panel?: string;
  readonly key: 'reset' | 'silence' | 'manual-alarm' | 'self-test' | 'confirm' | 'duty-answer';
  readonly operator: number;
}

export interface TransmissionState {
  readonly panels: ReadonlyMap<string, LinkedPanel>;
  readonly operations: readonly Operation[];
  readonly mainsLost: boolean;
  readonly batteryLow: boolean;
  /** Line to the centre. */
  readonly cut: boolean;
  /** Without any supply it neither sees nor tells anything. */
  readonly dead: boolean;
  /** By how much its clock is set ahead when somebody sets it wrong, ms; `n` counts these times. */
  readonly misset: { readonly n: number; readonly ms: number };
  readonly takesClock: boolean;
  /** Somebody at the desk answers a duty check. */
  readonly answersDutyCheck: boolean;
  /** How often it was made to send its last messages again. */
  readonly repeats: number;
}

const OPERATIONS_MAX = 200;

const quietPanel = (shape: PanelShape): LinkedPanel => ({
  shape,
  parts: new Map(shape.parts.map((p) => [p.id, QUIET])),
  manual: false,
  mainsLost: false,
  batteryLow: false,
});

export const quietTransmission = (shapes: readonly PanelShape[]): TransmissionState => ({
  panels: new Map(shapes.map((s) => [s.id, quietPanel(s)])),
  operations: [],
  mainsLost: false,
  batteryLow: false,
  cut: false,
  dead: false,
  misset: { n: 0, ms: 0 },
  takesClock: true,
  answersDutyCheck: true,
  repeats: 0,
});

/** Everything quiet again; what has been counted goes on. */
export const calmed = (s: TransmissionState): TransmissionState => ({
  ...quietTransmission([...s.panels.values()].map((p) => p.shape)),
  operations: s.operations,
  misset: { n: s.misset.n + 1, ms: 0 },
  repeats: s.repeats,
});

/** @throws Error naming the panel when the device has none of that name */
export function linkedPanel(s: TransmissionState, id: string): LinkedPanel {
  const panel = s.panels.get(id);
  if (!panel)
    throw new Error(`no panel ${id} behind the transmission device; there are: ${[...s.panels.keys()].join(', ')}`);
  return panel;
}

export function changePanel(s: TransmissionState, id: string, change: Partial<LinkedPanel>): TransmissionState {
  return { ...s, panels: new Map(s.panels).set(id, { ...linkedPanel(s, id), ...change }) };
}

/** @throws Error naming panel and part when there is no such part */
export function changePart(
  s: TransmissionState,
  id: string,
  part: string,
  change: Partial<PartState>,
): TransmissionState {
  const { parts } = linkedPanel(s, id);
  const before = parts.get(part);
  if (!before) throw new Error(`panel ${id} has no part ${part}`);
  return changePanel(s, id, { parts: new Map(parts).set(part, { ...before, ...change }) });
}

export function operate(s: TransmissionState, o: Omit<Operation, 'n'>): TransmissionState {
  const n = (s.operations.at(-1)?.n ?? 0) + 1;
  return { ...s, operations: [...s.operations, { n, ...o }].slice(-OPERATIONS_MAX) };
}

/** Reset at a panel: alarms and what they started go; faults and what is shielded stay (GB 4717). */
export function resetLinked(s: TransmissionState, id: string, operator: number): TransmissionState {
  const { parts } = linkedPanel(s, id);
  const after = [...parts].map(([part, { fault, shielded, powerFault }]): [string, PartState] => [
    part,
    { ...QUIET, fault, shielded, powerFault },
  ]);
  return operate(changePanel(s, id, { parts: new Map(after) }), { panel: id, key: 'reset', operator });
}
