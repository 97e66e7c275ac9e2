/** Questions with two answers that a classifier of lesions is asked: is it melanoma, is it malignant? */

import { EvaluationError } from "../../errors.ts";
import { nameList } from "../../text/name-list.ts";

/** Some classes against all others; the score is the sum of their probabilities. */
export interface Question {
  readonly name: string;
  /** The classes looked for, by name. */
  readonly positive: readonly string[];
}

/** As classes are named in the ISIC Archive and, in short, in the ISIC 2018 and 2019 challenges. */
const melanoma = ["melanoma", "mel"];
const carcinomas = ["basal cell carcinoma", "bcc", "squamous cell carcinoma", "scc"];

/** Folder names differ in case and in how they join words. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[\s_-]+/g, " ")
    .trim();

/**
 * The questions that the names of the classes allow: melanoma against the rest; malignant (a class of that name, melanoma, basal and squamous cell
 * carcinoma) against benign. None for classes without these names.
 *
 * Actinic keratosis is pre-malignant: it can become squamous cell carcinoma but is none, so it counts with the benign classes
 * here. Whoever wants it found names it among the positive classes of a question of their own; HAM10000's `akiec` holds
 * intraepithelial carcinoma besides and is left to the caller for the same reason.
 */
export function lesionQuestions(classes: readonly string[]): readonly Question[] {
  const named = (names: readonly string[]) => classes.filter((name) => names.includes(plain(name)));
  const malignant = named([...melanoma, ...carcinomas, "malignant"]);
  return [
    { name: "melanoma against the rest", positive: named(melanoma) },
    { name: "malignant against benign", positive: malignant },
  ].filter(({ positive }) => positive.length > 0 && positive.length < classes.length);
}

/**
 * For every class whether the question looks for it. Throws {@link EvaluationError} where a named class does not exist, or where
 * the classes looked for are none or all.
 */
function positiveClasses({ name, positive }: Question, classes: readonly string[]): readonly boolean[] {
  const unknown = positive.find((wanted) => !classes.includes(wanted));
  if (unknown !== undefined) {
    throw new EvaluationError(
      `question "${name}": no class is named "${unknown}"; the classes are ${nameList(classes)}`,
    );
  }
  const flags = classes.map((own) => positive.includes(own));
  if (!flags.includes(true) || !flags.includes(false)) {
    throw new EvaluationError(
      `question "${name}": expected some of the classes to look for, got ${flags.includes(true) ? "all" : "none"}`,
    );
  }
  return flags;
}

/** Truth and score of every image for one question. */
export interface QuestionScores {
  /** For every image whether it is of a class looked for. */
  readonly positive: readonly boolean[];
  /** For every image the sum of the probabilities of the classes looked for. */
  readonly scores: Float64Array;
}

/** Scores the images for a question. Throws {@link EvaluationError} as `positiveClasses` does. */
export function answersTo(
  question: Question,
  {
    classes,
    truth,
    probabilities,
  }: { readonly classes: readonly string[]; readonly truth: ArrayLike<number>; readonly probabilities: Float32Array },
): QuestionScores {
  const flags = positiveClasses(question, classes);
  const scores = new Float64Array(truth.length);
  for (let image = 0; image < truth.length; image++) {
    flags.forEach((flag, index) => {
      if (flag) scores[image]! += probabilities[image * classes.length + index]!;
    });
  }
  return { positive: Array.from(truth, (label) => flags[label]!), scores };
}
