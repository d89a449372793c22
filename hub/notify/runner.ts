// Delivers the outbox: calls web hooks outside any transaction, at least once, and gives up visibly; in-app pages that
// nobody saw in time become undelivered.
import type { Clock } from '../clock.ts';
import type { Db } from '../db/tx.ts';
import type { NewEvent } from '../events/api.ts';
import { appendEvents } from '../events/store.ts';
import { textOf } from '../messages/text.ts';
import { ruleInForce } from '../rules/api.ts';
import { NOTIFY_CHANNEL, undelivered } from './api.ts';
import { HOOK_RETRY_MS, HOOK_TARGETS, LOST, NOTIFY_LIMITS } from './norms.ts';
import { claimDueHooks, expireUnseen, markDelivered, markFailed, type DueHook } from './store.ts';
import { callHook } from './webhook.ts';

export interface NotifyDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: { error(detail: object, message: string): void; warn(detail: object, message: string): void };
}

const words = (e: unknown): string => (e instanceof Error ? e.message : String(e)).slice(0, NOTIFY_LIMITS.errorChars);

export class NotifyRunner {
  readonly #deps: NotifyDeps;
  readonly #counters = { delivered: 0, failed: 0, undelivered: 0 };
  #stopping = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  async start(): Promise<void> {
    this.#stopping = false;
    this.#unlisten = await this.#deps.db.listen(NOTIFY_CHANNEL, () => this.#wake?.());
    this.#loop = this.#work();
  }

  /** Ends the calls at hand and stops. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#loop;
    await this.#unlisten?.();
  }

  /** Deals with what is due now. Answers how many pages were dealt with. */
  async runDue(): Promise<number> {
    const { db, clock } = this.#deps;
    const expired = await db.transaction(async (tx) => {
      const rows = await expireUnseen(tx, clock.now(), NOTIFY_LIMITS.expireMax);
      await appendEvents(tx, rows.map(undelivered), clock.now());
      return rows.length;
    });
    this.#counters.undelivered += expired;
    const now = clock.now();
    const due = await db.transaction((tx) =>
      claimDueHooks(tx, now, now + NOTIFY_LIMITS.claimMs, NOTIFY_LIMITS.concurrentMax),
    );
    await Promise.all(due.map((d) => this.#deliver(d)));
    return expired + due.length;
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      let more = false;
      try {
        more = (await this.runDue()) > 0;
      } catch (error) {
        this.#deps.log.error({ error: words(error) }, 'the outbox waits for the database');
      }
      if (!more && !this.#stopping) await this.#sleep();
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, NOTIFY_LIMITS.lookMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #deliver(d: DueHook): Promise<void> {
    const { db, clock, log } = this.#deps;
    try {
      if (d.url === null || d.secret === null) throw new Error(LOST.removed);
      const targets = (await db.transaction((tx) => ruleInForce(tx, d.community, HOOK_TARGETS))).value;
      await callHook({ url: d.url, secret: d.secret, body: bodyOf(d), id: d.id, now: clock.now(), targets });
      await db.transaction((tx) => markDelivered(tx, d.id, clock.now()));
      this.#counters.delivered++;
    } catch (error) {
      this.#counters.failed++;
      log.warn(
        { notification: d.id, hook: d.recipient, attempt: d.attempts, error: words(error) },
        'a web hook failed',
      );
      await this.#failed(d, words(error));
    }
  }

  async #failed(d: DueHook, error: string): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    const pause = d.url === null ? undefined : HOOK_RETRY_MS[d.urgency][d.attempts - 1];
    await db.transaction(async (tx) => {
      const marked = await markFailed(tx, d.id, error, pause === undefined ? undefined : now + pause);
      if (pause !== undefined || marked === 0) return;
      const event: NewEvent = undelivered({ ...d, error });
      await appendEvents(tx, [event], now);
      this.#counters.undelivered++;
    });
  }
}

/** What a hook is sent. `id` stays the same when it is sent again. */
const bodyOf = (d: DueHook): string =>
  JSON.stringify({
    id: d.id,
    key: d.key,
    community: d.community,
    urgency: d.urgency,
    at: d.at.toISOString(),
    text: textOf(d.message, d.args),
    message: d.message,
    args: d.args,
    link: d.link,
  });
