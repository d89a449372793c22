// The simulated community as data: reads the YAML of `demo-community/` and says which devices stand where.
// Pure apart from `readCommunity`.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { PanelShape, Part } from './models/transmission.ts';

interface Words {
  readonly zh: string;
  readonly en: string;
}

/** A transmission device (用户信息传输装置) and what stands behind it. */
export interface TransmissionPlan {
  /** Device id in the site file. */
  readonly id: string;
  readonly name: Words;
  /** Addresses of the protocol: the device's own and the centre's. */
  readonly source: number;
  readonly centre: number;
  readonly building: string;
  readonly floor: number;
  readonly place: Words;
  readonly panels: readonly {
    readonly id: string;
    readonly system: number;
    readonly address: number;
    readonly text: string;
    readonly zones: number;
    /** `each` of this kind in every zone; `{z}` and `{n}` in the text are zone and number. */
    readonly parts: readonly {
      readonly kind: string;
      readonly type: number;
      readonly each: number;
      readonly text: string;
      readonly measures?: 'pressure' | 'level';
    }[];
  }[];
}

/** The YAML of `demo-community/`. */
export interface Community {
  readonly community: { readonly id: string; readonly name: Words; readonly timeZone: string; readonly address: Words };
  readonly gateway: string;
  readonly floors: { readonly lowest: number; readonly highest: number; readonly height: number };
  readonly elevatorsPerBuilding: number;
  readonly floorPlan: {
    readonly detectors: readonly Words[];
    readonly modules: readonly (Words & { readonly id: string })[];
  };
  readonly buildings: readonly { readonly id: string; readonly name: Words; readonly panel: 'notifier' | 'gst' }[];
  readonly pumpRoom: { readonly building: string; readonly floor: number; readonly place: Words };
  /** The panels that are read by no map of their own, but told by a transmission device. */
  readonly transmission?: TransmissionPlan;
  readonly extinguishers: number;
  readonly gaugeIntervalS: number;
  readonly seed: number;
}

export const readCommunity = (file: string): Community => parse(readFileSync(file, 'utf8')) as Community;

/** Floors as painted, from the lowest up; there is no floor 0. */
export function floorsOf(c: Community): number[] {
  const out: number[] = [];
  for (let f = c.floors.lowest; f <= c.floors.highest; f++) if (f !== 0) out.push(f);
  return out;
}

/** One address of a fire panel and where it is. */
export interface PanelAddress {
  /** `D1-12`, `M1-3` for a Notifier loop; the running number for a GST sheet. */
  readonly id: string;
  readonly role: string;
  readonly floor: number;
  readonly name: Words;
}

const PER_LOOP = 150;

/** Every detector and module of one building, floor by floor, addressed as its panel's map wants it. */
export function panelAddresses(c: Community, panel: 'notifier' | 'gst'): PanelAddress[] {
  const out: PanelAddress[] = [];
  let detector = 0;
  let module = 0;
  for (const floor of floorsOf(c)) {
    const add = (role: string, words: Words, isModule: boolean): void => {
      const n = isModule ? module++ : detector++;
      const loop = Math.floor(n / PER_LOOP) + 1;
      const id = panel === 'gst' ? `${out.length + 1}` : `${isModule ? 'M' : 'D'}${loop}-${(n % PER_LOOP) + 1}`;
      out.push({ id, role, floor, name: { zh: words.zh, en: words.en } });
    };
    c.floorPlan.detectors.forEach((words, k) => add(`detector-${k}`, words, false));
    // A GST sheet tells only normal, fire, fault and disabled: modules that report a start would read as fire there.
    for (const words of c.floorPlan.modules) if (panel === 'notifier' || words.id === 'mcp') add(words.id, words, true);
  }
  return out;
}

/** Panels behind the transmission device, their parts numbered zone by zone. */
export function panelShapes({ panels }: TransmissionPlan): PanelShape[] {
  return panels.map(({ id, system, address, text, zones, parts }) => {
    const all: Part[] = [];
    for (let zone = 1; zone <= zones; zone++) {
      let number = 0;
      for (const { kind, type, each, text: words, measures } of parts)
        for (let n = 1; n <= each; n++)
          all.push({
            id: `${kind}-${zone}-${n}`,
            type,
            zone,
            number: ++number,
            text: words.replace('{z}', String(zone)).replace('{n}', String(n)),
            ...(measures === undefined ? {} : { measures }),
          });
    }
    return { id, system, address, text, parts: all };
  });
}

/** A wireless pressure gauge: on an extinguisher, or on a hydrant or sprinkler end. */
export interface Gauge {
  /** Device id in the site file. */
  readonly id: string;
  /** 12 characters, as the terminal prints it. */
  readonly serial: string;
  readonly use: 'extinguisher' | 'end';
  readonly building: string;
  readonly floor: number;
  readonly name: Words;
}

export function gauges(c: Community): Gauge[] {
  const out: Gauge[] = [];
  const serial = (kind: number, n: number): string => `SHMK26${kind}${String(n).padStart(5, '0')}`;
  const upper = floorsOf(c).filter((f) => f > 0);
  for (let n = 0; n < c.extinguishers; n++) {
    const building = c.buildings[n % c.buildings.length];
    const floor = upper[Math.floor(n / c.buildings.length) % upper.length];
    if (!building || floor === undefined) continue;
    out.push({
      id: `ext-${String(n + 1).padStart(3, '0')}`,
      serial: serial(1, n + 1),
      use: 'extinguisher',
      building: building.id,
      floor,
      name: { zh: '电梯厅灭火器', en: 'Extinguisher, lift lobby' },
    });
  }
  c.buildings.forEach((building, k) => {
    for (const [half, floor] of [upper[0], upper.at(-1)].entries()) {
      if (floor === undefined) continue;
      out.push({
        id: `end-${building.id}-${half === 0 ? 'low' : 'top'}`,
        serial: serial(2, k * 2 + half + 1),
        use: 'end',
        building: building.id,
        floor,
        name: { zh: '消火栓末端', en: 'Hydrant end' },
      });
    }
  });
  return out;
}

export interface Lift {
  readonly id: string;
  readonly building: string;
  readonly unit: number;
  readonly registration: string;
  readonly name: Words;
}

export function lifts(c: Community): Lift[] {
  return c.buildings.flatMap((building, b) =>
    Array.from({ length: c.elevatorsPerBuilding }, (_, k) => ({
      id: `lift-${building.id}-${k + 1}`,
      building: building.id,
      unit: k + 1,
      registration: `3110${String(b + 1).padStart(3, '0')}${String(k + 1).padStart(3, '0')}`,
      name: { zh: `${k + 1}号电梯`, en: `Elevator ${k + 1}` },
    })),
  );
}
