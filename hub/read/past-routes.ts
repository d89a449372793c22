// What has been, over HTTP: figures of the alarm system, trends, how panels and pumps ran, incidents as they went.
import type { FastifyPluginAsync } from 'fastify';
import { figureRoutes } from './figures/routes.ts';
import { replayRoutes, type ReplayParts } from './replay/routes.ts';
import { runningRoutes } from './running/routes.ts';
import { trendRoutes } from './trends/routes.ts';

export const pastRoutes = (parts: ReplayParts): FastifyPluginAsync[] => [
  figureRoutes(parts.entry),
  trendRoutes(parts),
  runningRoutes(parts),
  replayRoutes(parts),
];
