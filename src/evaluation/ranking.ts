/** Images sorted by a score, once, so that curves and areas of many resamples need only one pass each. */
import { EvaluationError } from "../errors.ts";

/** Images in falling order of score, with equal scores as one step: no order among them is meant. */
export interface Ranking {
  /** The images, highest score first. */
  readonly order: Uint32Array;
  /** 1 where the image at this place of `order` is positive, else 0. */
  readonly positive: Uint8Array;
  /** The distinct scores, falling. */
  readonly scores: Float64Array;
  /** For every distinct score, the place in `order` after its last image. */
  readonly ends: Uint32Array;
}

/** How often each image counts: 1 each in the data themselves, the number of draws in a resample. */
export type Counts = Uint32Array;

/**
 * Ranks images by `scores` (higher: more likely positive). Throws {@link EvaluationError} where lengths disagree or a score is
 * no finite number.
 */
export function rankImages(positive: ArrayLike<boolean | number>, scores: ArrayLike<number>): Ranking {
  if (positive.length !== scores.length) {
    throw new EvaluationError(
      `ranking: expected one score per image, got ${scores.length} for ${positive.length} images`,
    );
  }
  for (let image = 0; image < scores.length; image++) {
    if (!Number.isFinite(scores[image])) {
      throw new EvaluationError(`ranking: image ${image}: expected a finite score, got ${scores[image]}`);
    }
  }
  const order = Uint32Array.from({ length: scores.length }, (_, image) => image);
  order.sort((left, right) => scores[right]! - scores[left]!);
  const distinct: number[] = [];
  const ends: number[] = [];
  order.forEach((image, place) => {
    const score = scores[image]!;
    if (score === distinct.at(-1)) ends[ends.length - 1] = place + 1;
    else {
      distinct.push(score);
      ends.push(place + 1);
    }
  });
  return {
    order,
    positive: Uint8Array.from(order, (image) => (positive[image] ? 1 : 0)),
    scores: Float64Array.from(distinct),
    ends: Uint32Array.from(ends),
  };
}

/** Called after each step with all images so far, which a threshold at this step's score calls positive. */
export type VisitStep = (truePositives: number, falsePositives: number, step: number) => void;

/** Walks the distinct scores downwards; without `counts` every image counts once. Returns the totals. */
export function walkRanking(
  { order, positive, ends }: Ranking,
  counts: Counts | undefined,
  visit: VisitStep,
): { readonly positives: number; readonly negatives: number } {
  let truePositives = 0;
  let falsePositives = 0;
  let place = 0;
  for (let step = 0; step < ends.length; step++) {
    for (const end = ends[step]!; place < end; place++) {
      const count = counts === undefined ? 1 : counts[order[place]!]!;
      if (positive[place] === 1) truePositives += count;
      else falsePositives += count;
    }
    visit(truePositives, falsePositives, step);
  }
  return { positives: truePositives, negatives: falsePositives };
}
