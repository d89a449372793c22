// What screens and tools see of notifications and web hooks.
import { Type, type Static } from 'typebox';
import { URGENCIES } from './norms.ts';

const Time = Type.String({ format: 'date-time' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const closed = { additionalProperties: false } as const;

export const NotificationView = Type.Object({
  id: Type.String(),
  urgency: Type.Enum([...URGENCIES]),
  text: Words,
  /** Path of the screen that it is about. */
  link: Type.Optional(Type.String()),
  at: Time,
  readAt: Type.Optional(Time),
});
export type NotificationView = Static<typeof NotificationView>;

/** `all` or the ids to mark as read. */
export const ReadBody = Type.Object(
  { ids: Type.Union([Type.Literal('all'), Type.Array(Type.String({ pattern: '^\\d{1,18}$' }), { maxItems: 500 })]) },
  closed,
);

/** A page that did not reach its recipient. */
export const UndeliveredView = Type.Object({
  id: Type.String(),
  channel: Type.Enum(['in-app', 'webhook']),
  /** Name of the person or of the hook, or the role that nobody has. */
  recipient: Type.String(),
  urgency: Type.Enum([...URGENCIES]),
  text: Words,
  link: Type.Optional(Type.String()),
  at: Time,
  attempts: Type.Integer(),
  error: Type.String(),
  /** The same for people. */
  why: Words,
});
export type UndeliveredView = Static<typeof UndeliveredView>;

export const NewHook = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    url: Type.String({ minLength: 8, maxLength: 2000 }),
    /** Only what is addressed to this role; without it everything. */
    role: Type.Optional(Type.String({ maxLength: 40 })),
    /** The least urgent that goes through. Default normal: everything. */
    urgency: Type.Optional(Type.Enum([...URGENCIES])),
  },
  closed,
);
export const HookView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  /** Scheme, host and port: the rest of the address may be a key. */
  origin: Type.String(),
  role: Type.Optional(Type.String()),
  urgency: Type.Enum([...URGENCIES]),
});
export type HookView = Static<typeof HookView>;
/** The secret is shown here and never again. */
export const MadeHook = Type.Object({ hook: HookView, secret: Type.String() });
