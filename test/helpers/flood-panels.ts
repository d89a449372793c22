// Fire panels with thousands of detectors behind a real Modbus server, for floods: which detector goes into which state is
// told by its number, and spread over buildings, floors and classes in a fixed order.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModbusServer } from '../../simulators/modbus-server.ts';
import { onCleanup } from './cleanup.ts';

/** What the sheet of gst-modbus-sheet tells of a device, and the class that its signals make of it. */
export const FLOOD_STATES = [
  { state: 1, class: 'FIRE' },
  { state: 2, class: 'FAULT' },
  { state: 3, class: 'DISABLED' },
] as const;
export type FloodClass = (typeof FLOOD_STATES)[number]['class'];

const DEVICES_PER_PANEL = 2_000;
const [BUILDINGS, FLOORS] = [6, 26];
/** Printed 40031; two bits a device, device 1 in slot 2, eight a register, high bits first. */
const SHEET = 30;

/** Of ten alarms two are fires, two disablements, the others faults. */
const classOf = (k: number): (typeof FLOOD_STATES)[number] => FLOOD_STATES[k % 5 === 0 ? 0 : k % 5 === 3 ? 2 : 1];

export class FloodPanels {
  readonly detectors: number;
  readonly #words: Uint16Array[];
  #raised = 0;
  #server: ModbusServer;

  private constructor(detectors: number) {
    this.detectors = detectors;
    const panels = Math.ceil(detectors / DEVICES_PER_PANEL);
    this.#words = Array.from({ length: panels }, () => new Uint16Array(1 + SHEET + DEVICES_PER_PANEL / 8));
    const units = this.#words.map((words, p) => {
      const read = (_: unknown, address: number, n: number): number[] =>
        Array.from({ length: n }, (_v, i) => words[address + i] ?? 0);
      return [p + 1, { read }] as const;
    });
    this.#server = new ModbusServer({
      host: '127.0.0.1',
      port: 0,
      framing: 'tcp',
      missingUnit: 'silent',
      units: new Map(units),
    });
  }

  /**
   * Starts the panels and writes their point lists beside the site file that will name them.
   * @param dir folder of the site file
   * @returns the panels, with the lines of the site file
   */
  static async start(
    dir: string,
    detectors: number,
  ): Promise<{ panels: FloodPanels; links: string[]; devices: string[] }> {
    const panels = new FloodPanels(detectors);
    const port = await panels.#server.start();
    onCleanup(() => panels.#server.stop());
    mkdirSync(dir, { recursive: true });
    const devices = panels.#words.map((_, p) => {
      writeFileSync(join(dir, `panel-${p + 1}.csv`), panels.#list(p));
      return `  - { id: panel-${p + 1}, profile: gst-modbus-sheet, link: panels, unit: ${p + 1}, pointList: panel-${p + 1}.csv }`;
    });
    return { panels, links: [`  - { id: panels, type: modbus-tcp, host: 127.0.0.1, port: ${port} }`], devices };
  }

  /** How many are in alarm so far. */
  get raised(): number {
    return this.#raised;
  }

  /** How many of a class the first `n` alarms have. */
  static count(n: number, of: FloodClass): number {
    return Array.from({ length: n }, (_, k) => k).filter((k) => classOf(k).class === of).length;
  }

  /** The next detectors go into alarm, now. */
  raise(n: number): void {
    for (let k = 0; k < n && this.#raised < this.detectors; k++) this.#flip(this.#raised++);
  }

  #flip(k: number): void {
    const panels = this.#words.length;
    const words = this.#words[k % panels];
    const slot = Math.floor(k / panels) + 2;
    const at = SHEET + (slot >> 3);
    if (words) words[at] = (words[at] ?? 0) | (classOf(k).state << (14 - 2 * (slot & 7)));
  }

  #list(panel: number): string {
    const lines = ['point,name_zh,name_en,building,floor,place'];
    const panels = this.#words.length;
    for (let k = panel; k < this.detectors; k += panels) {
      const point = `dev-${String(Math.floor(k / panels) + 1).padStart(4, '0')}`;
      const zone = Math.floor((k * BUILDINGS * FLOORS) / this.detectors);
      const [building, floor] = [`b${1 + Math.floor(zone / FLOORS)}`, 1 + (zone % FLOORS)];
      lines.push(`${point},感烟${k + 1},Smoke detector ${k + 1},${building},${floor},走道${k + 1}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
