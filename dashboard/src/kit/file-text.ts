// The text of a file that a spreadsheet has written.

/** UTF-8, or else GB 18030: what Chinese spreadsheets write when nobody chooses. */
export async function textOf(file: Blob): Promise<string> {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}
