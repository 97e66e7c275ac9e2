/** A network on a page: its drawing, and its layers as a table that is folded. */

import { formatShape } from "../../network/shape.ts";
import type { LayerSummary, NetworkSummary } from "../../network/summary.ts";
import { magnitude, plural } from "../../text/numbers.ts";
import { disclosure, paragraph, tableHtml } from "../html/components.ts";
import { Html, html } from "../html/html.ts";
import { drawNetwork } from "./draw-network.ts";

/** The most layers that the table has. */
const mostRows = 500;

const everyLayer = (layers: readonly LayerSummary[]): readonly LayerSummary[] =>
  layers.flatMap((layer) => [layer, ...layer.branches.flatMap((branch) => everyLayer(branch.layers))]);

/** The cells of a layer. What the layers in it have stands in their rows alone. */
function cells({ path, description, shape, trainable, otherParameters, flops, field, branches }: LayerSummary) {
  const [holdsOthers, parameters] = [branches.length > 0, trainable + otherParameters];
  return [
    `${path} ${description}`,
    formatShape(shape),
    holdsOthers ? null : parameters,
    holdsOthers ? null : magnitude(flops),
    field.share === 1 ? "all" : formatShape(field.size),
  ];
}

/** The drawing and the table of a network; `drawNetwork` escapes what it writes. */
export function networkFigure(summary: NetworkSummary): Html {
  const layers = everyLayer(summary.layers);
  const left = layers.length - mostRows;
  const columns = ["Layer", "Output", "Parameters", "FLOP", "Sees"];
  const table = tableHtml({ columns, rows: layers.slice(0, mostRows).map(cells) }, `The layers of ${summary.name}`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Drawing of the network">${new Html(
    drawNetwork(summary, { place: "page" }),
  )}</div>
${disclosure("All layers as a table", [
  paragraph(
    "FLOP is the arithmetic of the forward pass over one image. Sees is the height x width of the part of the image that the middle of the output depends on.",
  ),
  table,
  left > 0 && paragraph(`${plural(left, "more layer")}.`),
])}`;
}
