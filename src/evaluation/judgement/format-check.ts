/** What a check of the judged images found, as lines for a terminal. */
import { plural } from "../../text/numbers.ts";
import { printableLine } from "../../text/printable.ts";
import type { JudgedCheck, SeenCounts } from "./judged-check.ts";

/** Left-out images that are named one by one. */
const named = 5;

const images = (count: number): string => plural(count, "image");

/** Such as `2 by content, 1 by lesion`; empty where all counts are 0. */
const inWords = (counts: SeenCounts): string =>
  (["content", "lesion", "patient"] as const)
    .flatMap((kind) => (counts[kind] > 0 ? [`${counts[kind]} by ${kind}`] : []))
    .join(", ");

/** Says which images were judged although they were seen in training, which were left out, and what is unknown. */
export function checkLines(
  { comparedBy, seen, leftOut, leftOutForAncestors, leftOutImages, newImages, otherLabels }: JudgedCheck,
  protocol: string,
): string[] {
  const [judged, avoided] = [inWords(seen), inWords(leftOut)];
  const byAncestors = leftOutForAncestors ? inWords(leftOutForAncestors) : "";
  const names = leftOutImages.slice(0, named).map(({ path, reason }) => printableLine(`  ${path}: ${reason}`));
  const asPublished =
    protocol === "official"
      ? " (this protocol keeps the test set as published; the protocol clean leaves them out)"
      : "";
  const more = leftOutImages.length - named;
  return [
    ...(comparedBy.length === 0 ? ["the model's training images are unknown, so these images may be among them"] : []),
    ...(judged === "" ? [] : [`judged although seen in training: ${judged}${asPublished}`]),
    ...(avoided === "" ? [] : [`not judged, because seen in training: ${avoided}`]),
    ...(byAncestors === ""
      ? []
      : [`not judged, because an earlier model that this one went on from was trained on them: ${byAncestors}`]),
    ...(leftOut.missing === 0
      ? []
      : [`not judged, because missing, changed or unreadable: ${images(leftOut.missing)}`]),
    ...names,
    ...(more > 0 ? [`  and ${more} more; the JSON lists all of them`] : []),
    ...(newImages === 0
      ? []
      : [
          `not judged, because the run did not use them (new, unreadable, or left out by its plan or map): ` +
            `${images(newImages)}; --protocol external judges those that it can`,
        ]),
    ...(otherLabels === 0
      ? []
      : [`judged by the class that they had in the run, not by their folder's: ${images(otherLabels)}`]),
  ];
}
