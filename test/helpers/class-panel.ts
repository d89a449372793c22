// A device with one register for each alarm class, behind a real Modbus server: a screen can be shown every class at will.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALARM_CLASSES, type AlarmClass } from '../../device-profiles/contract/signal.ts';
import { ModbusServer } from '../../simulators/modbus-server.ts';
import { onCleanup } from './cleanup.ts';

const pointOf = (c: AlarmClass): string => `p-${c.toLowerCase()}`;

const PROFILE = `kind: fire-panel
vendor: Fengsui
model: One of each class
name: { zh: 全类别主机, en: Panel of every class }
edition: Own
source: test/helpers/class-panel.ts
evidence: A
modbus:
  addressBase: { holding: 0 }
points:
${ALARM_CLASSES.map(
  (c, k) => `  - id: ${pointOf(c)}
    name: { zh: 测点${c}, en: Point ${c} }
    type: uint16
    lane: safety
    modbus: { address: ${k} }`,
).join('\n')}
signals:
${ALARM_CLASSES.map(
  (c) => `  - id: s-${c.toLowerCase()}
    class: ${c}
    point: ${pointOf(c)}
    when: { eq: 1 }
    text: { zh: 信号${c}, en: Signal ${c} }`,
).join('\n')}
fixtures: [none.json]
`;

export class ClassPanel {
  readonly #words = new Uint16Array(ALARM_CLASSES.length + 1);
  readonly #server = new ModbusServer({
    host: '127.0.0.1',
    port: 0,
    framing: 'tcp',
    missingUnit: 'silent',
    units: new Map([
      [
        1,
        {
          read: (_: unknown, address: number, n: number): number[] =>
            Array.from({ length: n }, (_v, i) => this.#words[address + i] ?? 0),
        },
      ],
    ]),
  });

  /** @param dir folder of the site file, whose profiles are in `profiles` */
  static async start(dir: string): Promise<{ panel: ClassPanel; links: string[]; devices: string[] }> {
    const panel = new ClassPanel();
    const port = await panel.#server.start();
    onCleanup(() => panel.#server.stop());
    mkdirSync(join(dir, 'profiles', 'classes'), { recursive: true });
    writeFileSync(join(dir, 'profiles', 'classes', 'every-class.yaml'), PROFILE);
    return {
      panel,
      links: [`  - { id: classes, type: modbus-tcp, host: 127.0.0.1, port: ${port} }`],
      devices: ['  - { id: every, profile: every-class, link: classes, unit: 1, building: b1, floor: 3 }'],
    };
  }

  set(c: AlarmClass, on: boolean): void {
    this.#words[ALARM_CLASSES.indexOf(c)] = on ? 1 : 0;
  }
}
