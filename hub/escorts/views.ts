// Escorts and reserved lifts as screens see them.
import type { Tx } from '../db/tx.ts';
import { deviceNames } from '../equipment/api.ts';
import { deliveriesOf } from '../notify/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { namesOf } from '../staff/api.ts';
import type { EscortView, PageProof, ReservationView, ServiceView, TakenLift } from './contract.ts';
import { ESCORT_RULE } from './norms.ts';
import { actsOf, type Escort, type Reservation } from './store.ts';

const iso = (at: Date): string => at.toISOString();
const later = (at: Date, ms: number): string => new Date(at.getTime() + ms).toISOString();

/** Key of the page to the gate: what became of it stands on the desk. */
export const gateKey = (escort: string): string => `escort-gate:${escort}`;

async function servicesOf(tx: Tx, community: string): Promise<readonly ServiceView[]> {
  return (await ruleInForce(tx, community, ESCORT_RULE)).value.services;
}
/** As it was called: a service that the rule no longer has is shown by its id. */
const serviceOf = (services: readonly ServiceView[], e: Pick<Escort, 'service' | 'number'>): ServiceView => {
  const known = services.find((s) => s.id === e.service);
  return known
    ? { ...known, number: e.number }
    : { id: e.service, name: { zh: e.service, en: e.service }, number: e.number, lift: false };
};

export async function escortViews(tx: Tx, community: string, rows: readonly Escort[]): Promise<EscortView[]> {
  const services = await servicesOf(tx, community);
  const names = await deviceNames(
    tx,
    community,
    rows.flatMap((r) => r.lift ?? []),
  );
  const acts = await actsOf(
    tx,
    rows.map((r) => r.id),
  );
  const proofs = await deliveriesOf(
    tx,
    community,
    rows.map((r) => gateKey(r.id)),
  );
  const people = await namesOf(
    tx,
    proofs.map((p) => p.recipient),
  );
  return rows.map((e) => ({
    id: e.id,
    service: serviceOf(services, e),
    reason: e.reason,
    ...(e.building === null ? {} : { building: e.building }),
    ...(e.floor === null ? {} : { floor: e.floor }),
    place: e.place,
    state: e.state,
    called: { name: e.called_by_name, at: iso(e.called_at) },
    gateDueAt: later(e.called_at, e.gate_ms),
    arriveDueAt: later(e.called_at, e.arrive_ms),
    ...(e.gate_late_at === null ? {} : { gateLateAt: iso(e.gate_late_at) }),
    ...(e.arrive_late_at === null ? {} : { arriveLateAt: iso(e.arrive_late_at) }),
    ...(e.ended_at === null ? {} : { endedAt: iso(e.ended_at) }),
    ...(e.lift === null || e.lift_asked_at === null ? {} : { lift: liftOf(e, e.lift, e.lift_asked_at, names) }),
    acts: acts
      .filter((a) => a.escort === e.id)
      .map(({ at, act, name, escortedBy, note }) => ({ at: iso(at), act, name, escortedBy, note })),
    gate: proofs
      .filter((p) => p.key === gateKey(e.id))
      .map((p): PageProof => ({
        name: people.get(p.recipient) ?? '',
        state: p.state,
        ...(p.deliveredAt === null ? {} : { at: new Date(p.deliveredAt).toISOString() }),
      })),
  }));
}

const liftOf = (
  e: Escort,
  device: string,
  asked: Date,
  names: ReadonlyMap<string, { zh: string; en: string }>,
): NonNullable<EscortView['lift']> => ({
  device,
  name: names.get(device) ?? { zh: device, en: device },
  askedAt: iso(asked),
  ...(e.lift_held_at === null ? {} : { held: { name: e.lift_held_by_name ?? '', at: iso(e.lift_held_at) } }),
  ...(e.lift_released_at === null ? {} : { releasedAt: iso(e.lift_released_at) }),
});

export async function reservationViews(
  tx: Tx,
  community: string,
  rows: readonly Reservation[],
): Promise<ReservationView[]> {
  const names = await deviceNames(
    tx,
    community,
    rows.map((r) => r.device),
  );
  return rows.map((r) => ({
    id: r.id,
    device: r.device,
    name: names.get(r.device) ?? { zh: r.device, en: r.device },
    ...(r.building === null ? {} : { building: r.building }),
    purpose: r.purpose,
    unit: r.unit,
    contact: r.contact,
    phone: r.phone,
    from: iso(r.from_at),
    until: iso(r.until_at),
    state: r.state,
    note: r.note,
    made: { name: r.made_by_name, at: iso(r.made_at) },
    ...(r.posted_at === null ? {} : { posted: { name: r.posted_by_name ?? '', at: iso(r.posted_at) } }),
    ...(r.ended_at === null ? {} : { ended: { name: r.ended_by_name ?? '', at: iso(r.ended_at) } }),
  }));
}

const PURPOSE: Readonly<Record<ReservationView['purpose'], TakenLift['text']>> = {
  wedding: { zh: '婚庆专梯', en: 'Reserved for a wedding' },
  moving: { zh: '搬家专梯', en: 'Reserved for moving' },
  funeral: { zh: '白事专梯', en: 'Reserved for a funeral' },
  renovation: { zh: '装修运料专梯', en: 'Reserved for renovation' },
  other: { zh: '专梯', en: 'Reserved' },
};

/** Lifts that are held for an escort or reserved at this moment. */
export async function takenLifts(
  tx: Tx,
  community: string,
  escorts: readonly Escort[],
  reservations: readonly Reservation[],
): Promise<TakenLift[]> {
  const services = await servicesOf(tx, community);
  const held = escorts.flatMap((e): TakenLift[] => {
    if (e.lift === null || e.lift_released_at !== null) return [];
    const { name } = serviceOf(services, e);
    const text = { zh: `为${name.zh}留梯`, en: `Held for: ${name.en}` };
    return [{ device: e.lift, why: 'escort', id: e.id, text }];
  });
  const reserved = reservations
    .filter((r) => r.state === 'active')
    .map((r): TakenLift => ({
      device: r.device,
      why: 'reservation',
      id: r.id,
      until: iso(r.until_at),
      text: { zh: `${PURPOSE[r.purpose].zh}（${r.unit}）`, en: `${PURPOSE[r.purpose].en} (${r.unit})` },
    }));
  return [...held, ...reserved];
}
