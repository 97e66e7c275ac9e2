/** A network drawn as SVG: its layers from the image to the logits, in columns, with branches, shapes and parameters. */

import { createHash } from "node:crypto";
import { formatShape } from "../../network/shape.ts";
import type { NetworkSummary } from "../../network/summary.ts";
import { count, magnitude } from "../../text/numbers.ts";
import { shorten } from "../../text/text-table.ts";
import { html } from "../html/html.ts";
import { type Block, type Part, partsOf } from "./diagram-parts.ts";
import { type Placed, placeSequence, toNextColumn } from "./place-parts.ts";

/** In a page a drawing takes the page's text colour; a file of its own has its own colours, light and dark. */
export interface NetworkDrawing {
  /** Default `file`. */
  readonly place?: "file" | "page";
}

const font = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";
const [margin, headHeight, between, edge] = [16, 46, 40, 26] as const;

/** What a drawing's columns should come to: width over height, the least height, and the most width. */
const [aspect, leastHeight, mostWidth] = [1.35, 640, 1200] as const;

const ownColours = `svg{color:#22201d;background:#fdfcfa}@media (prefers-color-scheme:dark){svg{color:#ece7df;background:#191715}}`;

/** The image at the beginning and the logits at the end. */
const end = (title: string, shape: readonly number[]): Block => ({
  kind: "block",
  role: "other",
  title,
  notes: [],
  parameters: 0,
  layers: 0,
  shape,
  tip: [title],
});

/** In words, for those who cannot see it. */
function description({ input, classes, layers, totals }: NetworkSummary): string {
  const kinds = layers.map(({ kind }) => kind);
  const of = (kind: string) => kinds.filter((one) => one === kind).length;
  const forks = [`${of("residual")} residual`, `${of("gate")} gates`, `${of("concatenate")} concatenations`].filter(
    (text) => !text.startsWith("0 "),
  );
  return (
    `A network for images of ${formatShape(input)} and ${count(classes)} classes: ${count(layers.length)} layers in a row` +
    `${forks.length > 0 ? `, of them ${new Intl.ListFormat("en").format(forks)}` : ""}; ${count(totals.trainable + totals.otherParameters)} parameters, ` +
    `${magnitude(totals.flops)}FLOP for an image forward.`
  );
}

/** Parts in columns of about the same height, none of them divided. */
function inColumns(parts: readonly Part[], whole: Placed, heights: readonly number[]): readonly (readonly Part[])[] {
  const width = whole.left + whole.right + between;
  const wanted = Math.round(Math.sqrt((aspect * whole.height) / width));
  const columns = whole.height <= leastHeight ? 1 : Math.max(1, Math.min(wanted, Math.floor(mostWidth / width)));
  const target = whole.height / columns;
  const result: Part[][] = [[]];
  let height = 0;
  parts.forEach((part, i) => {
    const own = heights[i]! + edge;
    const isFull = result.at(-1)!.length > 0 && height + own / 2 > target;
    if (isFull && result.length < columns) {
      result.push([]);
      height = 0;
    }
    result.at(-1)!.push(part);
    height += own;
  });
  return result;
}

/**
 * Draws a network as SVG text: blocks from the image to the logits, the branches of layers that hold others beside each other, shapes on
 * the lines between blocks, and parameters. What repeats is drawn once with its number; a network too long to be read is shortened in its
 * middle, so that the size of the drawing is bounded. The same summary gives the same text.
 */
export function drawNetwork(summary: NetworkSummary, { place = "file" }: NetworkDrawing = {}): string {
  const { name, input, classes, layers, totals } = summary;
  const parts: readonly Part[] = [
    end(`image ${formatShape(input)}`, input),
    ...partsOf(layers),
    end(`logits of ${count(classes)} ${classes === 1 ? "class" : "classes"}`, [classes]),
  ];
  const whole = placeSequence(parts);
  const heights = parts.map((part) => placeSequence([part]).height);
  const columns = inColumns(parts, whole, heights);
  const placed = columns.map((column) => placeSequence(column));
  const title = shorten(name, 60);
  const line = `${count(totals.trainable + totals.otherParameters)} parameters, ${magnitude(totals.flops)}FLOP an image`;
  const top = margin + headHeight + edge;
  let right = margin - between;
  const axes = placed.map((column) => {
    const axis = right + between + column.left;
    right = axis + column.right;
    return axis;
  });
  const width = Math.ceil(Math.max(right, margin + title.length * 10, margin + line.length * 7) + margin);
  const height = Math.ceil(top + Math.max(...placed.map((column) => column.height)) + edge + margin);
  const body = placed.map((column, i) => {
    const x = axes[i + 1];
    const after =
      x !== undefined &&
      toNextColumn(axes[i]!, top + column.height, x - placed[i + 1]!.left - between / 2, top - edge, {
        x,
        to: top,
        shape: formatShape(columns[i]!.at(-1)!.shape),
      });
    return html`${column.draw(axes[i]!, top)}${after}`;
  });
  const id = createHash("sha256").update(JSON.stringify(summary)).digest("hex").slice(0, 8);
  return html`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title-${id} words-${id}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${font}" fill="currentColor">
<title id="title-${id}">${`Network ${title}`}</title>
<desc id="words-${id}">${description(summary)}</desc>
${place === "file" && html`<style>${ownColours}</style>\n`}<text x="${margin}" y="${margin + 16}" font-size="17" font-weight="700">${title}</text>
<text x="${margin}" y="${margin + 35}" font-size="12" fill-opacity="0.8">${line}</text>
${body}</svg>
`.text;
}
