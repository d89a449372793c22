// Who is asking, and may they: the session cookie, the Origin, the policy that every route must declare.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SignedIn } from './entry.ts';
import type { Policy } from './policy.ts';
import { originAllowed, type OriginCheck } from './origin.ts';
import { RefusalError } from './problem.ts';
import { READ_ONLY, type Reading } from './reading.ts';

export const SESSION_COOKIE = 'fengsui_session';

/** What the guard needs of whoever keeps the sessions. */
export interface SessionPort {
  /** The user of a living session; prolongs it. */
  find(token: string): Promise<SignedIn | undefined>;
}

/** Keeps what a reader from outside looks at. Throws when it cannot be kept: then nothing is shown. */
export type KeepReading = (
  who: SignedIn,
  reading: Reading,
  asked: { readonly params?: unknown; readonly query?: unknown },
) => Promise<void>;

export interface DeclaredRoute {
  readonly method: string;
  readonly url: string;
  readonly policy: Policy;
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
export function guard(
  app: FastifyInstance,
  sessions: SessionPort,
  origins: OriginCheck,
  keepReading: KeepReading,
): void {
  app.decorate('declaredRoutes', []);
  app.decorateRequest('signedIn', undefined);
  app.addHook('onRoute', (route) => {
    const policy = route.config?.policy;
    const methods = [route.method].flat();
    if (policy === undefined) throw new Error(`route ${methods.join('/')} ${route.url} declares no policy`);
    for (const method of methods) app.declaredRoutes.push({ method, url: route.url, policy });
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
  app.addHook('preHandler', async (request) => {
    const { signedIn, params, query } = request;
    const { reading } = request.routeOptions.config;
    if (signedIn === undefined || !READ_ONLY.includes(signedIn.role)) return;
    if (reading !== undefined && reading !== 'everyday') await keepReading(signedIn, reading, { params, query });
  });
}
