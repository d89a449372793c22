// Named maxima of printing.
export const PRINT_LIMITS = {
  /** Documents made at the same time; each is a process of its own. */
  atOnce: 2,
  /** Documents that wait for their turn; more are refused. */
  waitingMax: 10,
  /** Rows of all tables of one document. */
  rowsMax: 30_000,
  /** Characters of one cell; what is longer ends with "…". */
  cellCharsMax: 2_000,
  /** How long the making of one document may take, ms. */
  makeMsMax: 600_000,
  /** Memory of the process that makes one, MiB. */
  memoryMiB: 768,
  /** What a process may say about its failure, characters. */
  complaintCharsMax: 2_000,
  /** Breadth to which a drawing (SVG) is drawn, px: 200 dpi over A4 landscape. */
  drawingPixels: 2_200,
  /** Bytes of one picture in a document. */
  pictureBytesMax: 10 * 1024 * 1024,
} as const;
