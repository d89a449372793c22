// The lines that figures are held against, as the rule in force has them.
export interface FiguresRuleView {
  readonly windowMinutes: number;
  readonly ratePerWindow: number;
  readonly ratePerWindowMax: number;
  readonly floodAbove: number;
  readonly floodBelow: number;
  readonly floodPercentMax: number;
  readonly staleHours: number;
  readonly staleMax: number;
  readonly chatterCount: number;
  readonly chatterSeconds: number;
  readonly fleetingSeconds: number;
  readonly topPercentMax: number;
  readonly linkPercentMin: number;
}

const NAMES = [
  'windowMinutes',
  'ratePerWindow',
  'ratePerWindowMax',
  'floodAbove',
  'floodBelow',
  'floodPercentMax',
  'staleHours',
  'staleMax',
  'chatterCount',
  'chatterSeconds',
  'fleetingSeconds',
  'topPercentMax',
  'linkPercentMin',
] as const satisfies readonly (keyof FiguresRuleView)[];

/** @throws Error naming what is missing: the hub sends all of them */
export function limitsOf(value: Readonly<Record<string, unknown>>): FiguresRuleView {
  const read = (name: (typeof NAMES)[number]): number => {
    const found = value[name];
    if (typeof found !== 'number') throw new Error(`the rule lacks ${name}`);
    return found;
  };
  return Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Record<(typeof NAMES)[number], number>;
}
