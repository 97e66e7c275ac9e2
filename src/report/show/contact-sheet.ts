/** Pictures in rows as one drawing: a sample of every class, or images side by side. */
import { type Html, html } from "../html/html.ts";

/** A picture as a `data:` address, with a line below it. */
export interface SheetCell {
  readonly picture: string | undefined;
  readonly caption: string;
}

/** Cells under a heading; they wrap where they are too many for a row. */
export interface SheetRow {
  readonly title: string;
  readonly cells: readonly SheetCell[];
}

const gap = 8;
const captionHeight = 15;
const titleHeight = 28;
const font = html`font-family="system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"`;

/** Characters of a caption that fit below a picture. */
const shortened = (text: string, width: number): string => {
  const most = Math.floor(width / 5.4);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
};

/**
 * Draws rows of pictures as an SVG file that holds them all.
 *
 * @param options.size width and height of a picture
 * @param options.columns pictures side by side
 */
export function contactSheet(
  rows: readonly SheetRow[],
  { size, columns }: { readonly size: number; readonly columns: number },
): string {
  const parts: Html[] = [];
  const width = gap + columns * (size + gap);
  let y = gap;
  for (const { title, cells } of rows) {
    parts.push(
      html`<text x="${gap}" y="${y + 18}" ${font} font-size="15" font-weight="600" fill="#22201d">${title}</text>`,
    );
    y += titleHeight;
    cells.forEach(({ picture, caption }, i) => {
      const [x, top] = [gap + (i % columns) * (size + gap), y + Math.floor(i / columns) * (size + captionHeight + gap)];
      parts.push(
        picture === undefined
          ? html`<rect x="${x}" y="${top}" width="${size}" height="${size}" fill="#ddd7cd"/>`
          : html`<image x="${x}" y="${top}" width="${size}" height="${size}" href="${picture}"/>`,
        html`<text x="${x}" y="${top + size + 11}" ${font} font-size="10" fill="#6b655d">${shortened(caption, size)}</text>`,
      );
    });
    y += Math.ceil(cells.length / columns) * (size + captionHeight + gap) + gap;
  }
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}"><rect width="100%" height="100%" fill="#ffffff"/>${parts}</svg>\n`
    .text;
}
