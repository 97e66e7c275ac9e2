/** What is known of which images show one lesion, and so what may be said of images that were kept apart or together. */
import { count, list, plural } from "./notation.ts";

/** What ties the images of a data set together. */
export interface Knowledge {
  /** What images of one group share, as protocols name it: content, ISIC id, lesion, patient, curation plan, near duplicates. */
  readonly groupedBy: readonly string[];
  /** Images of the curated data whose lesion the metadata tell. */
  readonly lesionsKnown: number;
  /** Images that the curation plan puts into groups. */
  readonly grouped: number;
  readonly images: number;
}

/** What ties images together, each as it stands after "no". */
function ties({ groupedBy, lesionsKnown, grouped, images }: Knowledge): string[] {
  const lesions = groupedBy.includes("lesion") && lesionsKnown > 0;
  return [
    "content",
    ...(lesions ? [lesionsKnown < images ? "known lesion" : "lesion"] : []),
    ...(groupedBy.includes("patient") ? ["known patient"] : []),
    ...(groupedBy.some((name) => name.startsWith("near duplicate")) ? ["near duplicate"] : []),
    // A plan's groups are mostly lesions and near duplicates by another name.
    ...(grouped > 0 && !lesions ? ["group of the curation plan"] : []),
  ];
}

/** What test images do not share with training images, such as "no content and no known lesion". */
export const nothingShared = (known: Knowledge): string => list(ties(known).map((tie) => `no ${tie}`));

/** What stands on one side of every division, such as "identical images and known lesions". */
export const keptTogether = (known: Knowledge): string =>
  list(
    ties(known).map(
      (tie) =>
        ({ content: "identical images", "group of the curation plan": "groups of the curation plan" })[tie] ??
        `${tie}s`,
    ),
  );

/** What is not known of lesions, as a sentence; undefined where the lesion of every image is known. */
export function unknownLesions({ groupedBy, lesionsKnown, images }: Knowledge): string | undefined {
  const known = groupedBy.includes("lesion") ? lesionsKnown : 0;
  if (known === images) return undefined;
  const without =
    known === 0
      ? "The metadata do not say which images show the same lesion"
      : `The lesion of ${count(images - known)} of ${plural(images, "image")} is unknown`;
  return `${without}, so photographs of one lesion may lie on both sides of a split, which makes figures too high.`;
}
