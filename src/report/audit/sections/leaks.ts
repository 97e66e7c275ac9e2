/** Test images that a model has seen in training, as files, as lesions or as near duplicates. */
import type { Audit } from "../../../audit/findings.ts";
import { plural } from "../../../text/numbers.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { moreHtml, type PictureOf, pairHtml, pairsHtml } from "../audit-pictures.ts";
import { unknownWhy } from "../audit-words.ts";

/** Lesions that are shown with pictures. */
const mostPictures = 12;

function summaryHtml(audit: Audit): Html {
  const { counts } = audit;
  const unknown = unknownWhy(audit, "lesion");
  const patients = counts.patientsAcrossSplits;
  return html`<p>${plural(counts.testImagesInTrain, "test image")} ${counts.testImagesInTrain === 1 ? "is" : "are"} also in Train, byte for byte.
${plural(counts.testImagesOfTrainLesions, "further test image")} ${counts.testImagesOfTrainLesions === 1 ? "shows" : "show"} a lesion of which Train has another photograph${unknown !== undefined && ` (${unknown}, so there may be more)`}.
${plural(counts.testImagesAlikeInTrain, "further test image")} ${counts.testImagesAlikeInTrain === 1 ? "has" : "have"} a near duplicate in Train.
The protocol <code>clean</code> leaves all of these out and tests on the remaining <b>${counts.cleanTestImages}</b>.
${patients > 0 && `${plural(patients, "patient")} ${patients === 1 ? "has" : "have"} images in both Train and Test.`}
${audit.splitDrawn && "The folder has no Test folder, so naevus drew this split."}</p>`;
}

/** The section's body. */
export async function leaksHtml(audit: Audit, picture: PictureOf): Promise<HtmlValue> {
  const { counts, lesionsAcrossSplits: lesions } = audit;
  const figures: Html[] = [];
  for (const { id, files } of lesions.slice(0, mostPictures)) {
    const [train, test] = (["train", "test"] as const).map((split) => files.find((file) => file.split === split)!);
    figures.push(await pairHtml(train!, test!, `lesion ${id}, ${plural(files.length, "image")}`, picture));
  }
  return [
    summaryHtml(audit),
    figures.length > 0 && html`<h3>${plural(counts.lesionsAcrossSplits, "lesion")} in both Train and Test</h3>`,
    pairsHtml(figures),
    moreHtml(figures.length, lesions.length),
  ];
}
