/** How many images each class has, before and after curation, and what they look like. */

import { type ClassCounts, largestClasses } from "../../../audit/distribution.ts";
import type { Audit } from "../../../audit/findings.ts";
import { nameList } from "../../../text/name-list.ts";
import { chartFigures } from "../../charts/chart-figure.ts";
import { aside, disclosure, tableHtml } from "../../html/components.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { distributionChart } from "../audit-charts.ts";
import { filePictureHtml, moreHtml, type PictureOf } from "../audit-pictures.ts";

/** Classes that the page shows, those with the most images. */
const mostClasses = 60;
/** Pictures of each class. */
const mostPictures = 8;

/** The classes that the page shows, as indices. */
export const shownClasses = ({ distribution }: Audit): readonly number[] =>
  largestClasses(distribution.all.counts, mostClasses);

/** A table's rows: the images of each class by each of some countings. */
function rowsOf(audit: Audit, countings: readonly ClassCounts[]): (string | number | null)[][] {
  return [
    ...shownClasses(audit).map((label) => [audit.classes[label]!, ...countings.map(({ counts }) => counts[label]!)]),
    ["largest : smallest", ...countings.map(({ imbalanceRatio }) => imbalanceRatio?.toFixed(1) ?? null)],
  ];
}

function distributionFigure(audit: Audit): Promise<Html> {
  const { distribution, curated } = audit;
  const countings = [
    { ...distribution.all, name: "as found" },
    { ...curated.all, name: "after curation" },
  ];
  const named = [...distribution.splits, { ...distribution.all, name: "all" }, countings[1]!];
  return chartFigures([
    {
      title: "Images by class",
      alt: "Images by class, before and after curation; the table holds the counts.",
      spec: distributionChart(audit.classes, countings),
      table: { columns: ["Class", ...named.map(({ name }) => name)], rows: rowsOf(audit, named) },
    },
  ]);
}

async function galleriesHtml(
  audit: Audit,
  gallery: readonly (readonly string[])[],
  picture: PictureOf,
): Promise<HtmlValue> {
  if (picture === undefined) return undefined;
  const galleries: Html[] = [];
  for (const label of shownClasses(audit)) {
    const figures: Html[] = [];
    for (const path of gallery[label]!.slice(0, mostPictures)) {
      figures.push(html`<figure>${await filePictureHtml(path, picture)}</figure>`);
    }
    galleries.push(html`<h4>${audit.classes[label]}</h4><div class="pictures">${figures}</div>`);
  }
  return [html`<h3>Examples</h3>`, aside("They are drawn at random."), galleries];
}

/** The section's body. `gallery` holds the paths of some images of each class. */
export async function classesHtml(
  audit: Audit,
  gallery: readonly (readonly string[])[],
  picture: PictureOf,
): Promise<HtmlValue> {
  const { classesLeftOut } = audit.curated;
  const by = Object.entries(audit.distribution.by).map(([field, countings]) =>
    disclosure(
      `By ${field}`,
      tableHtml({ columns: ["Class", ...countings.map(({ name }) => name)], rows: rowsOf(audit, countings) }),
    ),
  );
  return [
    html`<p>The default curation counts duplicates once, and settles contradicting labels by the diagnosis or leaves them out.
${classesLeftOut.length > 0 && html`It leaves out <b>${nameList(classesLeftOut)}</b>, of which almost no image remains.`}</p>`,
    moreHtml(shownClasses(audit).length, audit.classes.length),
    await distributionFigure(audit),
    by,
    await galleriesHtml(audit, gallery, picture),
  ];
}
