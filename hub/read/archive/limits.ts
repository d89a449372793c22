// Named maxima of reading and printing the archive.
export const ARCHIVE_READ_LIMITS = {
  pageDefault: 50,
  pageMax: 200,
  /** Documents, and rows of one chapter, that a search shows. */
  foundMax: 50,
  foundPerChapter: 10,
  /** Rows read at a time for paper. */
  printRows: 500,
  /** Rows of one chapter on paper when the whole archive is printed: the newest; a chapter alone is printed in full. */
  wholeChapterRows: 1_500,
  /** Files that travel inside the PDF, bytes in all; what is beyond is named with its hash. */
  attachedBytesMax: 40 * 1024 * 1024,
  /** Of one attachment, characters of base64 handed over at a time. */
  attachedChunk: 256 * 1024,
} as const;
