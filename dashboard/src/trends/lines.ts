// How lines of a trend differ: colours after Okabe and Ito, which colour-blind people tell apart, and dashes beside them.
export interface LineLook {
  /** By day and by night: each at least 3:1 on its ground. */
  readonly light: string;
  readonly dark: string;
  readonly dash: readonly number[];
}
export const LINE_LOOKS: readonly LineLook[] = [
  { light: '#005f99', dark: '#56b4e9', dash: [] },
  { light: '#b34700', dark: '#f08a3c', dash: [9, 4] },
  { light: '#00735a', dark: '#2fc9a0', dash: [2, 3] },
  { light: '#9a3d78', dark: '#dd8fbd', dash: [11, 3, 2, 3] },
  { light: '#5b3fa0', dark: '#a890ea', dash: [5, 5] },
  { light: '#7a5c00', dark: '#e3b92f', dash: [14, 4] },
  { light: '#4a545b', dark: '#abb4bb', dash: [3, 6] },
  { light: '#8a1c2b', dark: '#f2808c', dash: [1, 4] },
];
const FIRST: LineLook = { light: '#005f99', dark: '#56b4e9', dash: [] };
export const lookOf = (index: number): LineLook => LINE_LOOKS[index % LINE_LOOKS.length] ?? FIRST;
