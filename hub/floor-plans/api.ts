// What others may ask of floor plans: drawings and positions put in by command, as the demo does.
export { addDrawing, importPositions } from './commands.ts';
export { positionsCsv } from './point-list.ts';
export { planOf, type PlanSources } from './view.ts';
