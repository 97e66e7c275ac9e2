/** What was found out about the judged images, in lines for a terminal. */
import { printableLine } from "../../text/printable.ts";
import type { JudgedCheck, SeenCounts } from "./judged-check.ts";

/** Left-out images that are named one by one. */
const named = 5;

const images = (count: number): string => (count === 1 ? "1 image" : `${count} images`);

/** Such as `2 by content, 1 by lesion`; empty where all counts are 0. */
const inWords = (counts: SeenCounts): string =>
  (["content", "lesion", "patient"] as const)
    .flatMap((kind) => (counts[kind] > 0 ? [`${counts[kind]} by ${kind}`] : []))
    .join(", ");

/** Says what was judged although it was seen, what was left out, and what nobody knows. */
export function checkLines(
  { comparedBy, seen, leftOut, leftOutImages, newImages, otherLabels }: JudgedCheck,
  protocol: string,
): string[] {
  const [judged, avoided] = [inWords(seen), inWords(leftOut)];
  const names = leftOutImages.slice(0, named).map(({ path, reason }) => printableLine(`  ${path}: ${reason}`));
  const asPublished =
    protocol === "official" ? " (a published test is judged as it is; the protocol clean leaves them out)" : "";
  const more = leftOutImages.length - named;
  return [
    ...(comparedBy.length === 0
      ? ["nothing tells which images the model was trained on: these may be among them"]
      : []),
    ...(judged === "" ? [] : [`judged although they stand in training: ${judged}${asPublished}`]),
    ...(avoided === "" ? [] : [`not judged, because they stand in training: ${avoided}`]),
    ...(leftOut.missing === 0
      ? []
      : [`not judged, because missing, changed or unreadable: ${images(leftOut.missing)}`]),
    ...names,
    ...(more > 0 ? [`  and ${more} more, all of them in the JSON`] : []),
    ...(newImages === 0
      ? []
      : [
          `not judged, because the run did not use them (new, unreadable, or left out by its plan or map): ` +
            `${images(newImages)}; --protocol external judges those that it can`,
        ]),
    ...(otherLabels === 0
      ? []
      : [`judged by the class that they had in the run, not by that of their folder: ${images(otherLabels)}`]),
  ];
}
