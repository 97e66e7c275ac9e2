/** Every figure of the complete evaluation against a live scikit-learn, on random cases. */
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyCase, type ReferenceFigures } from "../reference-numbers/evaluation-cases.ts";
import { expectFigures } from "./testing/expected-figures.ts";

const python = "/usr/bin/python3";
const missing = spawnSync(python, ["-c", "import sklearn"]).status !== 0;
it(missing ? "live: needs Debian's python3-sklearn" : "agrees live, on random cases", ({ skip }) => {
  if (missing) skip("no scikit-learn for /usr/bin/python3");
  const cases = fc.sample(anyCase, { numRuns: 100, seed: 11 });
  const script = fileURLToPath(new URL("../../../scripts/references/sklearn_evaluation.py", import.meta.url));
  const answer = execFileSync(python, ["-B", script, "-"], { input: JSON.stringify(cases), encoding: "utf8" });
  const figures = JSON.parse(answer) as ReferenceFigures[];
  expect(figures).toHaveLength(cases.length);
  cases.forEach((example, index) => {
    expectFigures(example, figures[index]!);
  });
});
