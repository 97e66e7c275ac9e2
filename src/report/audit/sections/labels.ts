/** Labels that contradict each other, and labels that the metadata's diagnosis contradicts. */
import type { Audit, ExactDuplicate } from "../../../audit/findings.ts";
import { nameList } from "../../../text/name-list.ts";
import { plural } from "../../../text/numbers.ts";
import { paragraph, tableHtml, tag } from "../../html/components.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { moreHtml, type PictureOf, pairHtml, pairsHtml } from "../audit-pictures.ts";
import { classPair, tally, unknownWhy } from "../audit-words.ts";

/** Conflicts that are shown with pictures. */
const mostPictures = 24;
/** Pairs of classes, or of a class and a diagnosis, that are listed. */
const mostPairs = 100;

/** The first of each kind in turn, so that a few pictures show every kind. */
function varied<Item>(items: readonly Item[], kindOf: (item: Item) => string, limit: number): Item[] {
  const kinds = new Map<string, Item[]>();
  for (const item of items) kinds.set(kindOf(item), [...(kinds.get(kindOf(item)) ?? []), item]);
  const result: Item[] = [];
  for (let round = 0; result.length < Math.min(limit, items.length); round++) {
    for (const own of kinds.values()) if (own[round] !== undefined && result.length < limit) result.push(own[round]!);
  }
  return result;
}

function conflictHtml({ files, diagnosis, leak }: ExactDuplicate, picture: PictureOf): Promise<Html> {
  const other = files.find((file) => file.class !== files[0]!.class)!;
  const note = html`${leak && html`${tag("leak")} `}${diagnosis !== undefined && `diagnosis: ${diagnosis}`}`;
  return pairHtml(files[0]!, other, note, picture);
}

async function conflictsHtml(audit: Audit, picture: PictureOf): Promise<HtmlValue> {
  const all = audit.exactDuplicates.filter(({ labelConflict }) => labelConflict);
  if (all.length === 0) return paragraph("No image has two labels.");
  const shown = varied(all, ({ files }) => classPair(files), mostPictures);
  const figures: Html[] = [];
  for (const one of shown) figures.push(await conflictHtml(one, picture));
  const pairs = tally(all.map(({ files }) => classPair(files)));
  return [
    paragraph(
      `${plural(all.length, "image")} ${all.length === 1 ? "has" : "have"} more than one label: identical files lie in the folders of several classes. ` +
        "Whichever class a model predicts, one of the labels counts as an error, and in training the labels contradict each other.",
    ),
    tableHtml({ columns: ["Classes", "Images"], rows: pairs.slice(0, mostPairs) }, "Images with two labels"),
    moreHtml(mostPairs, pairs.length),
    pairsHtml(figures),
    moreHtml(shown.length, all.length),
  ];
}

function disagreementsHtml(audit: Audit): HtmlValue {
  const why = unknownWhy(audit, "diagnosis");
  if (why !== undefined) return paragraph(`Labels could not be compared with a diagnosis: ${why}.`);
  if (audit.disagreements.length === 0) return paragraph("No diagnosis contradicts a label.");
  const kinds = tally(
    audit.disagreements.map((one) => JSON.stringify([one.class, one.diagnosis, nameList(one.agreesWith)])),
  );
  const rows = kinds.slice(0, mostPairs).map(([key, count]) => {
    const [name = "", diagnosis = "", agrees] = JSON.parse(key) as string[];
    return [name, diagnosis, agrees || "no class here", count];
  });
  return [
    tableHtml(
      { columns: ["Label", "Diagnosis in the metadata", "Class of the diagnosis", "Images"], rows },
      "Labels that the diagnosis contradicts",
    ),
    moreHtml(mostPairs, kinds.length),
  ];
}

/** The section's body. */
export const labelsHtml = async (audit: Audit, picture: PictureOf): Promise<HtmlValue> => [
  await conflictsHtml(audit, picture),
  html`<h3>Labels and diagnoses</h3>`,
  disagreementsHtml(audit),
];
