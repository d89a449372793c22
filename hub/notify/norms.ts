// The numbers of notifications: limits of the outbox, and rule sets for when a page counts as not delivered.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../rules/api.ts';

export const URGENCIES = ['life', 'urgent', 'normal'] as const;
export type Urgency = (typeof URGENCIES)[number];

export const NOTIFY_LIMITS = {
  /** Longest pause between two looks at the outbox, ms. */
  lookMs: 500,
  /** Web hooks that are called at the same time. */
  concurrentMax: 5,
  /** A web hook's whole answer must be there by then, ms. */
  hookMsMax: 10_000,
  /** How long a claimed delivery is left to its hub before another try, ms: more than hookMsMax. */
  claimMs: 30_000,
  /** In-app pages whose time is over that one look takes. */
  expireMax: 200,
  errorChars: 300,
  hooksMax: 50,
} as const;

/** Pauses before the 2nd, 3rd, … try of a web hook, ms; after the last one the page is undelivered. */
export const HOOK_RETRY_MS: Readonly<Record<Urgency, readonly number[]>> = {
  life: [1_000, 2_000, 5_000, 10_000, 30_000],
  urgent: [2_000, 10_000, 60_000, 300_000, 1_800_000],
  normal: [2_000, 10_000, 60_000, 300_000, 1_800_000],
};

const Ms = Type.Integer({ minimum: 1_000, maximum: 7 * 86_400_000, unit: 'ms' });
export const SEEN_WITHIN = ruleSet({
  id: 'notify.seen-within',
  version: '2026-1',
  source: 'own: who is paged for a life must see it within a minute, else the page counts as not delivered',
  schema: Type.Object({ life: Ms, urgent: Ms, normal: Ms }, { additionalProperties: false }),
  value: { life: 60_000, urgent: 15 * 60_000, normal: 24 * 3_600_000 },
});

/** Where web hooks may lead. Hosts named here may also be private addresses or speak plain HTTP. */
export const HOOK_TARGETS = ruleSet({
  id: 'notify.hook-targets',
  version: '2026-1',
  source: 'own: a hook must not reach into the network of the hub unless the site names the host',
  schema: Type.Object(
    {
      schemes: Type.Array(Type.Enum(['https', 'http']), { maxItems: 2, uniqueItems: true }),
      /** `host` or `host:port`, exactly as in the URL. */
      hosts: Type.Array(Type.String({ minLength: 1, maxLength: 260 }), { maxItems: 50 }),
    },
    { additionalProperties: false },
  ),
  value: { schemes: ['https'], hosts: [] },
});
export type HookTargets = Static<typeof HOOK_TARGETS.schema>;

export const NOTIFY_RULES = [SEEN_WITHIN, HOOK_TARGETS];

/** Why a page reached nobody, where it is the outbox itself that finds out. Whatever else it says comes from a hook. */
export const LOST = {
  unseen: 'not seen in time',
  nobody: 'nobody has this role',
  removed: 'the hook was removed',
} as const;
