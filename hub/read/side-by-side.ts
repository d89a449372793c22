// Many questions to history, a few at a time: it has few connections, and others ask too.

/** Work on each item, at most `atOnce` at a time; answers in the items' order. The first failure is thrown. */
export async function sideBySide<A, B>(
  items: readonly A[],
  atOnce: number,
  work: (item: A) => Promise<B>,
): Promise<B[]> {
  const out: B[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) out[i] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return out;
}
