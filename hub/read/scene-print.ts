// Papers of the scene over HTTP: a fire with all its steps and its timeline, and a drill's report, each as a PDF.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ON_SITE } from '../alarms/api.ts';
import { ok, refuse } from '../errors.ts';
import { fireRecord } from '../handling/api.ts';
import { STAFF } from '../http/policy.ts';
import { screenText, textOf } from '../messages/text.ts';
import { drillRecord } from '../plans/api.ts';
import { PaperId, PaperLanguage, sendPaper, wanted, type PaperParts } from './paper.ts';
import { drillBlocks, fireBlocks } from './scene-papers.ts';

const schema = { tags: ['print'], params: PaperId, querystring: PaperLanguage };

export const scenePrintRoutes =
  (parts: PaperParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { entry } = parts;
    // Names and numbers of callers stand on it: for those who act.
    app.get('/api/fires/:id/print', { config: { policy: { allow: ON_SITE } }, schema }, async (request, reply) => {
      const { id } = request.params;
      const language = wanted(request, request.query.language);
      const record = await entry.read(async (tx) => {
        const found = await fireRecord(tx, entry.user(request).community, id);
        return found ? ok(found) : refuse('not-found', id);
      });
      const paper = {
        title: textOf('print.fire.title')[language],
        name: `fire-${record.fire.openedAt.slice(0, 10)}`,
        what: 'fire',
        blocks: (context: Parameters<typeof fireBlocks>[1]) => fireBlocks(record, context),
      };
      return sendPaper(parts, request, reply, paper, language);
    });
    const drills = { policy: { allow: [...STAFF, 'authority' as const] }, reading: 'drill-print' as const };
    app.get('/api/drills/:id/print', { config: drills, schema }, async (request, reply) => {
      const { id } = request.params;
      const language = wanted(request, request.query.language);
      const { drill, run } = await entry.read(async (tx) => {
        const found = await drillRecord(tx, entry.user(request), id);
        return found ? ok(found) : refuse('not-found', id);
      });
      const paper = {
        title: screenText('ui.drill.of', language, { title: drill.title }),
        subtitle: [textOf('print.drill.report')[language]],
        name: `drill-${drill.at.slice(0, 10)}`,
        what: 'drill',
        blocks: (context: Parameters<typeof fireBlocks>[1]) => drillBlocks(drill, run, context),
      };
      return sendPaper(parts, request, reply, paper, language);
    });
  };
