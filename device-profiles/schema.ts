// npm run schema: writes the JSON Schema of profiles for editors, from the schema that the loader checks with.
// In an editor: `# yaml-language-server: $schema=../profile.schema.json` as the first line of a profile.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { ProfileFile } from './contract/profile.ts';

export const SCHEMA_FILE = fileURLToPath(new URL('./profile.schema.json', import.meta.url));

const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/**
 * JSON text of the schema, formatted as the repo is. Named parts that TypeBox keeps beside their use are moved to the top, where every editor
 * finds them.
 */
export async function schemaText(): Promise<string> {
  const defs: Record<string, unknown> = {};
  const lift = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(lift);
    if (!isRecord(value)) return value;
    const out: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(value)) {
      if (key === '$defs' && isRecord(part)) for (const [name, def] of Object.entries(part)) defs[name] = lift(def);
      else if (key === '$ref') out[key] = `#/$defs/${String(part)}`;
      else if (key !== '$id') out[key] = lift(part);
    }
    return out;
  };
  const body = lift(JSON.parse(JSON.stringify(ProfileFile)));
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Fengsui device profile',
    ...(isRecord(body) ? body : {}),
    $defs: defs,
  };
  return format(JSON.stringify(schema), { ...(await resolveConfig(SCHEMA_FILE)), filepath: SCHEMA_FILE });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SCHEMA_FILE, await schemaText());
  console.log(`wrote ${SCHEMA_FILE}`);
}
