// The table of addresses: path to view and back. Own, because a dozen flat routes need no framework.

export const ROUTES = {
  'control-room': '/',
  wall: '/wall',
  devices: '/devices',
  device: '/devices/:id',
  orders: '/orders',
  order: '/orders/:id',
  rescues: '/rescue',
  rescue: '/rescue/:id',
  checks: '/checks',
  modes: '/modes',
  notifications: '/notifications',
  fires: '/fires',
  fire: '/fires/:id',
  duty: '/duty',
  'duty-roster': '/duty/roster',
  'duty-log': '/duty/log',
  'duty-handover': '/duty/handover',
  'duty-handed': '/duty/handover/:id',
  hazards: '/hazards',
  hazard: '/hazards/:id',
  authority: '/authority',
  'authority-visit': '/authority/:id',
  training: '/training',
  'training-session': '/training/:id',
  publicity: '/publicity',
  archive: '/archive',
  'archive-chapter': '/archive/:chapter',
  records: '/records',
  plan: '/plans/:building/:floor',
  trends: '/trends',
  running: '/running',
  replay: '/incidents/:id/replay',
  figures: '/figures',
  'figure-rows': '/figures/rows',
  emergency: '/emergency',
  'emergency-plan': '/emergency/plans/:id',
  'plan-run': '/emergency/runs/:id',
  drill: '/emergency/drills/:id',
  lanes: '/lanes',
  lane: '/lanes/:id',
  escorts: '/escorts',
  escort: '/escorts/:id',
  password: '/password',
  admin: '/admin',
  people: '/admin/people',
  person: '/admin/people/:id',
  places: '/admin/places',
  gateways: '/admin/gateways',
  gateway: '/admin/gateways/:id',
  commissioning: '/admin/commissioning',
  rules: '/admin/rules',
  rule: '/admin/rules/:id',
  readings: '/admin/readings',
} as const;
export type RouteName = keyof typeof ROUTES;

export interface Route {
  readonly name: RouteName | 'not-found';
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

const TABLE = Object.entries(ROUTES).map(([name, path]) => ({
  name: name as RouteName,
  parts: path.split('/').filter((part) => part !== ''),
}));

/** Decodes a segment of a path; one that is not valid UTF-8 percent encoding stays as it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param path path with or without query, e.g. `/devices/gw1.pump-1?point=run` */
export function match(path: string): Route {
  const [pathname = '', search = ''] = path.split('?', 2);
  const query = Object.fromEntries(new URLSearchParams(search));
  const parts = pathname.split('/').filter((part) => part !== '');
  for (const row of TABLE) {
    if (row.parts.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const fits = row.parts.every((part, i) => {
      const given = parts[i] ?? '';
      if (!part.startsWith(':')) return part === given;
      params[part.slice(1)] = decode(given);
      return true;
    });
    if (fits) return { name: row.name, params, query };
  }
  return { name: 'not-found', params: {}, query };
}

type ParamsOf<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [K in Name]: string } & ParamsOf<Rest>
  : P extends `${string}:${infer Name}`
    ? { readonly [K in Name]: string }
    : Record<never, string>;

/** The address of a view; values are percent-encoded, absent query values left out. */
export function href<N extends RouteName>(
  name: N,
  params: ParamsOf<(typeof ROUTES)[N]>,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const values = params as Readonly<Record<string, string>>;
  const path = ROUTES[name].replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(values[key] ?? ''));
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}
