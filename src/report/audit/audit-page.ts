/** `audit.html`: an audit as one page that needs nothing else. */
import type { Audit } from "../../audit/findings.ts";
import { count } from "../../text/numbers.ts";
import { type Card, cards, paragraph } from "../html/components.ts";
import { type HtmlValue, html } from "../html/html.ts";
import { htmlPage } from "../html/page.ts";
import type { PictureOf } from "./audit-pictures.ts";
import { curatedNote } from "./audit-words.ts";
import { classesHtml } from "./sections/classes.ts";
import { duplicatesHtml } from "./sections/duplicates.ts";
import { filesHtml } from "./sections/files.ts";
import { labelsHtml } from "./sections/labels.ts";
import { leaksHtml } from "./sections/leaks.ts";
import { sourcesHtml } from "./sections/sources.ts";

const card = (value: number, text: string, kind: Card["kind"] = value > 0 ? "bad" : "good"): Card => ({
  value: count(value),
  text,
  kind: kind!,
});

const countsOf = ({ counts }: Audit): readonly Card[] => [
  card(counts.images, "image files", "plain"),
  card(counts.contents, "distinct images", "plain"),
  card(counts.unreadable, "unreadable files"),
  card(counts.labelConflicts, "images with two labels"),
  card(counts.metadataDisagreements, "labels that the diagnosis contradicts"),
  card(counts.testImagesInTrain, "test images that are also in Train"),
  card(counts.testImagesOfTrainLesions, "further test images whose lesion is in Train"),
  card(counts.testImagesAlikeInTrain, "further test images with a near duplicate in Train"),
  card(counts.nearDuplicatePairs, "near-duplicate pairs"),
  card(counts.cleanTestImages, "clean test images", "good"),
];

const leadOf = (audit: Audit, pictures: boolean): HtmlValue => [
  html`<p class="quiet">fingerprint ${audit.fingerprint.slice(0, 16)}${audit.origin === "phantom" && html`; <b>phantom data</b>, which show no real skin`}${audit.curation && `; ${curatedNote(audit)}`}</p>`,
  !pictures && paragraph("This page has no pictures (--no-images); it names the files instead."),
  cards(countsOf(audit)),
];

/** The page. `gallery` gives for each class some images, by path; without `picture` the page names files instead of showing them. */
export async function auditPage(
  audit: Audit,
  { gallery, picture }: { readonly gallery: readonly (readonly string[])[]; readonly picture: PictureOf },
): Promise<string> {
  return htmlPage({
    title: `Audit of ${audit.name}`,
    lead: leadOf(audit, picture !== undefined),
    sections: [
      { id: "labels", title: "Contradicting labels", shortTitle: "Labels", body: await labelsHtml(audit, picture) },
      {
        id: "leaks",
        title: "Test images seen in training",
        shortTitle: "Leaks",
        body: await leaksHtml(audit, picture),
      },
      { id: "duplicates", title: "Duplicates", body: await duplicatesHtml(audit, picture) },
      { id: "classes", title: "Classes", body: await classesHtml(audit, gallery, picture) },
      {
        id: "sources",
        title: "Sources: what tells a class without a look at the lesion",
        shortTitle: "Sources",
        body: await sourcesHtml(audit),
      },
      { id: "files", title: "Files and outliers", body: await filesHtml(audit, picture) },
    ],
  });
}
