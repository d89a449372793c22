// Whether a site file has the form of one; and if not, what of it can still be looked at, so that a mistake in one place
// does not hide those in others. Pure.
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Path } from '../device-profiles/config-error.ts';
import { explain } from '../device-profiles/explain.ts';
import {
  LINK_SCHEMAS,
  MqttUserFile,
  SiteDeviceFile,
  SiteFile,
  type LinkType,
  type SiteLinkFile,
} from './site-schema.ts';

type Complaint = { readonly path: Path; readonly message: string };

/** What a device of the wrong form names all the same, at its place in the file. */
export interface Misshapen {
  readonly at: number;
  readonly id: string | undefined;
  readonly link: string | undefined;
  readonly profile: string | undefined;
}

export interface SiteShape {
  readonly complaints: readonly Complaint[];
  /** The parts that have their form; the whole site when there are no complaints. */
  readonly site: SiteFile;
  /** Where a part of `site` stands in the file. */
  readonly placeOf: (path: Path) => Path;
  /** Ids of links of the wrong form: naming one is no mistake of its own. */
  readonly misshapenLinks: ReadonlySet<string>;
  readonly misshapenDevices: readonly Misshapen[];
}

const siteCheck = Compile(SiteFile);

/** @returns undefined when it is no map at all, so that there is nothing to look at */
export function shapeOf(given: unknown): SiteShape | undefined {
  const misshapenLinks = new Set<string>();
  if (siteCheck.Check(given))
    return { complaints: [], site: given, placeOf: (path) => path, misshapenLinks, misshapenDevices: [] };
  if (!isRecord(given)) return undefined;
  const fitting = <S extends TSchema>(key: string, schema: S): Static<S> | undefined =>
    fits(schema, given[key]) ? given[key] : undefined;
  const profiles = fitting('profiles', SiteFile.properties.profiles);
  const poll = fitting('poll', SiteFile.properties.poll);
  const links = split(given['links'], isLink);
  const devices = split(given['devices'], (d): d is SiteDeviceFile => fits(SiteDeviceFile, d));
  const users = split(given['mqttUsers'], (u): u is MqttUserFile => fits(MqttUserFile, u));
  for (const { entry } of links.wrong) if (typeof entry['id'] === 'string') misshapenLinks.add(entry['id']);
  // Without knowing which links and profile folders are meant, nothing can be said of devices.
  const blind = !Array.isArray(given['links']) || (given['profiles'] !== undefined && profiles === undefined);
  const places: Readonly<Record<string, readonly number[]>> = {
    links: links.places,
    devices: devices.places,
    mqttUsers: users.places,
  };
  return {
    complaints: explainSite(given),
    site: {
      gateway: fitting('gateway', SiteFile.properties.gateway) ?? '',
      community: fitting('community', SiteFile.properties.community) ?? '',
      ...(profiles === undefined ? {} : { profiles }),
      ...(poll === undefined ? {} : { poll }),
      links: links.right,
      devices: blind ? [] : devices.right,
      mqttUsers: blind ? [] : users.right,
    },
    placeOf: ([key = '', k = 0, ...more]) => {
      const place = typeof k === 'number' ? places[key]?.[k] : undefined;
      return place === undefined ? [key, k, ...more] : [key, place, ...more];
    },
    misshapenLinks,
    misshapenDevices: blind ? [] : devices.wrong.map(namesOf),
  };
}

function namesOf({ entry, at }: { readonly entry: Fields; readonly at: number }): Misshapen {
  const text = (key: string): string | undefined => (typeof entry[key] === 'string' ? entry[key] : undefined);
  return { at, id: text('id'), link: text('link'), profile: text('profile') };
}

interface Split<T> {
  readonly right: T[];
  /** Where each of `right` stands in the list. */
  readonly places: number[];
  readonly wrong: { readonly entry: Fields; readonly at: number }[];
}

function split<T>(list: unknown, isRight: (entry: unknown) => entry is T): Split<T> {
  const out: Split<T> = { right: [], places: [], wrong: [] };
  if (!Array.isArray(list)) return out;
  list.forEach((entry: unknown, at) => {
    if (isRight(entry)) {
      out.right.push(entry);
      out.places.push(at);
    } else out.wrong.push({ entry: isRecord(entry) ? entry : {}, at });
  });
  return out;
}

type Fields = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fits = <S extends TSchema>(schema: S, value: unknown): value is Static<S> => explain(schema, value).length === 0;
const isLink = (link: unknown): link is SiteLinkFile => {
  const type = typeOf(link);
  return type !== undefined && fits(LINK_SCHEMAS[type], link);
};

/** The type that a link says it has, if there is such a one. */
function typeOf(link: unknown): LinkType | undefined {
  const type = isRecord(link) ? link['type'] : undefined;
  return typeof type === 'string' && Object.hasOwn(LINK_SCHEMAS, type) ? (type as LinkType) : undefined;
}

/** A link is explained by the schema of its type, not by all of them. */
function explainSite(site: Fields): readonly Complaint[] {
  const links = site['links'];
  const rest = explain(SiteFile, site).filter((m) => m.path[0] !== 'links' || m.path.length < 2);
  if (!Array.isArray(links)) return rest;
  const inLinks = links.flatMap((link: unknown, k): Complaint[] => {
    const type = typeOf(link);
    if (type !== undefined)
      return explain(LINK_SCHEMAS[type], link).map((m) => ({ ...m, path: ['links', k, ...m.path] }));
    const found = JSON.stringify((isRecord(link) ? link['type'] : undefined) ?? null);
    const message = `expected one of ${Object.keys(LINK_SCHEMAS).join(', ')}; found ${found}`;
    return [{ path: ['links', k, 'type'], message }];
  });
  return [...rest, ...inLinks];
}
