// Checks what comes in against a route's schema: defaults filled in, text of path and query turned into numbers and
// booleans; a body is taken as it is.
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';

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
