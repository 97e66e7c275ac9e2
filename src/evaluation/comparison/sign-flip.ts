/** The exact test of a paired difference whose parts come in groups: could each group's have had the other sign? */
import { EvaluationError } from "../../errors.ts";

/**
 * The two-sided p-value of the sign-flip test (Fisher 1935, "The design of experiments"), exact: the part of all choices of signs
 * for the groups' differences whose sum is at least as far from 0 as that of the data. If two classifiers are alike, exchanging
 * them in a group changes nothing, so that each choice is as likely. The images of a group may depend on each other in any way.
 *
 * Where every difference is -1, 0 or 1 this is McNemar's exact test (1947).
 * Throws {@link EvaluationError} for differences that are no whole numbers.
 *
 * @param differences by group, images that only the first classifier has right, less images that only the second has right
 */
export function signFlip(differences: readonly number[]): number {
  const odd = differences.find((difference) => !Number.isInteger(difference));
  if (odd !== undefined) throw new EvaluationError(`signFlip: expected whole numbers of images, got ${odd}`);
  const sizes = differences.map(Math.abs).filter((size) => size > 0);
  const most = sizes.reduce((total, size) => total + size, 0);
  const observed = Math.abs(differences.reduce((total, difference) => total + difference, 0));
  // The probability of each sum from -reach to reach, of the groups so far; sum 0 stands at `most`.
  let chances = new Float64Array(2 * most + 1);
  let next = new Float64Array(2 * most + 1);
  chances[most] = 1;
  let reach = 0;
  for (const size of sizes) {
    next.fill(0);
    for (let sum = most - reach; sum <= most + reach; sum++) {
      next[sum - size]! += chances[sum]! / 2;
      next[sum + size]! += chances[sum]! / 2;
    }
    reach += size;
    [chances, next] = [next, chances];
  }
  let tails = 0;
  for (let sum = observed; sum <= most; sum++) tails += chances[most + sum]! + (sum === 0 ? 0 : chances[most - sum]!);
  return Math.min(1, tails);
}
