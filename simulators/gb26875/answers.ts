// What a transmission device answers to the centre: reads (61–68, 81–88) from its state, and the three controls.
import type { LinkedPanel, Part, TransmissionState } from '../models/transmission.ts';
import * as units from './units.ts';
import { FLAG, type Pressed } from './units.ts';

/** What a reply needs to know of its device. `at` is its own clock, ms. */
export interface Known {
  readonly state: TransmissionState;
  readonly at: number;
  readonly log: readonly Pressed[];
  /** What a part measures, MPa or m. */
  readonly measure: (part: Part) => number | undefined;
  readonly name: string;
}

const LOG_MAX = 100;

function systemOf({ state }: Known, request: Uint8Array): LinkedPanel | undefined {
  return [...state.panels.values()].find((p) => p.shape.system === request[2] && p.shape.address === request[3]);
}

/** Parts of a system at the four bytes of an address; the type is not asked for, so there may be several. */
function partsAt(panel: LinkedPanel, request: Uint8Array): Part[] {
  const wanted = request.subarray(4, 8);
  return panel.shape.parts.filter((part) =>
    units
      .partBytes(panel.shape, part)
      .slice(3)
      .every((b, k) => b === wanted[k]),
  );
}

function aboutPart(known: Known, panel: LinkedPanel, request: Uint8Array): Uint8Array | undefined {
  const parts = partsAt(panel, request);
  const [first] = parts;
  if (!first) return undefined;
  if (request[0] === FLAG.readPartConfig) return units.partConfig(panel.shape, first);
  if (request[0] === FLAG.readAnalog) {
    const value = known.measure(first);
    return value === undefined ? undefined : units.analog(panel.shape, first, value, known.at);
  }
  const reports = parts.flatMap((part) => {
    const state = panel.parts.get(part.id);
    return state ? [{ of: panel.shape, part, state }] : [];
  });
  return units.partStatus(reports.slice(0, units.PARTS_PER_UNIT), known.at);
}

function aboutSystem(known: Known, request: Uint8Array): Uint8Array | undefined {
  const panel = systemOf(known, request);
  if (!panel) return undefined;
  switch (request[0]) {
    case FLAG.readSystemStatus:
      return units.systemStatus(panel, known.at);
    case FLAG.readOperations:
      return units.operations(panel.shape, logOf(known, panel.shape, request[4] ?? 0));
    case FLAG.readSystemVersion:
      return units.version(panel.shape);
    case FLAG.readSystemConfig:
      return units.config(panel.shape, panel.shape.text);
    case FLAG.readSystemClock:
      return units.clock(panel.shape, known.at);
    default:
      return aboutPart(known, panel, request);
  }
}

const logOf = ({ log }: Known, of: Pressed['of'], count: number): Pressed[] =>
  log
    .filter((p) => p.of?.system === of?.system && p.of?.address === of?.address)
    .slice(-Math.max(1, Math.min(LOG_MAX, count)));

/** The data unit of a reply, or undefined for what this device denies. */
export function replyTo(known: Known, request: Uint8Array): Uint8Array | undefined {
  switch (request[0]) {
    case FLAG.readDeviceStatus:
      return units.deviceStatus(known.state, known.at);
    case FLAG.readDeviceOperations:
      return units.operations(undefined, logOf(known, undefined, request[2] ?? 0));
    case FLAG.readDeviceVersion:
      return units.version(undefined);
    case FLAG.readDeviceConfig:
      return units.config(undefined, known.name);
    case FLAG.readDeviceClock:
      return units.clock(undefined, known.at);
    default:
      return aboutSystem(known, request);
  }
}
