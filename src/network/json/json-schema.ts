/** The JSON Schema of a network's file, for editors and other programs. */
import { jsonSchemaOf } from "../../formats/json-schema.ts";
import { networkForm } from "./layer-forms.ts";

/** A JSON Schema (draft 2020-12) that takes what {@link parseNetwork} takes, but for sizes of the whole and shapes that do not fit each other. */
export const networkJsonSchema = () => jsonSchemaOf(networkForm, "A network of naevus");
