// The duty form of the fire control room as data (GB 25201-2010 table A.1 消防控制室值班记录表), and what makes one
// complete. Its columns: running of the fire alarm control unit and its counts, daily check of the unit, the other
// systems with their control mode, what was wrong and what was done, who and when.
import { Type, type Static } from 'typebox';

/** Edition of the columns, kept in every entry. */
export const FORM_EDITION = 'GB 25201-2010 A.1';

const closed = { additionalProperties: false } as const;
/** Columns that count reports of the control unit since the last entry: 火警 误报 故障报警 监管报警 漏报 屏蔽. */
export const FORM_COUNTS = ['fire', 'false', 'fault', 'supervisory', 'missed', 'disabled'] as const;
/** Daily check of the control unit: 自检 消音 复位 主电源 备用电源. */
export const FORM_CHECKS = ['self-test', 'silence', 'reset', 'mains', 'battery'] as const;
export const CHECK_RESULTS = ['normal', 'fault', 'not-checked'] as const;
/** Other systems of the control room with their control mode and running. */
export const FORM_SYSTEMS = [
  'hydrant',
  'sprinkler',
  'smoke-control',
  'doors-shutters',
  'lifts',
  'emergency-lighting',
  'broadcast-phone',
  'fire-power',
] as const;

const Count = Type.Integer({ minimum: 0, maximum: 100_000 });
const System = Type.Object(
  { mode: Type.Enum(['auto', 'manual', 'none']), state: Type.Enum(['normal', 'fault']) },
  closed,
);

export const DutyForm = Type.Object(
  {
    panel: Type.Enum(['normal', 'fault']),
    control: Type.Enum(['auto', 'manual']),
    counts: Type.Object(
      { fire: Count, false: Count, fault: Count, supervisory: Count, missed: Count, disabled: Count },
      closed,
    ),
    checks: Type.Object(
      {
        'self-test': Type.Enum([...CHECK_RESULTS]),
        silence: Type.Enum([...CHECK_RESULTS]),
        reset: Type.Enum([...CHECK_RESULTS]),
        mains: Type.Enum([...CHECK_RESULTS]),
        battery: Type.Enum([...CHECK_RESULTS]),
      },
      closed,
    ),
    systems: Type.Object(
      {
        hydrant: System,
        sprinkler: System,
        'smoke-control': System,
        'doors-shutters': System,
        lifts: System,
        'emergency-lighting': System,
        'broadcast-phone': System,
        'fire-power': System,
      },
      closed,
    ),
    /** 报警、故障部位、原因及处理情况 */
    note: Type.String({ maxLength: 4000 }),
  },
  closed,
);
export type DutyForm = Static<typeof DutyForm>;

/** Why a note is needed: what the form says is not as it should be. Empty when nothing is. */
export function unusual(form: DutyForm): readonly string[] {
  const found: string[] = [];
  if (form.panel === 'fault') found.push('panel');
  // GB 25506 4.2.1: automatic systems do not stand in manual.
  if (form.control === 'manual') found.push('control');
  for (const count of ['fire', 'false', 'fault', 'missed'] as const) if (form.counts[count] > 0) found.push(count);
  for (const check of FORM_CHECKS) if (form.checks[check] === 'fault') found.push(check);
  for (const system of FORM_SYSTEMS) {
    const { mode, state } = form.systems[system];
    if (state === 'fault' || mode === 'manual') found.push(system);
  }
  return found;
}

/** What an entry lacks before it may be signed: a note on whatever is unusual. */
export const lacksNote = (form: DutyForm): boolean => unusual(form).length > 0 && form.note.trim() === '';
