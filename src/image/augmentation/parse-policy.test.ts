/** A policy's JSON: what may be left out, what is refused, and where. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { SettingsError } from "../../errors.ts";
import { parsePolicy, policyJsonSchema, stepFields, stepKinds } from "./parse-policy.ts";
import { affine, colour, dihedral, erase, flip, policies, policyNames, resizedCrop } from "./policy.ts";

it("fills in what builders have a default for", () => {
  const steps = stepKinds.map((kind) => ({ kind }));
  expect(parsePolicy({ steps })).toEqual({
    fill: "reflect",
    steps: [flip(), dihedral(), affine({}), resizedCrop(), colour({}), erase()],
  });
  expect(parsePolicy('{"$schema": "any", "fill": "edge", "steps": []}')).toEqual({ fill: "edge", steps: [] });
});

it.each(policyNames)("gives the policy %s back as it is", (name) => {
  expect(parsePolicy(policies[name])).toEqual(policies[name]);
  expect(JSON.stringify(parsePolicy(JSON.stringify(policies[name])))).toBe(JSON.stringify(policies[name]));
});

it.each([
  ["[", "no valid JSON: line 1, column 2: expected a value or ], got the end"],
  ["3", 'expected a policy, such as {"steps": [{"kind": "dihedral"}]}, got 3'],
  [{}, "steps: expected a list of at most 100 steps, got nothing"],
  [{ steps: [], fil: "edge" }, 'unknown field "fil"; did you mean fill?'],
  [{ steps: [], fill: "black" }, 'fill: expected "reflect" or "edge", got "black"'],
  [{ steps: [3] }, 'steps[0]: expected a step, such as {"kind": "dihedral"}, got 3'],
  [{ steps: [{ kind: "flip" }, { kind: "afine" }] }, 'steps[1]: unknown step "afine"; did you mean affine?'],
  [{ steps: [{}] }, /^steps\[0\]: expected a step with its kind, one of flip, .*, erase; got nothing$/],
  [{ steps: [{ kind: "dihedral", angle: 3 }] }, 'steps[0]: dihedral: unknown field "angle"; it takes none'],
  [
    { steps: [{ kind: "erase", area: 3 }] },
    "steps[0]: erase: area: expected two numbers from 0 to 1: [least, greatest], got 3",
  ],
  [
    { steps: [{ kind: "affine", shear: Number.NaN }] },
    "steps[0]: affine: shear: expected a number from 0 to 60, got NaN",
  ],
  [{ steps: [{ kind: "flip", vertical: 2 }] }, "steps[0]: flip: vertical: expected a number from 0 to 1, got 2"],
  // These are a builder's words.
  [{ steps: [{ kind: "affine", scale: [2, 1] }] }, "steps[0]: affine: scale: expected a number from 2 to 8, got 1"],
  ['{"steps": [{"kind": "flip", "__proto__": 1}]}', "steps[0]: the key __proto__ is not allowed"],
  [{ steps: [new Map()] }, "steps[0]: expected data, got an instance of a class"],
  [
    `{"steps": ${"[".repeat(5000)}${"]".repeat(5000)}}`,
    /^steps\[0\].*: nested too deeply; a policy is a list of steps$/,
  ],
])("refuses %j", (json, message) => {
  const parse = () => parsePolicy(json, { source: "a.json" });
  expect(parse).toThrow(SettingsError);
  const wanted =
    typeof message === "string" ? `a.json: ${message}` : new RegExp(message.source.replace("^", "^a\\.json: "));
  if (typeof wanted === "string") expect(parse).toThrow(new SettingsError(wanted));
  else expect(parse).toThrow(wanted);
});

const published = JSON.parse(readFileSync(new URL("../../../augmentation.schema.json", import.meta.url), "utf8"));

it("has a published JSON Schema; node scripts/json-schemas.js writes it", () => {
  expect(published).toEqual(policyJsonSchema());
});

it("is read by another program as by naevus, whatever is wrong", () => {
  const accepts = new Ajv2020({ strict: true, strictTypes: false, strictTuples: false }).compile(published);
  for (const name of policyNames) expect(accepts(policies[name])).toBe(true);
  const value = fc.constantFrom<unknown>(
    0,
    0.5,
    1,
    -1,
    9,
    61,
    181,
    "1",
    null,
    [0.5, 1],
    [1],
    [0, 1],
    [0.5, 0.9, 1],
    {},
  );
  const fields = [...new Set(stepKinds.flatMap((kind) => Object.keys(stepFields[kind]))), "extra"];
  const step = fc
    .tuple(fc.constantFrom(...stepKinds), fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 2 }))
    .map(([kind, others]) => ({ kind, ...others }));
  const counts = { taken: 0, refused: 0 };
  const isTaken = (data: unknown): boolean => {
    try {
      parsePolicy(data);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 2 }),
      fc.constantFrom({}, { fill: "edge" }, { fill: 1 }),
      (steps, others) => {
        const data = { ...others, steps };
        const taken = isTaken(data);
        counts[taken ? "taken" : "refused"]++;
        return accepts(data) === taken;
      },
    ),
    { numRuns: 2000 },
  );
  expect(counts.taken).toBeGreaterThan(200);
  expect(counts.refused).toBeGreaterThan(200);
});
