// What others may ask of the outbox: queue notifications in a command's transaction, and learn what reached nobody.
import type { Tx } from '../db/tx.ts';
import type { Effect, NewEvent } from '../events/api.ts';
import { appendEvents } from '../events/store.ts';
import { ruleInForce } from '../rules/api.ts';
import { textOf, type Words } from '../messages/text.ts';
import { LOST, SEEN_WITHIN, URGENCIES, type Urgency } from './norms.ts';
import {
  hooksOf,
  insertNotifications,
  messageOf,
  tell,
  type Hook,
  type LostRow,
  type NewNotification,
} from './store.ts';

export { NOTIFY_RULES } from './norms.ts';
export { deliveriesOf, reachedAnyone } from './store.ts';

/** Heard after commit when there is something new; the payload is the ids of the people concerned, by commas. */
export const NOTIFY_CHANNEL = 'fengsui_notify';

type Notify = Omit<Extract<Effect, { effect: 'notify' }>, 'effect'>;

/** What the outbox must know of people; `staff` ranks higher, so main.ts hands it in. */
export interface PeoplePorts {
  /** Active people of a role. */
  peopleOf(tx: Tx, community: string, role: string): Promise<readonly { readonly id: string }[]>;
  person(tx: Tx, id: string): Promise<{ readonly name: string; readonly role: string } | undefined>;
}

/**
 * Makes the function that queues notifications in a command's transaction: one in-app page a person, one call a web
 * hook that fits. A role that nobody has is told as undelivered at once.
 */
export function makeEnqueue(ports: PeoplePorts) {
  return async (tx: Tx, wanted: readonly Notify[], now: number): Promise<void> => {
    const people = new Set<string>();
    const lost: LostRow[] = [];
    for (const community of new Set(wanted.map((w) => w.community))) {
      const within = (await ruleInForce(tx, community, SEEN_WITHIN)).value;
      const hooks = await hooksOf(tx, community);
      const rows: NewNotification[] = [];
      for (const w of wanted.filter((one) => one.community === community)) {
        const to = await recipients(tx, ports, w);
        to.people.forEach((p) => people.add(p));
        rows.push(...rowsOf(w, to, hooks, { seenBy: now + within[w.urgency], now }));
      }
      lost.push(...(await insertNotifications(tx, rows, now)));
    }
    if (lost.length > 0) await appendEvents(tx, lost.map(undelivered), now);
    if (wanted.length > 0) await tell(tx, NOTIFY_CHANNEL, [...people]);
  };
}

/** What the page says that did not arrive; undefined when it is gone. */
export async function lostPage(tx: Tx, id: string): Promise<Words | undefined> {
  const page = await messageOf(tx, id);
  return page && textOf(page.message, page.args);
}

/** Why a page did not arrive, in words. */
export function whyLost(error: string): Words {
  const known = (Object.keys(LOST) as (keyof typeof LOST)[]).find((key) => LOST[key] === error);
  return known === undefined ? textOf('notify.lost-hook', { error }) : textOf(`notify.lost-${known}`);
}

interface Recipients {
  readonly people: readonly string[];
  readonly role: string | undefined;
}

async function recipients(tx: Tx, ports: PeoplePorts, w: Notify): Promise<Recipients> {
  if ('user' in w.to) return { people: [w.to.user], role: (await ports.person(tx, w.to.user))?.role };
  return { people: (await ports.peopleOf(tx, w.community, w.to.role)).map((p) => p.id), role: w.to.role };
}

const urgentEnough = (hook: Hook, urgency: Urgency): boolean =>
  URGENCIES.indexOf(urgency) <= URGENCIES.indexOf(hook.urgency);

function rowsOf(
  w: Notify,
  to: Recipients,
  hooks: readonly Hook[],
  when: { readonly seenBy: number; readonly now: number },
): NewNotification[] {
  const { community, key, urgency, message, args, link } = w;
  const common = { community, key, urgency, message, args, link };
  const inApp = to.people.map((recipient) => ({
    ...common,
    channel: 'in-app' as const,
    recipient,
    nextAt: when.seenBy,
  }));
  const called = hooks
    .filter((h) => (h.role === null || h.role === to.role) && urgentEnough(h, urgency))
    .map((h) => ({ ...common, channel: 'webhook' as const, recipient: h.id, nextAt: when.now }));
  if (inApp.length + called.length > 0) return [...inApp, ...called];
  const recipient = `role:${to.role ?? ''}`;
  return [{ ...common, channel: 'in-app', recipient, nextAt: when.now, lost: LOST.nobody }];
}

/** The event of a page that did not reach its recipient. */
export const undelivered = (row: LostRow): NewEvent => ({
  type: 'notify.undelivered',
  community: row.community,
  subject: row.id,
  payload: {
    notification: row.id,
    person: row.recipient,
    channel: row.channel,
    urgency: row.urgency,
    error: row.error,
  },
});
