// Who is asking, and may they: the session cookie, the Origin, the policy that every route must declare.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SignedIn } from './entry.ts';
import type { Policy } from './policy.ts';
import { originAllowed, type OriginCheck } from './origin.ts';
import { RefusalError } from './problem.ts';
import { askedOf, READ_ONLY, type Reading } from './reading.ts';

export const SESSION_COOKIE = 'fengsui_session';

/** What the guard needs of whoever keeps the sessions. */
export interface SessionPort {
  /** The user of a living session; prolongs it. */
  find(token: string): Promise<SignedIn | undefined>;
}

/** Keeps what a reader from outside asks for. Throws when it cannot be kept: then nothing is shown. */
export type KeepReading = (who: SignedIn, reading: Reading, asked: Readonly<Record<string, string>>) => Promise<void>;

export interface DeclaredRoute {
  readonly method: string;
  readonly url: string;
  readonly policy: Policy;
  /** What it shows to a reader from outside. */
  readonly reading?: Reading;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route with who may call it. */
    declaredRoutes: DeclaredRoute[];
  }
  interface FastifyRequest {
    signedIn: SignedIn | undefined;
  }
}

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

export function allows(policy: Policy, user: SignedIn | undefined): 'yes' | 'not-signed-in' | 'not-allowed' {
  if (policy.allow === 'public') return 'yes';
  if (user === undefined) return 'not-signed-in';
  return policy.allow === 'signed-in' || policy.allow.includes(user.role) ? 'yes' : 'not-allowed';
}

/** Whoever only reads: a route that writes, or does not say what it shows, is closed to them whatever its policy says. */
function closedToReaders(request: FastifyRequest): boolean {
  if (request.signedIn === undefined || !READ_ONLY.includes(request.signedIn.role)) return false;
  const { policy, reading, withOneTimePassword } = request.routeOptions.config;
  // Their own way in: who am I, one's own password, out again.
  if (policy?.allow === 'public' || withOneTimePassword === true) return false;
  return !SAFE.includes(request.method) || reading === undefined;
}

const policyOf = (request: FastifyRequest): Policy | undefined => request.routeOptions.config.policy;

/** Adds the guard to a server. A route without a policy throws while the server is built. */
export function guard(app: FastifyInstance, sessions: SessionPort, origins: OriginCheck): void {
  app.decorate('declaredRoutes', []);
  app.decorateRequest('signedIn', undefined);
  app.addHook('onRoute', (route) => {
    const policy = route.config?.policy;
    const methods = [route.method].flat();
    if (policy === undefined) throw new Error(`route ${methods.join('/')} ${route.url} declares no policy`);
    const shows = route.config?.reading === undefined ? {} : { reading: route.config.reading };
    for (const method of methods) app.declaredRoutes.push({ method, url: route.url, policy, ...shows });
  });
  app.addHook('onRequest', async (request) => {
    const policy = policyOf(request);
    // No route: the not-found handler answers.
    if (policy === undefined) return;
    const own = `${request.protocol}://${request.host}`;
    if (!SAFE.includes(request.method) && !originAllowed(request.headers, own, origins)) {
      throw new RefusalError('foreign-origin');
    }
    const token = request.cookies[SESSION_COOKIE];
    if (token !== undefined && policy.allow !== 'public') request.signedIn = await sessions.find(token);
    const answer = allows(policy, request.signedIn);
    if (answer !== 'yes') throw new RefusalError(answer);
    if (closedToReaders(request)) throw new RefusalError('not-allowed');
    if (request.signedIn?.mustChangePassword && request.routeOptions.config.withOneTimePassword !== true)
      throw new RefusalError('password-change-required');
  });
}

/**
 * Keeps each look of a reader from outside. To be called after the limiter is registered: its hook and this one are
 * added to each route, in that order, so that a request which is refused for being one too many leaves no entry.
 */
export function keepLooks(app: FastifyInstance, keepReading: KeepReading): void {
  app.addHook('onRoute', (route) => {
    const reading = route.config?.reading;
    if (reading === undefined || reading === 'everyday') return;
    const { schema } = route;
    const look = async ({ signedIn, params, query }: FastifyRequest): Promise<void> => {
      if (signedIn === undefined || !READ_ONLY.includes(signedIn.role)) return;
      await keepReading(signedIn, reading, askedOf({ params, query, schema }));
    };
    route.preHandler = [...[route.preHandler ?? []].flat(), look];
  });
}
