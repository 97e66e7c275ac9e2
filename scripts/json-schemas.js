/** Writes the JSON Schemas that the package and the documentation hold, from the schemas in dist/. */
import { writeFileSync } from "node:fs";
import { policyJsonSchema } from "../dist/image/augmentation/parse-policy.js";
import { networkJsonSchema } from "../dist/network/json/json-schema.js";

for (const [name, schema] of Object.entries({ network: networkJsonSchema(), augmentation: policyJsonSchema() })) {
  const file = new URL(`../${name}.schema.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(schema, undefined, 2)}\n`);
}
