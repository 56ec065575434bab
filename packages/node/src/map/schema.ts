import { SchemaError, type SchemaIssue } from '@simpledht/wire';

/**
 * The interface of Standard Schema, version 1, as far as it is used here: zod, valibot, arktype and others implement it.
 * Types only, written down here so that no validator is a dependency.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For inference only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** What the schema makes of a value, at once when it can. Throws or rejects with `SchemaError`, or what the schema throws. */
export function validated(schema: StandardSchemaV1, value: unknown): unknown {
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then(outputOf) : outputOf(result);
}

export function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchemaV1>)['~standard'];
  return typeof standard?.validate === 'function';
}

function outputOf(result: SchemaResult<unknown>): unknown {
  if (result.issues !== undefined) throw new SchemaError(result.issues);
  return result.value;
}
