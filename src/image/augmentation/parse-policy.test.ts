/** A policy's JSON: what may be left out, what is refused, and where. */
import { expect, it } from "vitest";
import { SettingsError } from "../../errors.ts";
import { parsePolicy, stepKinds } from "./parse-policy.ts";
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
  [{ steps: [{ kind: "erase", area: 3 }] }, "steps[0]: erase: area: expected two numbers: [least, greatest], got 3"],
  [{ steps: [{ kind: "affine", shear: Number.NaN }] }, "steps[0]: affine: shear: expected a number, got NaN"],
  // These are the builders' words and limits.
  [{ steps: [{ kind: "flip", vertical: 2 }] }, "steps[0]: flip: vertical: expected a number from 0 to 1, got 2"],
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
