// The demo's own drawings, made here: a standard floor with two lifts, stairs, corridor and flats, and a basement with
// the pump room. And where on them the demo's detectors, modules, gauges and pumps stand, by their names. Pure.

/** User units of the drawings. */
const [BREADTH, HEIGHT] = [1200, 640];

const rect = (x: number, y: number, w: number, h: number, c: string): string =>
  `<rect class="${c}" x="${x}" y="${y}" width="${w}" height="${h}"/>`;
const label = (x: number, y: number, zh: string): string => `<text x="${x}" y="${y}">${zh}</text>`;
const line = (d: string, c = 'wall'): string => `<path class="${c}" d="${d}"/>`;

/** Steps of a staircase in a box. */
const stairs = (x: number, y: number, w: number, h: number): string =>
  rect(x, y, w, h, 'core') +
  Array.from({ length: 9 }, (_, i) => line(`M${x} ${y + ((i + 1) * h) / 10}h${w}`, 'thin')).join('') +
  line(`M${x + w / 2} ${y}v${h}`, 'thin');
const lift = (x: number, y: number, n: number): string =>
  rect(x, y, 84, 92, 'core') +
  line(`M${x} ${y}l84 92M${x + 84} ${y}l-84 92`, 'thin') +
  label(x + 42, y + 54, `电梯${n}`);

const STYLE =
  '.out{fill:#f4f5f5;stroke:#3f484f;stroke-width:8}.room{fill:#fbfbfb;stroke:#59636b;stroke-width:3}' +
  '.core{fill:#dfe3e5;stroke:#59636b;stroke-width:3}.hall{fill:#eceeef;stroke:#59636b;stroke-width:3}' +
  '.wall{fill:none;stroke:#59636b;stroke-width:3}.thin{fill:none;stroke:#a3abb1;stroke-width:1.5}' +
  'text{font-family:sans-serif;font-size:22px;fill:#59636b;text-anchor:middle}';

const drawing = (parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${BREADTH} ${HEIGHT}"><style>${STYLE}</style>` +
  `${rect(10, 10, BREADTH - 20, HEIGHT - 20, 'out')}${parts.join('')}</svg>`;

/** Four flats above, two beside the core below, one corridor through the middle. */
export const STANDARD_FLOOR = drawing([
  ...['01', '02', '03', '04'].flatMap((n, i) => [
    rect(10 + i * 295, 10, 295, 250, 'room'),
    line(`M${10 + i * 295 + 150} 10v120M${10 + i * 295} 130h180`, 'thin'),
    label(10 + i * 295 + 215, 190, `${n} 室`),
  ]),
  rect(10, 260, 1180, 90, 'hall'),
  label(240, 336, '走道'),
  label(980, 336, '走道'),
  rect(10, 350, 320, 280, 'room'),
  label(170, 500, '05 室'),
  rect(870, 350, 320, 280, 'room'),
  label(1030, 500, '06 室'),
  rect(330, 350, 540, 280, 'hall'),
  stairs(340, 470, 120, 150),
  label(400, 458, '楼梯 A'),
  stairs(740, 470, 120, 150),
  label(800, 458, '楼梯 B'),
  lift(490, 530, 1),
  lift(626, 530, 2),
  label(600, 500, '电梯厅'),
  rect(470, 360, 60, 50, 'core'),
  label(500, 393, '水'),
  rect(670, 360, 60, 50, 'core'),
  label(700, 393, '电'),
]);

/** Garage with columns, the pump room with pit and pumps, plant rooms. */
export const BASEMENT = drawing([
  ...Array.from({ length: 10 }, (_, i) => rect(70 + (i % 5) * 120, 90 + Math.floor(i / 5) * 180, 22, 22, 'core')),
  label(330, 220, '地下车库'),
  rect(720, 10, 470, 330, 'room'),
  label(955, 52, '消防泵房'),
  rect(740, 80, 170, 240, 'core'),
  label(825, 110, '消防水池'),
  ...[0, 1, 2].map((i) => `<circle class="core" cx="${980 + i * 72}" cy="262" r="26"/>`),
  line('M954 300h190v-200h-60'),
  rect(720, 340, 230, 150, 'room'),
  label(835, 470, '配电室'),
  rect(950, 340, 240, 150, 'room'),
  label(1070, 470, '风机房'),
  stairs(340, 470, 120, 150),
  stairs(740, 490, 120, 130),
  lift(490, 530, 1),
  lift(626, 530, 2),
  label(600, 500, '电梯厅'),
]);

interface Spot {
  /** What the Chinese name ends with or holds. */
  readonly named: RegExp;
  /** User units of the drawing. */
  readonly at: readonly [number, number];
}

/** Where things of a standard floor stand, by what the demo's lists call them. */
const STANDARD_SPOTS: readonly Spot[] = [
  { named: /东走道感烟/u, at: [1060, 290] },
  { named: /西走道感烟/u, at: [140, 290] },
  { named: /电梯厅感烟/u, at: [600, 440] },
  { named: /电井感温/u, at: [700, 372] },
  { named: /手动报警按钮/u, at: [440, 300] },
  { named: /水流指示器/u, at: [500, 372] },
  { named: /排烟阀/u, at: [800, 290] },
  { named: /声光警报/u, at: [600, 285] },
  { named: /灭火器/u, at: [560, 400] },
  { named: /消火栓|末端/u, at: [300, 300] },
  { named: /1号电梯$/u, at: [532, 596] },
  { named: /2号电梯$/u, at: [668, 596] },
  { named: /1号电梯变频器/u, at: [532, 556] },
  { named: /2号电梯变频器/u, at: [668, 556] },
  { named: /报警主机$/u, at: [930, 400] },
  { named: /联网网关/u, at: [1030, 400] },
  { named: /水箱/u, at: [760, 400] },
];
const BASEMENT_SPOTS: readonly Spot[] = [
  { named: /东走道感烟/u, at: [840, 400] },
  { named: /西走道感烟/u, at: [200, 160] },
  { named: /消防泵控制柜/u, at: [1130, 150] },
  { named: /泵房开关量/u, at: [980, 262] },
  { named: /出口压力/u, at: [1100, 110] },
  { named: /消防水池/u, at: [825, 210] },
];

/** Where a thing stands, in shares of the drawing; undefined for one that the demo leaves for a person to place. */
export function demoSpot(floor: number, name: string): { readonly x: number; readonly y: number } | undefined {
  const spots = floor < 0 ? [...BASEMENT_SPOTS, ...STANDARD_SPOTS] : STANDARD_SPOTS;
  const spot = spots.find(({ named }) => named.test(name));
  return spot && { x: spot.at[0] / BREADTH, y: spot.at[1] / HEIGHT };
}
