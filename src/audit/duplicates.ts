/** Files of one content, and pairs that show one photograph. */
import { turnNames } from "../near-duplicates/registration.ts";
import type { SamePhotograph } from "../near-duplicates/same-photographs.ts";
import { type Examined, placeOf, spread } from "./examined.ts";
import type { ExactDuplicate, NearDuplicatePair } from "./findings.ts";

/** The contents that several files hold. */
export const exactDuplicatesOf = ({ dataset, survey, imagesOf, known }: Examined): ExactDuplicate[] =>
  imagesOf.flatMap((indices, content) => {
    if (indices.length < 2) return [];
    const diagnosis = known[indices[0]!]?.diagnosis;
    return [
      {
        sha256: survey.contents[content]!.sha256,
        files: indices.map((index) => placeOf(dataset, index)),
        ...spread(indices, dataset),
        ...(diagnosis !== undefined && { diagnosis }),
      },
    ];
  });

/** Two contents of one photograph, with the images that hold each. */
export interface PhotographPair extends SamePhotograph {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** Pairs of contents with their images, in the order of these. */
export function photographPairs(
  { survey, imagesOf }: Examined,
  pairs: readonly SamePhotograph[],
): readonly PhotographPair[] {
  const numbers = new Map(survey.contents.map(({ sha256 }, number) => [sha256, number]));
  return pairs
    .map((pair) => ({ ...pair, first: imagesOf[numbers.get(pair.a)!]!, second: imagesOf[numbers.get(pair.b)!]! }))
    .sort((one, other) => one.first[0]! - other.first[0]! || one.second[0]! - other.second[0]!);
}

/** The same image by image: every image of one content with every image of the other. */
export const imagePairs = (pairs: readonly PhotographPair[]): readonly (readonly [number, number])[] =>
  pairs.flatMap(({ first, second }) => first.flatMap((a) => second.map((b) => [a, b] as const)));

/** A pair as a finding. */
export function nearDuplicateOf(
  { first, second, registration, detail }: PhotographPair,
  { dataset, known }: Examined,
): NearDuplicatePair {
  const { images } = dataset;
  const lesions = [known[first[0]!]?.lesion, known[second[0]!]?.lesion];
  const [, width, shearX, , shearY, height] = registration.placement;
  return {
    a: placeOf(dataset, first[0]!),
    b: placeOf(dataset, second[0]!),
    turn: turnNames[registration.turn]!,
    shows: [Math.hypot(width, shearY), Math.hypot(height, shearX)],
    correlation: registration.correlation,
    detail,
    labelConflict: !first.some((i) => second.some((j) => images[i]!.label === images[j]!.label)),
    leak: first.some((i) => second.some((j) => images[i]!.split !== images[j]!.split)),
    ...(lesions.every((lesion) => lesion !== undefined) && { sameLesion: lesions[0] === lesions[1] }),
  };
}
