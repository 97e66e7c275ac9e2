/** Files that cannot be read or are odd, and images unlike all others. */

import { oddities } from "../../../audit/file-findings.ts";
import type { Audit, OutlierImage } from "../../../audit/findings.ts";
import { someProblems } from "../../../dataset/some-problems.ts";
import { plural } from "../../../text/numbers.ts";
import { aside, paragraph, tableHtml } from "../../html/components.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { filePictureHtml, moreHtml, type PictureOf, placeHtml } from "../audit-pictures.ts";

/** Outliers that are shown with pictures. */
const mostPictures = 24;
/** Files of a kind that are listed. */
const mostListed = 30;

/** A heading and a table of files with what is said of each. */
function listHtml<Found extends { readonly path: string }>(
  title: string,
  found: readonly Found[],
  what: (one: Found) => string,
  shown: readonly Found[] = found.slice(0, mostListed),
): HtmlValue {
  return (
    found.length > 0 && [
      html`<h3>${title}</h3>`,
      tableHtml({ columns: ["File", "Finding"], rows: shown.map((one) => [one.path, what(one)]) }),
      moreHtml(mostListed, found.length),
    ]
  );
}

async function outliersHtml(audit: Audit, picture: PictureOf): Promise<HtmlValue> {
  const byPath = new Map<string, OutlierImage[]>();
  for (const one of audit.outliers) byPath.set(one.path, [...(byPath.get(one.path) ?? []), one]);
  const figures: Html[] = [];
  for (const [path, own] of [...byPath].slice(0, mostPictures)) {
    const why = own.map(
      ({ what, value, score }) => `${what} ${value.toFixed(1)} (${score > 0 ? "+" : ""}${score.toFixed(1)})`,
    );
    figures.push(
      html`<figure>${await filePictureHtml(path, picture)}<figcaption>${placeHtml(own[0]!)}<br>${why.join("; ")}</figcaption></figure>`,
    );
  }
  return [
    html`<h3>${plural(audit.counts.outliers, "outlier")}</h3>`,
    aside(`The rule: ${audit.outlierRule}. In brackets: the distance in robust standard deviations.`),
    html`<div class="pictures">${figures}</div>`,
    moreHtml(figures.length, byPath.size),
  ];
}

/** The section's body. */
export const filesHtml = async (audit: Audit, picture: PictureOf): Promise<HtmlValue> => [
  audit.unreadable.length === 0 && paragraph("Every file can be read."),
  listHtml(plural(audit.unreadable.length, "unreadable file"), audit.unreadable, ({ message }) => message),
  listHtml("Remarks on the folder", audit.leftOut, ({ message }) => message, someProblems(audit.leftOut, mostListed)),
  Object.entries(audit.oddities).map(([kind, found]) =>
    listHtml(`${plural(found.length, "file")}: ${oddities[kind as keyof typeof oddities]}`, found, ({ what }) => what),
  ),
  await outliersHtml(audit, picture),
];
