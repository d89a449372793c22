// What the objects of a message say: which systems and components are new, and what each point reads now. Pure.
import {
  componentPoint,
  DEVICE_POINT,
  operationPoint,
  quantityPoint,
  systemPoint,
  type ComponentRef,
  type Learned,
  type SystemRef,
} from '../../device-profiles/gb26875/grow.ts';
import type { Gb26875Tables } from '../../device-profiles/gb26875/tables.ts';
import type { AduObject } from './adu.ts';

/** One value of one point by its id; `time` is the device's. */
export interface Told {
  readonly point: string;
  readonly value: number;
  readonly time: number | undefined;
  /** It has a time that can't be believed. */
  readonly doubted?: boolean;
}

const sameSystem = (a: SystemRef, b: SystemRef): boolean => a.type === b.type && a.address === b.address;
const sameComponent = (a: ComponentRef, b: ComponentRef): boolean =>
  sameSystem(a.system, b.system) && a.type === b.type && a.address === b.address;

/** The system that an object belongs to, where it names one. */
function systemOf(object: AduObject): SystemRef | undefined {
  if ('component' in object) return object.component.system;
  return 'system' in object ? object.system : undefined;
}

/** `known` with what these objects tell of beyond it; `known` itself when there is nothing. */
export function learn(known: Learned, objects: readonly AduObject[]): Learned {
  let { systems, components, quantities } = known;
  for (const object of objects) {
    const system = systemOf(object);
    if (system && !systems.some((s) => sameSystem(s, system))) systems = [...systems, system];
    if (!('component' in object)) continue;
    const { component } = object;
    const text = 'text' in object ? object.text : '';
    const at = components.findIndex((c) => sameComponent(c, component));
    const before = components[at];
    if (!before) components = [...components, { ...component, text }];
    // A message without a text takes no name away.
    else if (text !== '' && text !== before.text) components = components.with(at, { ...before, text });
    if (object.kind !== 'analog') continue;
    const { quantity } = object;
    if (!quantities.some((q) => q.quantity === quantity && sameComponent(q, component)))
      quantities = [...quantities, { ...component, quantity }];
  }
  const same = systems === known.systems && components === known.components && quantities === known.quantities;
  return same ? known : { systems, components, quantities };
}

/** Decimal places of a scale, so that 47 × 0.1 is 4.7. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** Bits that a panel's reset takes back. */
const takenBack = (bits: Gb26875Tables['states']['system']): number =>
  bits.reduce((mask, b) => (b.takenBack ? mask | (1 << b.bit) : mask), 0);

const hasBit = (bits: Gb26875Tables['operations']['system'], id: string, status: number): boolean =>
  bits.some((b) => b.id === id && ((status >> b.bit) & 1) === 1);

/** Systems that these objects say were reset. A reset of the transmission device itself is none of a panel. */
export function resetIn(objects: readonly AduObject[], { operations, states }: Gb26875Tables): SystemRef[] {
  return objects.flatMap((object) => {
    if (object.kind === 'operation' && object.system)
      return hasBit(operations.system, 'reset', object.status) ? [object.system] : [];
    if (object.kind === 'system-status') return hasBit(states.system, 'reset', object.status) ? [object.system] : [];
    return [];
  });
}

/**
 * What stands at a reset system and its components after it (GB 4717: a panel that is reset takes its alarms back and
 * tells again, within 20 s, what is still there).
 * @param now last value of a point
 */
export function afterReset(
  system: SystemRef,
  learned: Learned,
  { states }: Gb26875Tables,
  now: (point: string) => number | undefined,
): Told[] {
  const back = (point: string, mask: number): Told[] => {
    const value = now(point);
    // Bit 0 is "in service": where nothing else is left, that is what it is again.
    if (value === undefined || (value & mask) === 0) return [];
    return [{ point, value: (value & ~mask) | 1, time: undefined }];
  };
  const parts = learned.components.filter((c) => sameSystem(c.system, system));
  return [
    ...back(systemPoint(system), takenBack(states.system)),
    ...parts.flatMap((c) => back(componentPoint(c), takenBack(states.component))),
  ];
}

/**
 * What is told, with times by our clock.
 * @param correction what the device's clock is ahead, ms; undefined where its times can't be believed
 */
export function byOurClock(told: readonly Told[], correction: number | undefined): Told[] {
  return told.map((t) => {
    if (t.time === undefined) return t;
    return correction === undefined ? { ...t, time: undefined, doubted: true } : { ...t, time: t.time - correction };
  });
}

/** What these objects say of points, in their order. An operation is a moment: it is told and taken back. */
export function toldBy(objects: readonly AduObject[], tables: Gb26875Tables): Told[] {
  return objects.flatMap((object): Told[] => {
    switch (object.kind) {
      case 'system-status':
        return [{ point: systemPoint(object.system), value: object.status, time: object.time }];
      case 'component-status':
        return [{ point: componentPoint(object.component), value: object.status, time: object.time }];
      case 'device-status':
        return [{ point: DEVICE_POINT, value: object.status, time: object.time }];
      case 'analog': {
        const scale = tables.analog[String(object.quantity)]?.scale ?? 1;
        const point = quantityPoint(object.component, object.quantity);
        return [{ point, value: rounded(object.raw * scale), time: object.time }];
      }
      case 'operation': {
        const point = operationPoint(object.system);
        return [
          { point, value: object.status, time: object.time },
          { point, value: 0, time: object.time },
        ];
      }
      case 'version':
      case 'config':
      case 'component-config':
      case 'clock':
        return [];
    }
  });
}
