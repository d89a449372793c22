// What a rule is called: by the catalogue where it knows it, else by its id.

/** @param id `<domain>.<name>` */
export function ruleName(id: string, speech: { readonly named: (key: string, value: string) => string }): string {
  const [domain = '', name = ''] = id.split('.', 2);
  return speech.named(`ui.rule.${domain}.${name}`, id);
}
