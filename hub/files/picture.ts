// What the three picture formats share: their limits and the error of a picture whose parts don't fit together.
import { FILE_LIMITS } from '../config.ts';

export class Malformed extends Error {
  override name = 'Malformed';
}

/** @throws Malformed when a picture claims sides that no camera makes: decoding it would exhaust whoever looks at it */
export function checkSides(width: number, height: number): void {
  const fits = [width, height].every((side) => side >= 1 && side <= FILE_LIMITS.sideMax);
  if (!fits) throw new Malformed(`sides of ${width} × ${height} pixels`);
}

/** Counts a part. @throws Malformed beyond the maximum */
export function countPart(parts: number): number {
  if (parts >= FILE_LIMITS.partsMax) throw new Malformed(`more than ${FILE_LIMITS.partsMax} parts`);
  return parts + 1;
}
