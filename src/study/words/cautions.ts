/** What a reader must know before the figures: that the final model is worse than the first, or the test does not bear out cross-validation. */

import type { StudyReport } from "../study-report.ts";
import { chosenOf, points } from "./chance-in-words.ts";
import { percent, pValueText, range, testedClasses } from "./notation.ts";

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
        ? "The difference between these two models is more than the choice of test images explains."
        : "So few test images leave open which of these two models is better.";
    if (fewer) {
      return [
        `The final model is worse than the first one: of ${samples} test images it gets ${first.count} right, ${rival} ${second.count}. ${chance}`,
      ];
    }
    const own = figures.balancedAccuracy.value ?? 0;
    return [
      `In balanced accuracy the final model is worse than the first one: ${percent(own)} on the test images, and ${rival} ${percent(own - balanced)}. ${chance}`,
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
    ? `The test images are of ${testedClasses({ perClass })}, and cross-validation counts all: the two figures are not of the same classes. `
    : "";
  return [
    `Balanced accuracy is ${percent(test.value)} on the test images, ${side} the interval of cross-validation ` +
      `(${percent(validated.value)}; ${range(validated.interval)}). ` +
      others +
      (explained
        ? `The test's own interval (${range(test.interval)}) holds cross-validation's figure, so the few test images may explain it.`
        : `${test.interval === null ? "" : `The test's own interval (${range(test.interval)}) does not hold cross-validation's figure either: `}` +
          "the test images are of another kind, or the final model is not like those that were cross-validated."),
  ];
}

/** How the final model compares with another on the test images, as a sentence. */
export function modelsCompared({
  rival,
  accuracyDifference: { value, interval },
  ...test
}: StudyReport["evaluation"]["comparisons"][number]): string {
  if (value === null) return `On the test images the final model cannot be compared with ${rival}.`;
  const amount = value === 0 ? "as many" : `${points(value)} ${value > 0 ? "more" : "fewer"}`;
  const range =
    interval && `95 % interval ${(interval[0] * 100).toFixed(1)} to ${(interval[1] * 100).toFixed(1)} points; `;
  return (
    `On the test images the final model gets ${amount} right ${value === 0 ? "as" : "than"} ${rival} (${range ?? ""}${pValueText(test)}): ` +
    "that compares two models, one training of each, not two recipes."
  );
}
