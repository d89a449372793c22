// The web server: security headers, sessions and policies, limits, errors, the API's description, the dashboard.
import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { HTTP_LIMITS } from '../config.ts';
import { serveDashboard } from './dashboard.ts';
import { guard, keepLooks, type KeepReading, type SessionPort } from './guard.ts';
import { healthRoutes, type Health } from './health.ts';
import { metricsRoutes, requestTimes } from './metrics.ts';
import { onError } from './problem.ts';
import { refuseUnstorable, validatorCompiler } from './validate.ts';

export interface ServerParts {
  readonly log: Logger;
  readonly sessions: SessionPort;
  readonly keepReading: KeepReading;
  readonly health: Health;
  readonly metrics: Registry;
  /** More web origins to trust. */
  readonly origins: readonly string[];
  /** Proxies whose X-Forwarded-* headers count. */
  readonly trustProxy: readonly string[];
  readonly dashboardDir: string;
  /** Version of the hub, for the API's description. */
  readonly version: string;
  /** Requests a minute; default: HTTP_LIMITS. */
  readonly perMinute?: { readonly user: number; readonly anonymous: number };
  /** One plugin a domain. */
  readonly routes: readonly FastifyPluginAsync[];
}

/** Paths of signed-in users that no limit ever slows: what shows and acknowledges alarms. */
const NEVER_THROTTLED = ['/api/alarms', '/api/incidents', '/api/session'];

const NEXT = /^(?:[/?]|$)/;
const neverThrottled = ({ signedIn, url }: FastifyRequest): boolean =>
  signedIn !== undefined && NEVER_THROTTLED.some((p) => url.startsWith(p) && NEXT.test(url.slice(p.length)));

const CSP = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    // The dashboard sets positions and sizes as inline styles.
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    mediaSrc: ["'self'", 'data:', 'blob:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    workerSrc: ["'self'", 'blob:'],
    objectSrc: ["'none'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
  },
};

const PER_MINUTE = {
  user: HTTP_LIMITS.userRequestsPerMinuteMax,
  anonymous: HTTP_LIMITS.anonymousRequestsPerMinuteMax,
};

async function addPlatform(app: FastifyInstance, parts: ServerParts): Promise<void> {
  const perMinute = parts.perMinute ?? PER_MINUTE;
  await app.register(cookie);
  // Without TLS of its own the hub must not promise HTTPS; a proxy in front adds that.
  await app.register(helmet, { contentSecurityPolicy: CSP, strictTransportSecurity: false });
  guard(app, parts.sessions, { trusted: parts.origins });
  await app.register(rateLimit, {
    // After the guard, so that users are counted as users.
    hook: 'preHandler',
    timeWindow: 60_000,
    cache: HTTP_LIMITS.countedCallersMax,
    keyGenerator: (request) => request.signedIn?.id ?? request.ip,
    max: (request) => (request.signedIn === undefined ? perMinute.anonymous : perMinute.user),
    allowList: neverThrottled,
  });
  // After the limiter: what it refuses is no look.
  keepLooks(app, parts.keepReading);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Fengsui 烽燧', version: parts.version },
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'fengsui_session' } } },
    },
  });
}

/** Builds the server with every route; it listens when told to. @throws Error on a route without a policy */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const log: FastifyBaseLogger = parts.log;
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: HTTP_LIMITS.bodyBytesMax,
    requestTimeout: HTTP_LIMITS.requestMsMax,
    keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
    routerOptions: { maxParamLength: HTTP_LIMITS.pathParamCharsMax },
    forceCloseConnections: true,
    ...(parts.trustProxy.length === 0 ? {} : { trustProxy: [...parts.trustProxy] }),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setErrorHandler(onError);
  await addPlatform(app, parts);
  const observe = requestTimes(parts.metrics);
  app.addHook('onSend', async (request, reply) => void reply.header('x-request-id', request.id));
  app.addHook('onResponse', async (request, reply) => {
    observe(request.routeOptions.url ?? 'none', request.method, reply.statusCode, reply.elapsedTime / 1000);
  });
  app.addHook('preValidation', refuseUnstorable);
  const typed = app.withTypeProvider<TypeBoxTypeProvider>();
  await typed.register(healthRoutes(parts.health));
  await app.register(metricsRoutes(parts.metrics));
  for (const routes of parts.routes) await app.register(routes);
  app.get('/api/openapi.json', { config: { policy: { allow: 'public' } }, schema: { hide: true } }, () =>
    app.swagger(),
  );
  await serveDashboard(app, parts.dashboardDir);
  return app;
}
