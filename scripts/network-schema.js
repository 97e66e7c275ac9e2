/** Writes network.schema.json, the JSON Schema of networks that the package and the documentation hold, from the schema in dist/. */
import { writeFileSync } from "node:fs";
import { networkJsonSchema } from "../dist/network/json/json-schema.js";

const file = new URL("../network.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(networkJsonSchema(), undefined, 2)}\n`);
