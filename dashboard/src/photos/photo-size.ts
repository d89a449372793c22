// How large a photo is sent.

export const PHOTO_LIMITS = {
  /** Longest side after scaling, px. */
  sideMax: 1_600,
  quality: 0.82,
  /** Photos with one act: of an order (hub/work-orders/contract.ts), of a hazard or a paper (hub/fire-safety/norms.ts). */
  orderMax: 20,
  fireSafetyMax: 9,
  /** Papers of an emergency plan (hub/plans/contract.ts). */
  planMax: 20,
  /** Files of one document of the archive (hub/archive/norms.ts). */
  archiveMax: 20,
} as const;

/** Width and height scaled down so that neither exceeds `max`; never scaled up. */
export function fit(width: number, height: number, max: number): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, max / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
