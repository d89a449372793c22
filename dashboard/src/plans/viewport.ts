// Where the drawing lies in its frame: zoom and pan as numbers. Pure.
//
// A drawing of `size` (natural pixels) is shown at `scale` with its top left corner at (x, y) of the frame, CSS pixels.

export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Viewport {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}
/** A place on the drawing, shares of its sides. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

export const ZOOM = {
  /** Times the scale at which the whole drawing fits. */
  max: 16,
  /** One step of a key, a button or a notch of the wheel. */
  step: 1.25,
  /** Times the fitting scale at which something that is jumped to is shown. */
  jump: 1.8,
  /** CSS pixels that an arrow key pans by. */
  panBy: 60,
} as const;

export const fitScale = (size: Size, frame: Size): number =>
  size.width > 0 && size.height > 0 ? Math.min(frame.width / size.width, frame.height / size.height) : 1;

const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** One axis: a drawing smaller than the frame is centred, a larger one never leaves the frame empty. */
const settled = (offset: number, drawn: number, frame: number): number =>
  drawn <= frame ? (frame - drawn) / 2 : between(offset, frame - drawn, 0);

/** The nearest view that shows no more emptiness than it must. */
export function clamp(view: Viewport, size: Size, frame: Size): Viewport {
  const fit = fitScale(size, frame);
  const scale = between(view.scale, fit, fit * ZOOM.max);
  return {
    scale,
    x: settled(view.x, size.width * scale, frame.width),
    y: settled(view.y, size.height * scale, frame.height),
  };
}

/** The whole drawing. */
export const fitted = (size: Size, frame: Size): Viewport =>
  clamp({ scale: fitScale(size, frame), x: 0, y: 0 }, size, frame);

/** Zooms so that what lies under (px, py) of the frame stays there. */
export function zoomAt(view: Viewport, factor: number, px: number, py: number, size: Size, frame: Size): Viewport {
  const fit = fitScale(size, frame);
  const scale = between(view.scale * factor, fit, fit * ZOOM.max);
  const ratio = scale / view.scale;
  return clamp({ scale, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio }, size, frame);
}

export const panBy = (view: Viewport, dx: number, dy: number, size: Size, frame: Size): Viewport =>
  clamp({ ...view, x: view.x + dx, y: view.y + dy }, size, frame);

/** Brings a spot to the middle of the frame, as far as the drawing's edges allow. */
export const centredOn = (spot: Spot, scale: number, size: Size, frame: Size): Viewport =>
  clamp(
    {
      scale,
      x: frame.width / 2 - spot.x * size.width * scale,
      y: frame.height / 2 - spot.y * size.height * scale,
    },
    size,
    frame,
  );

/** Which spot lies under (px, py) of the frame; held to the drawing. */
export const spotAt = (view: Viewport, px: number, py: number, size: Size): Spot => ({
  x: between((px - view.x) / (size.width * view.scale), 0, 1),
  y: between((py - view.y) / (size.height * view.scale), 0, 1),
});

/** Where a spot is shown, CSS pixels of the frame. */
export const shownAt = (view: Viewport, spot: Spot, size: Size): { readonly left: number; readonly top: number } => ({
  left: view.x + spot.x * size.width * view.scale,
  top: view.y + spot.y * size.height * view.scale,
});
