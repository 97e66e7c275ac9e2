/** The JSON Schema of a network's file, for editors and other programs: from the schema that files are checked by. */
import { z } from "zod";
import { networkForm } from "./layer-forms.ts";

/** What `expected` says in words becomes a description, which editors show. */
function described(schema: { expected?: unknown; description?: string }): void {
  const { expected } = schema;
  delete schema.expected;
  if (typeof expected === "string") schema.description = expected;
}

/** A JSON Schema (draft 2020-12) that takes what {@link parseNetwork} takes, but for sizes of the whole and shapes that do not fit each other. */
export const networkJsonSchema = (): Readonly<Record<string, unknown>> => ({
  ...z.toJSONSchema(networkForm, { override: ({ jsonSchema }) => described(jsonSchema) }),
  title: "A network of naevus",
});
