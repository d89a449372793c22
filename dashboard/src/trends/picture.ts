// A view of trends as one picture: its title, what is drawn, bars of states, and which line is which.

export interface PictureRow {
  readonly text: string;
  readonly colour: string;
  readonly dash: readonly number[];
}
export interface PictureTrack {
  readonly text: string;
  readonly blocks: readonly { readonly left: number; readonly width: number; readonly fill: string }[];
}
export interface Picture {
  readonly title: readonly string[];
  readonly charts: readonly HTMLCanvasElement[];
  readonly tracks: readonly PictureTrack[];
  readonly rows: readonly PictureRow[];
  readonly ink: string;
  readonly ground: string;
  /** Room beside the plots, CSS pixels. */
  readonly gutter: { readonly left: number; readonly right: number };
}

const LINE = 20;
const TRACK = 18;

/** PNG as a data URL; null where the browser draws nothing. */
export function pictureOf({ title, charts, tracks, rows, ink, ground, gutter }: Picture): string | null {
  const scale = devicePixelRatio;
  const canvas = document.createElement('canvas');
  const width = Math.max(600 * scale, ...charts.map((c) => c.width));
  const drawn = charts.reduce((sum, c) => sum + c.height, 0);
  canvas.width = width;
  canvas.height = drawn + (title.length + rows.length + 1.5) * LINE * scale + tracks.length * (LINE + TRACK) * scale;
  const ctx = canvas.getContext('2d');
  if (!ctx) return null;
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  let y = 0;
  const write = (text: string, x: number): void => {
    ctx.fillStyle = ink;
    ctx.font = `${13 * scale}px ${getComputedStyle(document.documentElement).fontFamily}`;
    ctx.fillText(text, x * scale, y + 14 * scale);
  };
  for (const text of title) {
    write(text, 8);
    y += LINE * scale;
  }
  for (const chart of charts) {
    ctx.drawImage(chart, 0, y);
    y += chart.height;
  }
  const inner = width - (gutter.left + gutter.right) * scale;
  for (const track of tracks) {
    write(track.text, gutter.left);
    y += LINE * scale;
    ctx.strokeStyle = ink;
    ctx.strokeRect(gutter.left * scale, y, inner, TRACK * scale * 0.8);
    for (const block of track.blocks) {
      ctx.fillStyle = block.fill;
      ctx.fillRect(gutter.left * scale + block.left * inner, y, Math.max(1, block.width * inner), TRACK * scale * 0.8);
    }
    y += TRACK * scale;
  }
  for (const row of rows) {
    ctx.strokeStyle = row.colour;
    ctx.lineWidth = 2 * scale;
    ctx.setLineDash(row.dash.map((d) => d * scale));
    ctx.beginPath();
    ctx.moveTo(8 * scale, y + 10 * scale);
    ctx.lineTo(48 * scale, y + 10 * scale);
    ctx.stroke();
    write(row.text, 56);
    y += LINE * scale;
  }
  return canvas.toDataURL('image/png');
}
