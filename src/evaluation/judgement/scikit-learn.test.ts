/** Every figure of the complete evaluation against recorded ones of scikit-learn, SciPy or its defining formula in numpy. */
import { it } from "vitest";
import { recordedCases } from "../reference-numbers/evaluation-cases.ts";
import { expectFigures } from "./testing/expected-figures.ts";

it.each(recordedCases)("agrees with recorded figures: $name", (example) => {
  expectFigures(example, example.figures);
});
