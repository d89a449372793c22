// GET /metrics for Prometheus, without login (bind or firewall it): one registry a hub, which other parts add to.
import type { FastifyPluginAsync } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** A registry with the process's own figures. */
export function makeMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

export function metricsRoutes(registry: Registry): FastifyPluginAsync {
  return async (app) => {
    app.get('/metrics', { config: { policy: { allow: 'public' } }, schema: { hide: true } }, async (_request, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    );
  };
}

/** Seconds a request took, by route and status. */
export function requestTimes(registry: Registry): (route: string, method: string, status: number, s: number) => void {
  const histogram = new Histogram({
    name: 'fengsui_http_request_seconds',
    help: 'Time from a request to its answer',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  return (route, method, status, s) => histogram.observe({ route, method, status: String(status) }, s);
}

interface PoolStats {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Connections of each database pool, and who waits for one. */
export function watchPools(registry: Registry, look: () => Readonly<Record<string, PoolStats>>): void {
  const gauge: Gauge = new Gauge({
    name: 'fengsui_database_connections',
    help: 'Database connections by pool: open, idle, and requests that wait for one',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect: () => {
      for (const [pool, { total, idle, waiting }] of Object.entries(look())) {
        gauge.set({ pool, state: 'open' }, total);
        gauge.set({ pool, state: 'idle' }, idle);
        gauge.set({ pool, state: 'waiting' }, waiting);
      }
    },
  });
}
