/** The published JSON Schema: it is what the code checks by, and another program reads it as the code does. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { networkNames, networks } from "../architectures.ts";
import type { Network } from "../layer.ts";
import { everyLayer } from "../testing/every-layer.ts";
import { formatNetwork } from "./format-network.ts";
import { networkJsonSchema } from "./json-schema.ts";
import { layerFields, layerKinds, networkFields, networkForm } from "./layer-forms.ts";

const published = JSON.parse(readFileSync(new URL("../../../network.schema.json", import.meta.url), "utf8"));
const accepts = new Ajv2020({ strict: true, strictTypes: false }).compile(published);

it("is published as it is; node scripts/json-schemas.js writes it", () => {
  expect(published).toEqual(networkJsonSchema());
});

it("takes every network, and what people write of it", () => {
  const every: Network = { name: "every", input: { channels: 1, height: 9, width: 7 }, frozen: 2, layers: everyLayer };
  for (const network of [every, ...networkNames.map((name) => networks[name]({ classes: 3 }))]) {
    for (const data of [network, JSON.parse(formatNetwork(network))]) {
      expect(accepts(data), JSON.stringify(accepts.errors)).toBe(true);
    }
  }
  expect(
    accepts({ $schema: "./node_modules/naevus/network.schema.json", layers: [{ kind: "dense", units: "classes" }] }),
  ).toBe(true);
});

it("is read by another program as by naevus, whatever is wrong", () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      0,
      1,
      2,
      0.5,
      -1,
      2.5,
      2 ** 31,
      4096,
      4097,
      "same",
      "classes",
      "image",
      "",
      "a\u0007",
      true,
      null,
    ),
    fc.constantFrom<unknown>([], [3, 3], [3], [3, 3, 3], [0.5, 0.5, 0.5], ["same"], {}, [{}], [{ kind: "relu" }], {
      kind: "relu",
    }),
  );
  const fields = ["kind", "extra", ...new Set(layerKinds.flatMap((kind) => Object.keys(layerFields[kind])))];
  const layer = fc
    .tuple(fc.constantFrom(...layerKinds), fc.dictionary(fc.constantFrom(...fields.slice(1)), value, { maxKeys: 4 }))
    .map(([kind, others]) => ({ kind, ...others }));
  const valid = fc.constantFrom<object>(...everyLayer);
  const changed = fc
    .tuple(valid, fc.constantFrom(...fields), value)
    .map(([whole, field, other]) => (field in whole ? { ...whole, [field]: other } : whole));
  const top = fc.dictionary(fc.constantFrom(...Object.keys(networkFields).slice(0, -1), "extra"), value, {
    maxKeys: 2,
  });
  const network = fc
    .tuple(fc.array(fc.oneof(valid, changed, layer), { maxLength: 3 }), top)
    .map(([layers, others]) => ({ ...others, layers }));
  const counts = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(network, (data) => {
      const isTaken = networkForm.safeParse(data).success;
      counts[isTaken ? "taken" : "refused"]++;
      return accepts(data) === isTaken;
    }),
    { numRuns: 3000 },
  );
  expect(counts.taken).toBeGreaterThan(300);
  expect(counts.refused).toBeGreaterThan(300);
});
