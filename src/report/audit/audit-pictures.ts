/** How the audit's page shows images: one beside another, with where each stands. */
import type { Place } from "../../audit/findings.ts";
import { aside, imageHtml } from "../html/components.ts";
import { type Html, type HtmlValue, html } from "../html/html.ts";

/** Gives a small picture of a file as a `data:` address, undefined where it cannot be read; none on a page without pictures. */
export type PictureOf = ((path: string) => Promise<string | undefined>) | undefined;

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The picture of a file; nothing on a page without pictures. */
export async function filePictureHtml(path: string, picture: PictureOf): Promise<Html | undefined> {
  if (picture === undefined) return undefined;
  const source = await picture(path);
  return source === undefined ? html`<span class="quiet">no picture: ${nameOf(path)}</span>` : imageHtml(source, path);
}

/** The class, split and name of a file. */
export const placeHtml = ({ path, class: name, split }: Place): Html =>
  html`<b>${name}</b>, ${split}<br><span title="${path}">${nameOf(path)}</span>`;

/** Two files side by side, with a note below. */
export async function pairHtml(first: Place, second: Place, note: HtmlValue, picture: PictureOf): Promise<Html> {
  const side = async (place: Place): Promise<Html> =>
    html`<div>${await filePictureHtml(place.path, picture)}<figcaption>${placeHtml(place)}</figcaption></div>`;
  return html`<figure><div class="pair">${await side(first)}
${await side(second)}</div><figcaption>${note}</figcaption></figure>`;
}

/** Pairs of files beside each other. */
export const pairsHtml = (figures: readonly Html[]): Html | false =>
  figures.length > 0 && html`<div class="pictures pairs">${figures}</div>`;

/** Says how many of the findings are shown, where not all are. */
export const moreHtml = (shown: number, all: number): Html | false =>
  all > shown && aside(`The page shows ${shown} of ${all}; audit.json lists them all.`);
