// A fire or smoke that a person tells of is an alarm as any other: a row with journal, change number and events, in the
// command's own transaction. No signal raises or clears it. It stands until somebody has looked: a verdict that it was
// nothing, or that the fire is out, clears it, and like any alarm it must be acknowledged to be over.
import { HUB_ID_PREFIX } from '../ingest/api.ts';
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { AlarmChanges, type ChangePorts } from './changes.ts';
import { lockReports } from './fires-store.ts';
import type { AlarmRow } from './row.ts';
import { LIFECYCLE } from './rules.ts';

type Words = { readonly zh: string; readonly en: string };

/** Kind of the thing that such an alarm stands on: no device, but people. */
export const REPORT_KIND = 'fire-report';
const PEOPLE: Words = { zh: '人工报警', en: 'Report by a person' };

export interface NewReport {
  readonly community: string;
  /** Of the report: each is an alarm of its own. */
  readonly id: string;
  /** How it came in. */
  readonly via: Words;
  readonly text: Words;
  readonly building: string | undefined;
  readonly floor: number | undefined;
  readonly place: string | undefined;
  readonly note: string | undefined;
}

export const isReport = (row: Pick<AlarmRow, 'device_kind'>): boolean => row.device_kind === REPORT_KIND;

/**
 * Raises it: FIRE, and of unknown condition, because nothing measures it. No mode marks it: a drill is of devices, and
 * somebody who sees smoke meanwhile must not be taken for a part of it.
 */
export async function raiseReport(c: CommandContext, ports: ChangePorts, of: NewReport): Promise<AlarmRow> {
  const { community, building, floor, place } = of;
  const gateway = `${HUB_ID_PREFIX}${community}`;
  const device = `${gateway}.report`;
  const changes = new AlarmChanges(c.now);
  const { id } = changes.begin(
    {
      community,
      gateway,
      device,
      deviceKind: REPORT_KIND,
      deviceName: PEOPLE,
      point: of.id,
      pointName: of.via,
      signal: 'reported',
      class: 'FIRE',
      latch: 'none',
      text: of.text,
      advice: undefined,
      building,
      floor,
      place,
      proved: true,
      value: null,
      n: null,
      at: c.now,
    },
    null,
    c.actor,
    of.note,
  );
  changes.condition(id, 'unknown');
  await changes.write(c.tx, ports);
  c.emit({
    effect: 'audit',
    community,
    action: 'alarm.reported',
    entity: 'alarm',
    entityId: id,
    after: { report: of.id, building, floor },
  });
  return changes.row(id);
}

/** It is over where people have looked: what was reported in an incident is cleared, by whoever found it so. */
export async function clearReports(
  c: CommandContext,
  ports: ChangePorts,
  of: { readonly community: string; readonly incident: string; readonly note: string },
): Promise<void> {
  const reports = await lockReports(c.tx, of.community, of.incident, REPORT_KIND);
  if (reports.length === 0) return;
  const changes = new AlarmChanges(c.now);
  for (const { row } of reports) changes.hold(row);
  const rules = (await ruleInForce(c.tx, of.community, LIFECYCLE)).value;
  for (const { row } of reports) {
    const by = { actor: c.actor, at: c.now, rules, note: of.note };
    changes.step(row.id, { type: 'clear', at: c.now }, by, { condition: 'false' });
    const after = { state: changes.row(row.id).state, note: of.note };
    c.emit({
      effect: 'audit',
      community: of.community,
      action: 'alarm.report-cleared',
      entity: 'alarm',
      entityId: row.id,
      before: { state: row.state },
      after,
    });
  }
  await changes.write(c.tx, ports);
}
