// Every maximum and pause of the GB/T 26875.3 side, by name. Times in ms.

/** Sizes of GB/T 26875.3-2011, chapter 6 (packet structure) and 7 (application data unit). */
export const GB26875_FRAME = {
  /** Longest application data unit, bytes. */
  aduBytes: 1_024,
  /** Start, header up to and including the command. */
  headBytes: 27,
  /** Checksum and end. */
  tailBytes: 3,
  /** Component text, bytes of GB 18030, padded with NUL. */
  textBytes: 31,
} as const;
