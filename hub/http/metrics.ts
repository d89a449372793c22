// GET /metrics for Prometheus, without login (bind or firewall it): one registry a hub, which other parts add to.
import type { FastifyPluginAsync } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

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
