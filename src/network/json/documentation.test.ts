/** The table of layers in the documentation: every kind and field of the schema, and examples that are read. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { layerFields, layerKinds } from "./layer-forms.ts";
import { parseNetwork } from "./parse-network.ts";

const page = readFileSync(new URL("../../../docs/guide/networks.md", import.meta.url), "utf8");

it("names every field of every layer, needed or with a default", () => {
  const [table] = /^\| kind [\s\S]*?\n\n/m.exec(page)!;
  const rows = [...table.matchAll(/^\| `(\w+)` +\|([^|]*)\|([^|]*)\|$/gm)].map(([, kind, ...cells]) => [
    kind,
    ...cells.map((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, field]) => field)),
  ]);
  const fields = (kind: (typeof layerKinds)[number], isOptional: boolean) =>
    Object.entries<z.ZodType>(layerFields[kind]).flatMap(([name, schema]) =>
      schema instanceof z.ZodExactOptional === isOptional ? [name] : [],
    );
  expect(rows).toEqual(layerKinds.map((kind) => [kind, fields(kind, false), fields(kind, true)]));
});

it("shows a network that is read", () => {
  const [, json] = /```json\n(\{\n {2}"\$schema"[\s\S]*?)```/.exec(page)!;
  expect(parseNetwork(json, { classes: 9 }).layers).toHaveLength(8);
});
