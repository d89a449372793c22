// A fire-alarm panel: addressable points with independent flags, latched until the panel's own reset. What a register
// map makes of the flags is in `encode` functions of modbus-site.ts, so that one panel can speak several maps.

/** Independent conditions: several can hold at once (devices.md 7.3). */
export interface PanelPoint {
  readonly fire: boolean;
  readonly supervisory: boolean;
  readonly prealarm: boolean;
  readonly trouble: boolean;
  readonly disabled: boolean;
  /** A module that runs or reports back: fan started, shutter down, lift recalled. */
  readonly active: boolean;
}

export const QUIET_POINT: PanelPoint = {
  fire: false,
  supervisory: false,
  prealarm: false,
  trouble: false,
  disabled: false,
  active: false,
};

export interface PanelState {
  readonly points: ReadonlyMap<string, PanelPoint>;
  readonly silenced: boolean;
  /** What the panel starts by itself; in manual it only shows the fire. */
  readonly inAutomatic: boolean;
  /** The panel answers nothing (board dead, cable cut). */
  readonly dead: boolean;
}

export const quietPanel = (ids: readonly string[]): PanelState => ({
  points: new Map(ids.map((id) => [id, QUIET_POINT])),
  silenced: false,
  inAutomatic: true,
  dead: false,
});

/** @throws Error naming the point when the panel has no such address. */
export function setPoint(panel: PanelState, id: string, change: Partial<PanelPoint>): PanelState {
  const before = panel.points.get(id);
  if (!before) throw new Error(`the panel has no point ${id}`);
  const points = new Map(panel.points);
  points.set(id, { ...before, ...change });
  return { ...panel, points };
}

/** Reset at the panel: fire, supervisory, pre-alarm and activations go; troubles and disablements stay. */
export function resetPanel(panel: PanelState): PanelState {
  const points = new Map<string, PanelPoint>();
  for (const [id, p] of panel.points) points.set(id, { ...QUIET_POINT, trouble: p.trouble, disabled: p.disabled });
  return { ...panel, points, silenced: false };
}
