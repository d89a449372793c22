// GET /api/health: what works, without login. Each part of the hub registers its check.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type, type Static } from 'typebox';
import type { Clock } from '../clock.ts';
import { HTTP_LIMITS } from '../config.ts';
import type { Words } from '../messages/text.ts';

const Said = Type.Object({ zh: Type.String(), en: Type.String() });
const Status = Type.Enum(['ok', 'degraded', 'down']);
export const HealthView = Type.Object({
  status: Status,
  components: Type.Record(
    Type.String(),
    Type.Object({ status: Status, detail: Type.String(), words: Type.Optional(Said) }),
  ),
});
export type HealthView = Static<typeof HealthView>;

export interface ComponentHealth {
  readonly status: 'ok' | 'degraded' | 'down';
  /** A few words for whoever looks after the hub; never a secret or a name of a person. */
  readonly detail: string;
  /** The same for screens; absent where it is what a program said. */
  readonly words?: Words;
}

/** What is to say of a component, in both languages. */
export function saying(...said: readonly (Words | undefined)[]): Pick<ComponentHealth, 'detail' | 'words'> {
  const all = said.filter((one) => one !== undefined);
  const words = { zh: all.map((w) => w.zh).join('；'), en: all.map((w) => w.en).join('; ') };
  return { detail: words.en, words };
}

export interface Health {
  /**
   * Adds a component. While a `vital` one is down the hub is down; any other only degrades it.
   * @throws Error when the name is taken
   */
  register(name: string, check: () => ComponentHealth | Promise<ComponentHealth>, options?: { vital?: boolean }): void;
  /** The state of all components, at most `healthCacheMs` old. */
  look(): Promise<HealthView>;
}

interface Component {
  readonly name: string;
  readonly check: () => ComponentHealth | Promise<ComponentHealth>;
  readonly vital: boolean;
}

async function lookAt(component: Component): Promise<ComponentHealth> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ComponentHealth>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'down', detail: 'no answer' }), HTTP_LIMITS.healthCheckMsMax);
  });
  try {
    return await Promise.race([Promise.resolve().then(component.check), late]);
  } catch (error) {
    return { status: 'down', detail: error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'failed' };
  } finally {
    clearTimeout(timer);
  }
}

function overall(components: readonly (ComponentHealth & { vital: boolean })[]): HealthView['status'] {
  if (components.some((c) => c.vital && c.status === 'down')) return 'down';
  return components.every((c) => c.status === 'ok') ? 'ok' : 'degraded';
}

export function makeHealth(clock: Clock): Health {
  const components: Component[] = [];
  let cached: { at: number; view: Promise<HealthView> } | undefined;
  const lookAtAll = async (): Promise<HealthView> => {
    const found = await Promise.all(components.map(async (c) => ({ ...c, ...(await lookAt(c)) })));
    return {
      status: overall(found),
      components: Object.fromEntries(
        found.map(({ name, status, detail, words }) => [name, { status, detail, ...(words ? { words } : {}) }]),
      ),
    };
  };
  return {
    register: (name, check, { vital = false } = {}) => {
      if (components.some((c) => c.name === name)) throw new Error(`health component ${name} registered twice`);
      components.push({ name, check, vital });
    },
    look: () => {
      const at = clock.monotonic();
      if (cached === undefined || at - cached.at >= HTTP_LIMITS.healthCacheMs) cached = { at, view: lookAtAll() };
      return cached.view;
    },
  };
}

export function healthRoutes(health: Health): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/health',
      {
        config: { policy: { allow: 'public' }, rateLimit: false },
        schema: { tags: ['platform'], response: { 200: HealthView, 503: HealthView } },
      },
      async (_request, reply) => {
        const view = await health.look();
        return reply.status(view.status === 'down' ? 503 : 200).send(view);
      },
    );
  };
}
