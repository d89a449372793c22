// The site file and point lists of a simulated community: exactly what a site engineer would write by hand, with the
// ports that the servers got. Pure: text in, text out.
import { stringify } from 'yaml';
import type { PanelAddress } from './community.ts';
import { CONTACTS_PER_MODULE, PUMP_ROOM_UNITS } from './units.ts';
import type { World } from './world.ts';

export interface SitePorts {
  /** One box for all Notifier panels; the unit is the panel's node. */
  readonly notifier: number;
  /** By building. */
  readonly gst: ReadonlyMap<string, number>;
  /** By building: an RS-485 converter with the drives of its lifts. */
  readonly drives: ReadonlyMap<string, number>;
  readonly pump: number;
  readonly pumpRoom: number;
  /** Contacts of the control room: which panel stands in manual. */
  readonly controlRoom: number;
}

export interface SiteFileInput {
  readonly host: string;
  readonly ports: SitePorts;
  readonly passwords: Readonly<Record<string, string>>;
  /** Directory of the device profiles, absolute. */
  readonly profiles: string;
}

export const TOPICS = {
  gauge: (serial: string): string => `GIOT-GW/UL/${serial}`,
  lift: (registration: string): string => `elevator/${registration}/state`,
} as const;
export const NOTIFIER_GATEWAY_UNIT = 250;
const FIELD_LINK = 'field';
const CALL_IN_LINK = 'transmission';

type Entry = Record<string, unknown>;

/** File name → text; `devices` counts what the site file lists. */
export function siteFiles(w: World, input: SiteFileInput): { files: Record<string, string>; devices: number } {
  const { community } = w;
  const files: Record<string, string> = {};
  const link = (id: string, type: string, port?: number): Entry => ({
    id,
    type,
    ...(port === undefined ? {} : { host: input.host, port }),
  });
  const links = [
    link('notifier', 'modbus-tcp', input.ports.notifier),
    ...[...input.ports.gst].map(([b, port]) => link(`gst-${b}`, 'modbus-tcp', port)),
    ...[...input.ports.drives].map(([b, port]) => link(`drives-${b}`, 'modbus-rtu-tcp', port)),
    link('pump', 'modbus-tcp', input.ports.pump),
    link('pump-room', 'modbus-rtu-tcp', input.ports.pumpRoom),
    link('control-room', 'modbus-rtu-tcp', input.ports.controlRoom),
    link(FIELD_LINK, 'mqtt'),
    ...(community.transmission ? [link(CALL_IN_LINK, 'gb26875')] : []),
  ];
  const devices = [
    ...panels(w, files),
    ...panelModes(w, files),
    ...pumpRoom(w, files),
    ...liftDevices(w),
    ...gaugeDevices(w),
    ...transmissionDevice(w),
  ];
  const user = (username: string, topic: string): Entry => ({
    username,
    password: input.passwords[username] ?? '',
    topics: [topic],
  });
  const mqttUsers = [
    ...w.gauges.map((g) => user(g.serial, TOPICS.gauge(g.serial))),
    ...w.lifts.map((l) => user(l.registration, TOPICS.lift(l.registration))),
  ];
  files['site.yaml'] =
    `# Written by the simulators at start, with the ports they got. A real site file looks the same.\n` +
    stringify(
      {
        gateway: community.gateway,
        community: community.community.id,
        profiles: [input.profiles],
        links,
        devices,
        mqttUsers,
      },
      { lineWidth: 0, aliasDuplicateObjects: false },
    );
  return { files, devices: devices.length };
}

function panels(w: World, files: Record<string, string>): Entry[] {
  const notifier = w.community.buildings.filter((b) => b.panel === 'notifier');
  const out: Entry[] = [];
  notifier.forEach((b, k) => {
    const addresses = w.addresses.get(b.id) ?? [];
    files[`panel-${b.id}.csv`] = pointList(
      addresses.map((a) => ({ point: notifierPointId(a), a })),
      b.id,
    );
    const top = (letter: string): [number, number] => {
      const parsed = addresses.flatMap((a) => {
        const m = new RegExp(`^${letter}(\\d+)-(\\d+)$`).exec(a.id);
        return m ? [{ loop: Number(m[1]), n: Number(m[2]) }] : [];
      });
      return [Math.max(1, ...parsed.map((p) => p.loop)), Math.max(1, ...parsed.map((p) => p.n))];
    };
    const [loops, detectors] = top('D');
    const [moduleLoops, modules] = top('M');
    out.push({
      id: `panel-${b.id}`,
      name: { zh: `${b.name.zh}火灾报警主机`, en: `Fire panel, ${b.name.en}` },
      profile: 'notifier-modbus-gw',
      link: 'notifier',
      unit: k + 1,
      building: b.id,
      floor: 1,
      place: '消防值班室',
      repeat: { loop: [1, Math.max(loops, moduleLoops)], detector: [1, detectors], module: [1, modules] },
      pointList: `panel-${b.id}.csv`,
    });
  });
  if (notifier.length > 0)
    out.push(
      notifierBox(
        w,
        files,
        notifier.map((b) => b.name),
      ),
    );
  for (const b of w.community.buildings.filter((x) => x.panel === 'gst')) {
    const addresses = w.addresses.get(b.id) ?? [];
    files[`panel-${b.id}.csv`] = pointList(
      addresses.map((a) => ({ point: `dev-${a.id.padStart(4, '0')}`, a })),
      b.id,
    );
    out.push({
      id: `panel-${b.id}`,
      name: { zh: `${b.name.zh}火灾报警主机`, en: `Fire panel, ${b.name.en}` },
      profile: 'gst-modbus-sheet',
      link: `gst-${b.id}`,
      unit: 1,
      building: b.id,
      floor: 1,
      place: '消防值班室',
      pointList: `panel-${b.id}.csv`,
    });
  }
  return out;
}

function notifierBox(w: World, files: Record<string, string>, names: readonly { zh: string; en: string }[]): Entry {
  const rows = names.map((n, k) =>
    [`node-${String(k + 1).padStart(3, '0')}`, `${n.zh}主机在线`, `Panel of ${n.en} online`].map(cell).join(','),
  );
  files['panel-nodes.csv'] = ['point,name_zh,name_en', ...rows, ''].join('\n');
  const { pumpRoom: at } = w.community;
  return {
    id: 'panel-box',
    name: { zh: '报警主机联网网关', en: 'Fire panel network gateway' },
    profile: 'notifier-modbus-gw-nodes',
    link: 'notifier',
    unit: NOTIFIER_GATEWAY_UNIT,
    building: at.building,
    floor: 1,
    place: '消防控制室',
    pointList: 'panel-nodes.csv',
  };
}

/**
 * Neither map of these panels holds manual or automatic, so the site has wired the contact of each to a module of its
 * own; the list says whose it is.
 */
function panelModes(w: World, files: Record<string, string>): Entry[] {
  const { building } = w.community.pumpRoom;
  const modules: Entry[] = [];
  for (let first = 0; first < w.community.buildings.length; first += CONTACTS_PER_MODULE) {
    const unit = first / CONTACTS_PER_MODULE + 1;
    const rows = w.community.buildings.slice(first, first + CONTACTS_PER_MODULE).map((b, k) => {
      const names = [`${b.name.zh}火灾报警主机未在自动`, `Fire panel of ${b.name.en} not in automatic`];
      return [`not-auto-${k + 1}`, ...names, `panel-${b.id}`].map(cell).join(',');
    });
    files[`panel-modes-${unit}.csv`] = ['point,name_zh,name_en,about', ...rows, ''].join('\n');
    modules.push({
      id: `panel-modes-${unit}`,
      name: { zh: '报警主机手动/自动触点', en: 'Contacts manual/automatic of the fire panels' },
      profile: 'waveshare-8di',
      link: 'control-room',
      unit,
      building,
      floor: 1,
      place: '消防控制室',
      pointList: `panel-modes-${unit}.csv`,
    });
  }
  return modules;
}

function notifierPointId(a: PanelAddress): string {
  const m = /^([DM])(\d+)-(\d+)$/.exec(a.id);
  const kind = m?.[1] === 'M' ? 'mod' : 'det';
  return `${kind}-${(m?.[2] ?? '').padStart(2, '0')}-${(m?.[3] ?? '').padStart(3, '0')}`;
}

function pointList(rows: readonly { readonly point: string; readonly a: PanelAddress }[], building: string): string {
  const lines = rows.map(({ point, a }) =>
    [point, a.name.zh, a.name.en, building, String(a.floor)].map(cell).join(','),
  );
  return ['point,name_zh,name_en,building,floor', ...lines, ''].join('\n');
}

const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function pumpRoom(w: World, files: Record<string, string>): Entry[] {
  const { building, floor, place } = w.community.pumpRoom;
  const at = { building, floor, place: place.zh };
  const rows = [
    ['started-2', '消防泵启动', 'Fire pump started', 'fire-pump'],
    ['running-1', '稳压泵运行', 'Jockey pump running', ''],
    ['not-auto-3', '消防泵未在自动', 'Fire pump not in automatic', 'fire-pump'],
    ['power-loss-4', '泵房电源故障', 'Pump room power loss', ''],
    ['fault-5', '消防泵故障', 'Fire pump fault', 'fire-pump'],
  ];
  files['pump-contacts.csv'] = ['point,name_zh,name_en,about', ...rows.map((r) => r.map(cell).join(',')), ''].join(
    '\n',
  );
  return [
    {
      id: 'fire-pump',
      name: { zh: '消防泵控制柜', en: 'Fire-pump controller' },
      profile: 'tornatech-gpx',
      link: 'pump',
      unit: 1,
      ...at,
    },
    {
      id: 'pump-contacts',
      name: { zh: '泵房开关量（消防泵、稳压泵）', en: 'Pump room contacts (fire and jockey pump)' },
      profile: 'waveshare-8di',
      kind: 'jockey-pump',
      link: 'pump-room',
      unit: PUMP_ROOM_UNITS.contacts,
      ...at,
      pointList: 'pump-contacts.csv',
    },
    {
      id: 'main-pressure',
      name: { zh: '消防泵出口压力', en: 'Pressure at the pump outlet' },
      profile: 'rs485-transmitter-a',
      link: 'pump-room',
      unit: PUMP_ROOM_UNITS.outlet,
      ...at,
      params: { low: 1.05, high: 1.6, fullScale: 2.5 },
    },
    {
      id: 'pit-level',
      name: { zh: '消防水池', en: 'Fire water pit' },
      profile: 'rs485-transmitter-b',
      kind: 'water-tank',
      link: 'pump-room',
      unit: PUMP_ROOM_UNITS.pit,
      ...at,
      params: { levelLow: 2, levelHigh: 3.6 },
    },
    {
      id: 'roof-level',
      name: { zh: '高位消防水箱', en: 'Roof tank' },
      profile: 'rs485-transmitter-b',
      kind: 'water-tank',
      link: 'pump-room',
      unit: PUMP_ROOM_UNITS.roof,
      building,
      floor: w.community.floors.highest,
      place: '屋顶水箱间',
      params: { levelLow: 1.2, levelHigh: 2.3 },
    },
  ];
}

function liftDevices(w: World): Entry[] {
  return w.lifts.flatMap((l) => [
    {
      id: l.id,
      name: l.name,
      profile: 'terminal-json',
      link: FIELD_LINK,
      building: l.building,
      vars: { code: l.registration },
    },
    {
      id: `${l.id}-drive`,
      name: { zh: `${l.name.zh}变频器`, en: `${l.name.en} drive` },
      profile: 'invt-chv180',
      link: `drives-${l.building}`,
      unit: l.unit,
      building: l.building,
      floor: w.community.floors.highest,
      place: '电梯机房',
    },
  ]);
}

/** It tells of its systems and components by itself: the site names no more than its address. */
function transmissionDevice(w: World): Entry[] {
  const { transmission } = w.community;
  if (!transmission) return [];
  const { id, name, building, floor, place, source } = transmission;
  return [
    {
      id,
      name,
      profile: 'gb26875-transmission-device',
      link: CALL_IN_LINK,
      building,
      floor,
      place: place.zh,
      vars: { address: String(source) },
    },
  ];
}

function gaugeDevices(w: World): Entry[] {
  return w.gauges.map((g) => ({
    id: g.id,
    name: g.name,
    profile: 'meokon-mk',
    ...(g.use === 'end' ? { kind: 'water-main' } : {}),
    link: FIELD_LINK,
    building: g.building,
    floor: g.floor,
    vars: { serial: g.serial },
  }));
}
