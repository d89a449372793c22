// The built dashboard: its files, and index.html for every path that is a screen of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problem.ts';

const NOT_SCREENS = ['/api/', '/socket.io/', '/metrics'];

/** Serves `dir` (made by the dashboard's build); without it every path but the API's says what is missing. */
export async function serveDashboard(app: FastifyInstance, dir: string): Promise<void> {
  const built = existsSync(join(dir, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, { root: dir, serve: false });
    app.get(
      '/assets/*',
      { config: { policy: { allow: 'public' }, rateLimit: false }, schema: { hide: true } },
      // Names carry a hash of the content, so a file never changes.
      (request, reply) => reply.sendFile(request.url.split('?')[0] ?? '', { maxAge: '365d', immutable: true }),
    );
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const screen = ['GET', 'HEAD'].includes(request.method) && !NOT_SCREENS.some((p) => `${path}/`.startsWith(p));
    if (!screen || path === '/api') return sendProblem(request, reply, 'not-found');
    if (!built) return sendProblem(request, reply, 'unavailable', 'the dashboard is not built: npm run prepare');
    const file = /^\/[\w-]+(\.[\w-]+)+$/.test(path) && existsSync(join(dir, path)) ? path : '/index.html';
    return reply.header('cache-control', 'no-cache').sendFile(file);
  });
}
