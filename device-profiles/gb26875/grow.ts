// From what a GB/T 26875.3 transmission device has told of to the points and signals of its model. Pure.
import type { Text } from '../contract/point.ts';
import type { ModelPoint, ModelSignal } from '../contract/profile.ts';
import type { Condition } from '../contract/signal.ts';
import { codeName, type Gb26875Tables, type StateBit } from './tables.ts';

/** A building's fire system as the device names it: type by the table of systems, address by its installer. */
export interface SystemRef {
  readonly type: number;
  readonly address: number;
}

/** A component: type by the table of components; the address is four bytes that the standard leaves to the maker. */
export interface ComponentRef {
  readonly system: SystemRef;
  readonly type: number;
  readonly address: number;
}

/** What a device has told of so far, each once. */
export interface Learned {
  readonly systems: readonly SystemRef[];
  readonly components: readonly (ComponentRef & { readonly text: string })[];
  readonly quantities: readonly (ComponentRef & { readonly quantity: number })[];
}
export const NOTHING_LEARNED: Learned = { systems: [], components: [], quantities: [] };

const WORD_BITS = 16;
const ZONE_BITS = 0x1_0000;

/**
 * Address as people in the building read it: the low word is the zone, the high word the point in it, as the published
 * frames have it. It identifies nothing but this: devices that number otherwise get other numbers, and no two the same.
 */
export const placeText = (address: number): string => `${address % ZONE_BITS}-${Math.floor(address / ZONE_BITS)}`;

const systemKey = ({ type, address }: SystemRef): string => `${type}-${address}`;
const componentKey = ({ system, type, address }: ComponentRef): string =>
  `${systemKey(system)}-${type}-${placeText(address)}`;

/** Ids of points. The type is part of a component's: two that share an address must never hide each other. */
export const systemPoint = (system: SystemRef): string => `system-${systemKey(system)}`;
export const operationPoint = (system: SystemRef | undefined): string =>
  system ? `operation-${systemKey(system)}` : 'device-operation';
export const componentPoint = (component: ComponentRef): string => `part-${componentKey(component)}`;
export const quantityPoint = (component: ComponentRef, quantity: number): string =>
  `value-${componentKey(component)}-${quantity}`;
export const DEVICE_POINT = 'device-status';
/** Type flag or command of the last message that could not be understood, 0 while there was none. */
export const UNKNOWN_POINT = 'not-understood';
/** Its clock: 1 at the moment when we set it, 2 while it is off and can't be set, else 0. */
export const CLOCK_POINT = 'device-clock';
export const CLOCK_WORDS = { well: 0, set: 1, leftAlone: 2 } as const;
/** By how much it is ahead of ours, s. */
export const CLOCK_OFFSET_POINT = 'device-clock-offset';

const TEMPLATES = { system: 'system', component: 'part', device: DEVICE_POINT } as const;

const word = (id: string, template: string, name: Text): ModelPoint => ({
  id,
  template,
  name,
  type: 'word',
  lane: 'safety',
  poll: 'slow',
});

function systemName(tables: Gb26875Tables, { type, address }: SystemRef): Text {
  const { zh, en } = codeName(tables.systems, type);
  return { zh: `${zh} ${address}`, en: `${en} ${address}` };
}

/** What the installer called it, with its kind and address; the address alone where it has no name. */
function componentName(tables: Gb26875Tables, component: ComponentRef, text: string): Text {
  const kind = codeName(tables.components, component.type);
  const place = placeText(component.address);
  if (text === '') return { zh: `${kind.zh} ${place}`, en: `${kind.en} ${place}` };
  return { zh: `${text}（${kind.zh} ${place}）`, en: `${text} (${kind.en} ${place})` };
}

function quantityPointOf(
  tables: Gb26875Tables,
  component: ComponentRef & { readonly quantity: number },
  text: string,
): ModelPoint {
  const known = tables.analog[String(component.quantity)];
  const name = componentName(tables, component, text);
  const words = known?.text ?? { zh: `未知量 ${component.quantity}`, en: `Unknown quantity ${component.quantity}` };
  return {
    id: quantityPoint(component, component.quantity),
    template: 'value',
    name: { zh: `${name.zh} ${words.zh}`, en: `${name.en} ${words.en}` },
    type: 'int16',
    lane: 'telemetry',
    poll: 'slow',
    ...(known ? { scale: known.scale, unit: known.unit } : {}),
  };
}

/** Points of the device itself, its systems, their operations, components and quantities. */
export function grownPoints(tables: Gb26875Tables, learned: Learned): ModelPoint[] {
  const texts = new Map(learned.components.map((c) => [componentKey(c), c.text]));
  return [
    word(DEVICE_POINT, TEMPLATES.device, { zh: '用户信息传输装置', en: 'Transmission device' }),
    word(operationPoint(undefined), 'device-operation', { zh: '传输装置操作', en: 'Operation at the device' }),
    word(UNKNOWN_POINT, UNKNOWN_POINT, { zh: '未能理解的数据', en: 'Data not understood' }),
    word(CLOCK_POINT, CLOCK_POINT, { zh: '传输装置时钟', en: 'Clock of the device' }),
    {
      id: CLOCK_OFFSET_POINT,
      template: CLOCK_OFFSET_POINT,
      name: { zh: '传输装置时钟偏差', en: 'Offset of the device clock' },
      type: 'int32',
      lane: 'telemetry',
      poll: 'slow',
      unit: 's',
    },
    ...learned.systems.flatMap((system) => {
      const { zh, en } = systemName(tables, system);
      return [
        word(systemPoint(system), TEMPLATES.system, { zh, en }),
        word(operationPoint(system), 'operation', { zh: `${zh} 操作`, en: `${en} operation` }),
      ];
    }),
    ...learned.components.map((c) => word(componentPoint(c), TEMPLATES.component, componentName(tables, c, c.text))),
    ...learned.quantities.map((q) => quantityPointOf(tables, q, texts.get(componentKey(q)) ?? '')),
  ];
}

/** One signal for each bit that has a class, one for bits that the edition reserves, and 测试 where no other bit is set. */
function stateSignals(point: string, prefix: string, bits: readonly StateBit[], width: number): ModelSignal[] {
  const first = Math.max(...bits.map((b) => b.bit)) + 1;
  const known = bits.flatMap(({ bit, id, class: of, text }): ModelSignal[] =>
    of ? [{ id: `${prefix}-${id}`, class: of, point, when: { bit, eq: 1 }, text }] : [],
  );
  const testing: Condition = {
    all: [
      { bit: 0, eq: 0 },
      { bits: [1, width - 1], eq: 0 },
    ],
  };
  return [
    ...known,
    { id: `${prefix}-test`, class: 'TEST', point, when: testing, text: { zh: '测试状态', en: 'Under test' } },
    ...(first < width ? [reservedSignal(point, prefix, first, width)] : []),
  ];
}

const reservedSignal = (point: string, prefix: string, first: number, width: number): ModelSignal => ({
  id: `${prefix}-unknown-state`,
  class: 'FAULT',
  point,
  when: { bits: [first, width - 1], ne: 0 },
  text: { zh: '未知状态位', en: 'Unknown state bit' },
  advice: {
    zh: '装置上报了标准保留的状态位。先到现场确认，再向厂家询问含义。',
    en: 'The device reports a state that the standard reserves. Check on site, then ask its maker.',
  },
});

const operationSignals = (point: string, bits: readonly StateBit[]): ModelSignal[] =>
  bits.flatMap(({ bit, id, class: of, text }): ModelSignal[] =>
    of ? [{ id: `${point}-${id}`, class: of, point, when: { bit, eq: 1 }, text }] : [],
  );

/** Signals of all points that {@link grownPoints} can make; those of templates that have no point yet do nothing. */
export function grownSignals(tables: Gb26875Tables, learned: Learned): ModelSignal[] {
  const { states, operations } = tables;
  const BYTE_BITS = 8;
  return [
    ...stateSignals(DEVICE_POINT, 'device', states.device, BYTE_BITS),
    ...operationSignals('device-operation', operations.device),
    {
      id: 'not-understood',
      class: 'FAULT',
      point: UNKNOWN_POINT,
      when: { ne: 0 },
      text: { zh: '收到未能理解的数据', en: 'Data not understood' },
      advice: {
        zh: '装置发来标准以外的数据类型，内容未被采用。原文见网关的计数与日志，请向厂家索取协议。',
        en: 'The device sends data of a type outside the standard; it was not used. Ask its maker for the protocol.',
      },
    },
    {
      id: 'device-clock-wrong',
      class: 'FAULT',
      point: CLOCK_POINT,
      when: { bit: 1, eq: 1 },
      text: { zh: '装置时钟不准，校时无效', en: 'Clock is wrong and can not be set' },
      advice: {
        zh: '装置拒绝校时或校时后仍不准，网关不再校它的时钟。报警按网关时间记录。请到现场手动校准，必要时更换时钟电池。',
        en: 'The device refuses its time, or is wrong again after it: it is left alone, and alarms go by the time of the gateway. Set it by hand; its clock battery may be empty.',
      },
    },
    ...(learned.systems.length > 0
      ? [
          ...stateSignals(TEMPLATES.system, 'system', states.system, WORD_BITS),
          ...operationSignals('operation', operations.system),
        ]
      : []),
    ...(learned.components.length > 0 ? stateSignals(TEMPLATES.component, 'part', states.component, WORD_BITS) : []),
  ];
}
