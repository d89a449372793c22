// One fire as the desk sees it: steps, entries, what is missing, the card for 119, linkage by live points, pages.
import { actsOfIncident } from '../alarms/api.ts';
import type { Tx } from '../db/tx.ts';
import { deliveriesOf } from '../notify/api.ts';
import { whereWords } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { namesOf } from '../staff/api.ts';
import { dueOf } from '../timers-store.ts';
import { clockKey } from './deadlines.ts';
import {
  CLOCKS,
  type Delivery,
  type FireItem,
  type FireRecord,
  type FireView,
  type LinkageDevice,
  type LinkageView,
} from './contract.ts';
import { placeOf } from './fact.ts';
import { FIRE_LIMITS } from './limits.ts';
import { isFine } from './linkage.ts';
import { FALSE_CAUSES, FIRE_SITE, LINKAGE_RULE } from './norms.ts';
import type { FirePorts } from './ports.ts';
import { standingOf } from './standing.ts';
import { evacuationOrder, missingOf, stepsOf, type Standing } from './steps.ts';
import { findFire, type FireRow } from './store.ts';
import { timelineOf } from './timeline.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

export const itemOf = (f: FireRow): FireItem => ({
  id: f.id,
  phase: f.closedAt === null ? (f.result ?? 'confirming') : 'closed',
  ...(f.result === undefined ? {} : { result: f.result }),
  source: f.source,
  alarm: f.alarm,
  what: f.what,
  text: f.text,
  ...(f.building === null ? {} : { building: f.building }),
  ...(f.floor === null ? {} : { floor: f.floor }),
  ...(f.place === null ? {} : { place: f.place }),
  ...(f.mode === null ? {} : { mode: f.mode }),
  openedAt: iso(f.openedAt),
  ...(f.closedAt === null ? {} : { closedAt: iso(f.closedAt) }),
});

/** Keys of the pages that went out for a fire. */
export const REPORT_PAGE = 'fire-report';
export const TOLD_PAGE = 'fire-told';

interface Pages {
  readonly pages: Delivery[];
  /** A page is on its way or not looked at yet. Its row comes a moment after the entry: none yet is awaited too. */
  readonly awaited: boolean;
}

async function pagesOf(tx: Tx, community: string, { entries }: Standing): Promise<Pages> {
  const about = new Map<string, Delivery['about']>();
  for (const entry of entries) {
    if (entry.kind === 'reported') about.set(`${REPORT_PAGE}:${String(entry.body['alarm'])}`, 'reported');
    if (entry.kind === 'told') about.set(`${TOLD_PAGE}:${entry.id}`, 'told');
  }
  const sent = await deliveriesOf(tx, community, [...about.keys()]);
  const names = await namesOf(
    tx,
    sent.map((page) => page.recipient),
  );
  const pages = sent.map(({ key, recipient, state, at, deliveredAt }) => ({
    about: about.get(key) ?? 'told',
    name: names.get(recipient) ?? '',
    state,
    at: iso(at),
    ...(deliveredAt === null ? {} : { deliveredAt: iso(deliveredAt) }),
  }));
  const begun = new Set(sent.map((page) => page.key));
  return {
    pages,
    awaited: [...about.keys()].some((key) => !begun.has(key)) || sent.some((p) => p.state === 'pending'),
  };
}

async function cardOf(tx: Tx, ports: FirePorts, fire: FireRow, reader: { readonly name: string }) {
  const site = (await ruleInForce(tx, fire.community, FIRE_SITE)).value;
  const place = placeOf(fire);
  const seat = await whereWords(tx, fire.community, {
    building: place.building,
    floor: place.floor,
    place: fire.place ?? undefined,
    what: fire.source === 'panel' ? fire.what : undefined,
  });
  const lane = await ports.laneState(tx, place);
  const best = site.gates.filter((g) => place.building !== undefined && g.buildings.includes(place.building));
  const others = site.gates.filter((g) => !best.includes(g) && g.buildings.length === 0);
  return {
    address: site.address,
    seat,
    callerName: reader.name,
    callerNumber: site.callerNumber,
    gates: [...best, ...others].map(({ name, road }) => ({ name, road })),
    ...(lane === undefined ? {} : { lane }),
    responsible: site.responsible,
  };
}

type NotInAutomatic = LinkageDevice & { readonly state: Exclude<LinkageDevice['state'], 'auto'> };

/** What is in automatic now, of all that the site wants known. */
export async function linkageView(tx: Tx, ports: Pick<FirePorts, 'linkage'>, community: string): Promise<LinkageView> {
  const { kinds } = (await ruleInForce(tx, community, LINKAGE_RULE)).value;
  const devices = [...ports.linkage(community, kinds)];
  return { fine: isFine(devices), devices };
}

/** What is in manual now, or not known, worst first. */
export async function notInAutomatic(
  tx: Tx,
  ports: Pick<FirePorts, 'linkage'>,
  community: string,
): Promise<NotInAutomatic[]> {
  const { devices } = await linkageView(tx, ports, community);
  return devices.flatMap(({ state, ...device }) => (state === 'auto' ? [] : [{ ...device, state }]));
}

export async function fireView(
  tx: Tx,
  ports: FirePorts,
  fire: FireRow,
  reader: { readonly name: string },
): Promise<FireView> {
  const { community } = fire;
  const standing = await standingOf(tx, fire);
  const clocks: FireView['clocks'] = [];
  for (const clock of CLOCKS) {
    const due = await dueOf(tx, clockKey(fire.id, clock));
    if (due !== undefined) clocks.push({ clock, dueAt: iso(due) });
  }
  const { causes } = (await ruleInForce(tx, community, FALSE_CAUSES)).value;
  const plan = await ports.planInForce(tx, placeOf(fire));
  const { all, open, unacked } = standing.alarms;
  const { pages, awaited } = await pagesOf(tx, community, standing);
  return {
    fire: itemOf(fire),
    ...(fire.cause === null ? {} : { cause: fire.cause }),
    alarms: { all, open, unacked },
    steps: stepsOf(standing),
    missing: missingOf(standing),
    entries: [...standing.entries],
    clocks,
    evacuation: evacuationOrder(standing.entries),
    linkage: await linkageView(tx, ports, community),
    card: await cardOf(tx, ports, fire, reader),
    ...(plan === undefined ? {} : { plan: { ...plan } }),
    causes: causes.map(({ id, zh, en, order }) => ({ id, name: { zh, en }, order })),
    pages,
    // Pages of long ago are thrown away: nobody waits for those of a closed fire.
    pagesAwaited: awaited && fire.closedAt === null,
  };
}

/** A fire as it is read and printed afterwards; undefined where the community has none of that id. */
export async function fireRecord(tx: Tx, community: string, id: string): Promise<FireRecord | undefined> {
  const fire = await findFire(tx, community, id);
  if (!fire) return undefined;
  const standing = await standingOf(tx, fire);
  const { causes } = (await ruleInForce(tx, community, FALSE_CAUSES)).value;
  const cause = causes.find((one) => one.id === fire.cause);
  return {
    fire: itemOf(fire),
    ...(cause === undefined ? {} : { cause: { zh: cause.zh, en: cause.en } }),
    steps: stepsOf(standing),
    evacuation: evacuationOrder(standing.entries),
    pages: (await pagesOf(tx, community, standing)).pages,
    items: timelineOf(standing.entries, await actsOfIncident(tx, community, fire.id, FIRE_LIMITS.actsMax)),
  };
}
