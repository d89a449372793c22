// What the policy table, composition and the demo may ask of the fire procedure.
export { actAtFire, closeFire } from './acts.ts';
export { clockRanOut, FIRE_TIMER } from './deadlines.ts';
export { judgeTogether } from './judge.ts';
export { linkageDigest, linkageOf } from './linkage.ts';
export { FALSE_CAUSES, FIRE_SITE, HANDLING_RULES } from './norms.ts';
export { fireOf, fireRaised } from './open.ts';
export type { FirePorts, LaneState, Plan } from './ports.ts';
export { reportFire } from './reports.ts';
export { fireRoutes } from './routes.ts';
export { timelineOf } from './timeline.ts';
export { fireRecord, notInAutomatic, REPORT_PAGE, TOLD_PAGE } from './view.ts';
