// Which of the two languages a caller reads: Chinese first, English where Accept-Language prefers it.

export type Language = 'zh' | 'en';

/** The language for an Accept-Language header; Chinese when it names neither. */
export function languageOf(header: string | undefined): Language {
  let best: { language: Language; weight: number } | undefined;
  for (const part of (header ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...params] = part.trim().toLowerCase().split(';');
    const base = tag.split('-')[0];
    if (base !== 'zh' && base !== 'en') continue;
    const q = params.map((p) => p.trim()).find((p) => p.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    if (weight > (best?.weight ?? 0)) best = { language: base, weight };
  }
  return best?.language ?? 'zh';
}
