/** What a reader must know before the figures: that the final model is worse than the first, or the test does not bear out cross-validation. */

import type { StudyReport } from "../study-report.ts";
import { chosenOf, points } from "./chance-in-words.ts";
import { percent, pValueText, range, signedPoints, testedClasses } from "./notation.ts";

/** Sentences that stand above all figures; none where nothing of the kind is so. */
export function cautions({ evaluation, recipes }: Pick<StudyReport, "evaluation" | "recipes">): string[] {
  return [...worseThanFirst(evaluation), ...unlikeCrossValidation(evaluation, recipes)];
}

function worseThanFirst({ comparisons, figures }: StudyReport["evaluation"]): string[] {
  return comparisons.flatMap(({ rival, samples, first, second, accuracyDifference, balancedAccuracyDifference }) => {
    const fewer = first.count < second.count;
    const balanced = balancedAccuracyDifference.value ?? 0;
    if (!fewer && balanced >= 0) return [];
    const { interval } = fewer ? accuracyDifference : balancedAccuracyDifference;
    const chance =
      interval !== null && interval[1] < 0
        ? "The choice of test images does not explain the difference between these two models."
        : "So few test images do not show which of the two models is better.";
    if (fewer) {
      return [
        `The final model is worse than the first one: it classifies ${first.count} of ${samples} test images correctly, against ${second.count} for ${rival}. ${chance}`,
      ];
    }
    const own = figures.balancedAccuracy.value ?? 0;
    return [
      `The final model's balanced accuracy is lower than the first one's: ${percent(own)} on the test images, against ${percent(own - balanced)} for ${rival}. ${chance}`,
    ];
  });
}

function unlikeCrossValidation(
  { figures, perClass }: StudyReport["evaluation"],
  recipes: StudyReport["recipes"],
): string[] {
  const test = figures.balancedAccuracy;
  const validated = chosenOf(recipes).balancedAccuracy;
  if (test.value === null || validated.value === null || validated.interval === null) return [];
  const [low, high] = validated.interval;
  if (test.value >= low && test.value <= high) return [];
  const side = test.value < low ? "below" : "above";
  const explained =
    test.interval !== null && validated.value >= test.interval[0] && validated.value <= test.interval[1];
  const others = perClass.some(({ support }) => support === 0)
    ? `The test images cover ${testedClasses({ perClass })} and cross-validation covers all, so the two figures describe different classes. `
    : "";
  return [
    `Balanced accuracy on the test images is ${percent(test.value)}, ${side} the cross-validation interval of ${range(validated.interval)} ` +
      `(estimate: ${percent(validated.value)}). ` +
      others +
      (explained
        ? `The test's own interval (${range(test.interval)}) contains the cross-validation estimate, so the small test set may explain the difference.`
        : `${test.interval === null ? "Either " : `The test's own interval (${range(test.interval)}) does not contain the cross-validation estimate: either `}` +
          "the test images differ in kind from the training images, or the final model differs from the cross-validated ones."),
  ];
}

/** How the final model compares with another on the test images, as a sentence. */
export function modelsCompared({
  rival,
  accuracyDifference: { value, interval },
  ...test
}: StudyReport["evaluation"]["comparisons"][number]): string {
  if (value === null) return `The final model and ${rival} cannot be compared on the test images.`;
  const compared = value === 0 ? "equal to" : `${points(value)} ${value > 0 ? "higher" : "lower"} than`;
  const between = interval && `95 % interval ${interval.map(signedPoints).join(" to ")} points; `;
  return (
    `On the test images, the final model's accuracy is ${compared} that of ${rival} (${between ?? ""}${pValueText(test)}). ` +
    "This compares two models, each trained once, not two recipes."
  );
}
