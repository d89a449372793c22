// Checks what comes in against a route's schema: defaults filled in, text of path and query turned into numbers and
// booleans; a body is taken as it is.
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { RefusalError } from './problem.ts';

/** How many mistakes are told at once. */
const MISTAKES_MAX = 5;

export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  return (given: unknown) => {
    const filled = Value.Default(schema, given);
    const value = httpPart === 'body' ? filled : Value.Convert(schema, filled);
    if (validator.Check(value)) return { value };
    const mistakes = validator
      .Errors(value)
      // "schema is false": what an unknown property meets, told better by the error that names it.
      .filter((e) => e.keyword !== 'boolean')
      .slice(0, MISTAKES_MAX)
      .map((e) => `${httpPart ?? 'value'}${e.instancePath} ${e.message}${extra(e)}`);
    return { error: new Error([...new Set(mistakes)].join('; ')) };
  };
};

/** Names the properties that a schema does not know; the standard message says only that there are some. */
function extra(error: { readonly params: object }): string {
  const { params } = error;
  if (!('additionalProperties' in params) || !Array.isArray(params.additionalProperties)) return '';
  return `: ${params.additionalProperties.slice(0, MISTAKES_MAX).map(String).join(', ')}`;
}

/** No text of ours holds these, and PostgreSQL can't store them: NUL, and half of a surrogate pair. */
const UNSTORABLE = /\0|\p{Cs}/u;

/** Where in a value such a text stands; undefined when nowhere. The parser bounds how deep a value is. */
function unstorableAt(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (UNSTORABLE.test(key)) return `${path} (the name of a property)`;
    const found = unstorableAt(inner, `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Refuses text that nothing here can store, wherever it stands. @throws RefusalError `bad-request` naming the place */
export async function refuseUnstorable({ params, query, body }: FastifyRequest): Promise<void> {
  const json = Buffer.isBuffer(body) ? undefined : body;
  for (const [part, value] of Object.entries({ params, query, body: json })) {
    const place = unstorableAt(value, part);
    if (place !== undefined) throw new RefusalError('bad-request', `${place} holds a character that no text has`);
  }
}
