// A small compound of foreign parts for end-to-end tests: hub and gateway as processes, a Modbus server of other
// authors as fire panel and pump controller, mosquitto_pub as gauge and lift terminal. Nothing of our simulators.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPymodbus, type Pymodbus } from '../helpers/modbus-servers/pymodbus.ts';
import { mosquittoPub } from '../helpers/mosquitto.ts';
import { REPO, startNode, type RunningProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';

export const PASSWORD = 'correct horse battery';
export const GATEWAY = 'gw-e2e';
export const GAUGE = { serial: 'SHMK26100001', password: 'gauge password' } as const;
export const LIFT = { code: '3110001001', password: 'lift password' } as const;
/** Unit 1: a GST sheet with devices 1–4; unit 2: a Tornatech controller. */
export const UNITS = { panel: 1, pump: 2 } as const;
const SITE = (modbusPort: number, more: readonly string[], links: readonly string[]): string => `gateway: ${GATEWAY}
community: xingfuli
profiles: [${join(REPO, 'device-profiles')}]
links:
  - { id: bus, type: modbus-tcp, host: 127.0.0.1, port: ${modbusPort} }
  - { id: field, type: mqtt }
${links.map((line) => `  - ${line}\n`).join('')}devices:
  - id: panel
    name: { zh: 1号楼主机, en: 'Panel, building 1' }
    profile: gst-modbus-sheet
    link: bus
    unit: ${UNITS.panel}
    building: b1
    floor: 1
    pointList: panel.csv
  - { id: pump, name: { zh: 消防泵, en: Fire pump }, profile: tornatech-gpx, link: bus, unit: ${UNITS.pump}, building: b3, floor: -1 }
  - id: ext-1
    name: { zh: 12层灭火器, en: 'Extinguisher, floor 12' }
    profile: meokon-mk
    link: field
    building: b1
    floor: 12
    vars: { serial: ${GAUGE.serial} }
  - id: lift-1
    name: { zh: 1号电梯, en: Elevator 1 }
    profile: terminal-json
    link: field
    building: b1
    vars: { code: '${LIFT.code}' }
${more.map((line) => `  - ${line}\n`).join('')}mqttUsers:
  - { username: ${GAUGE.serial}, password: ${GAUGE.password}, topics: [GIOT-GW/UL/${GAUGE.serial}] }
  - { username: '${LIFT.code}', password: ${LIFT.password}, topics: ['elevator/${LIFT.code}/state'] }
`;
const POINT_LIST = `point,name_zh,name_en,building,floor,place
dev-0001,12层电梯厅感烟,"Smoke detector, lift lobby, floor 12",b1,12,12层电梯厅
dev-0002,12层走道感烟,"Smoke detector, corridor, floor 12",b1,12,12层走道
dev-0003,13层电梯厅感烟,"Smoke detector, lift lobby, floor 13",b1,13,13层电梯厅
dev-0004,13层走道感烟,"Smoke detector, corridor, floor 13",b1,13,13层走道
`;

/** A signed-in user's way to the API. */
export class Caller {
  readonly #url: string;
  readonly cookie: string;
  constructor(url: string, cookie: string) {
    this.#url = url;
    this.cookie = cookie;
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        cookie: this.cookie,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  /** @throws Error with the answer when it is not 2xx */
  async good<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const answer = await this.ask(method, path, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  async items<T>(path: string): Promise<T[]> {
    return (await this.good<{ items: T[] }>('GET', path)).items;
  }
}

export interface CompoundOptions {
  /** More links of the site file, a line each. */
  readonly links?: readonly string[];
  /** More devices, a line each; and the units that those on the Modbus server's link `bus` have there. */
  readonly devices?: readonly string[];
  readonly units?: readonly number[];
  /** More rows of the panel's point list. */
  readonly points?: readonly string[];
  readonly hubEnv?: Readonly<Record<string, string>>;
  readonly gatewayEnv?: Readonly<Record<string, string>>;
}

export class Compound {
  readonly dir = tempDir('compound');
  readonly modbus: Pymodbus;
  readonly hub: RunningProcess;
  readonly gateway: RunningProcess;
  readonly url: string;
  readonly fieldPort: number;

  private constructor(modbus: Pymodbus, hub: RunningProcess, gateway: RunningProcess) {
    this.modbus = modbus;
    this.hub = hub;
    this.gateway = gateway;
    this.url = (hub.ready as { url: string }).url;
    this.fieldPort = (gateway.ready as { fieldMqtt: number }).fieldMqtt;
  }

  static async start(options: CompoundOptions = {}): Promise<Compound> {
    const dir = tempDir('compound');
    const modbus = await startPymodbus({ units: [...Object.values(UNITS), ...(options.units ?? [])], size: 1_200 });
    const hub = await startNode('hub/main.ts', [], {
      env: {
        HTTP_PORT: '0',
        MQTT_PORT: '0',
        FENGSUI_DATA: join(dir, 'hub'),
        FENGSUI_DEMO_PASSWORD: PASSWORD,
        FENGSUI_DEMO_COMMUNITY: join(REPO, 'simulators/demo-community/xingfuli.yaml'),
        LOG_LEVEL: 'warn',
        ...options.hubEnv,
      },
      ms: 60_000,
    });
    const { url, broker } = hub.ready as { url: string; broker: string };
    const admin = await signIn(url, 'admin');
    const { username, password } = await admin.good<{ username: string; password: string }>('POST', '/api/gateways', {
      id: GATEWAY,
    });
    mkdirSync(join(dir, 'site'));
    writeFileSync(join(dir, 'site', 'site.yaml'), SITE(modbus.port, options.devices ?? [], options.links ?? []));
    writeFileSync(join(dir, 'site', 'panel.csv'), [POINT_LIST, ...(options.points ?? [])].join(''));
    const gateway = await startNode('gateway/main.ts', ['--site', join(dir, 'site', 'site.yaml')], {
      env: {
        FENGSUI_DATA: join(dir, 'gateway'),
        MQTT_URL: broker,
        GATEWAY_USER: username,
        GATEWAY_PASSWORD: password,
        FIELD_MQTT_PORT: '0',
        ANNUNCIATOR_PORT: '0',
        LOG_LEVEL: 'warn',
        ...options.gatewayEnv,
      },
      ms: 60_000,
    });
    return new Compound(modbus, hub, gateway);
  }

  /** Sets the state of a GST device: 0 normal, 1 fire, 2 fault, 3 disabled. Devices 1–6 lie in 40031. */
  async gst(states: Readonly<Partial<Record<1 | 2 | 3 | 4 | 5 | 6, number>>>): Promise<void> {
    let word = 0;
    for (const [device, state] of Object.entries(states)) word |= (state ?? 0) << (14 - 2 * ((Number(device) + 1) % 8));
    await this.modbus.set(UNITS.panel, 'holding', 30, [word]);
  }

  /** A message of the wireless gauge, as mosquitto_pub sends it with QoS 1. */
  async gauge(hex: string): Promise<void> {
    await mosquittoPub(
      {
        port: this.fieldPort,
        topic: `GIOT-GW/UL/${GAUGE.serial}`,
        user: GAUGE.serial,
        password: GAUGE.password,
        qos: 1,
      },
      hex,
    );
  }

  async lift(state: Readonly<Record<string, unknown>>): Promise<void> {
    await mosquittoPub(
      { port: this.fieldPort, topic: `elevator/${LIFT.code}/state`, user: LIFT.code, password: LIFT.password, qos: 1 },
      JSON.stringify({ Registration_Code: LIFT.code, Timestamp: Date.now(), ...QUIET_LIFT, ...state }),
    );
  }

  signIn(username: string): Promise<Caller> {
    return signIn(this.url, username);
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.hub.stop();
    await this.modbus.stop();
  }
}

export const QUIET_LIFT = {
  Service_Mode: 1,
  Car_Status: 0,
  Car_Direction: 0,
  Door_Zone: true,
  Car_Position: 5,
  Door_Status: 1,
  Passenger_Status: false,
  Run_Count: 100,
  Fault: 0,
  Alarm: 0,
} as const;

export async function signIn(url: string, username: string): Promise<Caller> {
  const answer = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  if (!answer.ok) throw new Error(`sign-in of ${username}: ${answer.status} ${await answer.text()}`);
  const cookie = answer.headers
    .getSetCookie()
    .find((c) => c.startsWith('fengsui_session='))
    ?.split(';')[0];
  if (cookie === undefined) throw new Error('no session cookie');
  return new Caller(url, cookie);
}

export interface AlarmItem {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  readonly signal: string;
  readonly class: string;
  readonly state: string;
  readonly workOrder: string | null;
}

/** Waits until exactly `count` open alarms fit. */
export function openAlarms(caller: Caller, query: string, count: number, what: string): Promise<AlarmItem[]> {
  return until(
    async () => {
      const items = await caller.items<AlarmItem>(`/api/alarms?state=open&${query}`);
      return items.length === count ? items : undefined;
    },
    { ms: 20_000, what, everyMs: 50 },
  );
}
