/** The JSON Schema of a file, for editors and other programs: from the schema that such files are checked by. */
import { z } from "zod";

/** What `expected` says in words becomes a description, which editors show. */
function described(schema: { expected?: unknown; description?: string }): void {
  const { expected } = schema;
  delete schema.expected;
  if (typeof expected === "string") schema.description = expected;
}

/** A JSON Schema (draft 2020-12) of what a form takes. */
export const jsonSchemaOf = (form: z.ZodType, title: string): Readonly<Record<string, unknown>> => ({
  ...z.toJSONSchema(form, { override: ({ jsonSchema }) => described(jsonSchema) }),
  title,
});
